"""Samples on a GPU: each node copies its recorded states to buffers there, which are read back when they are full."""
from __future__ import annotations

import numpy as np

from .cuda_memory import DeviceMemory
from .layout import TAP, TAPPED, TAPS
from .plan import Plan
from .traces import Tap, make_traces

ROOM = 1 << 28                  # bytes of samples that the GPU holds


class DeviceTraces:
    """The buffers of a program's samples, and the records by which its kernels find them."""

    def __init__(self, plan: Plan, memory: DeviceMemory, state: list[list[np.ndarray]]) -> None:
        self.plan, self.memory, self.state = plan, memory, state
        self.device = memory.device
        each = sum(8.0 * len(s.nodes) * len(s.fields) / s.interval for s in plan.samplings)
        self.steps = int(min(max(ROOM / each, max(s.interval for s in plan.samplings)), 2**40)) if each else 2**40
        self.taps: list[Tap] = []
        self._numbers = [(s, j) for s in plan.samplings for j in s.fields]
        self._records = [memory.keep(np.zeros(sum(s.block is b for s, _ in self._numbers), TAP)) for b in plan.blocks]
        self._places: list[tuple[int, int]] = []                    # of each tap its block, and its number there
        for s, _ in self._numbers:
            b = plan.blocks.index(s.block)
            self._places.append((b, sum(place[0] == b for place in self._places)))
        self._out = [0] * len(self._numbers)                        # of each tap its buffer, and the rows that it holds
        self._room = [0] * len(self._numbers)

    def bind(self, b: int) -> int:
        """The address of a block's TAPS record; 0 where none of its nodes is sampled."""
        if not len(self._records[b]):
            return 0
        nodes, taps, columns = [], [], []
        for (s, _), (block, number) in zip(self._numbers, self._places):
            if block == b:
                nodes.append(s.nodes)
                taps.append(np.full(len(s.nodes), number))
                columns.append(np.arange(len(s.nodes)))
        node = np.concatenate(nodes)
        order = np.argsort(node, kind="stable")
        tapped = np.zeros(len(node), TAPPED)
        tapped["tap"], tapped["column"] = np.concatenate(taps)[order], np.concatenate(columns)[order]
        begins = np.searchsorted(node[order], np.arange(self.plan.blocks[b].size + 1)).astype(np.int64)
        record = np.zeros(1, TAPS)
        record[0] = (self.memory.at(begins), self.memory.at(tapped), self.memory.address(self._records[b]))
        return self.memory.at(record)

    def begin(self, step: int, end: int) -> dict[int, dict[str, np.ndarray]]:
        """The traces of a run, to be filled."""
        traces, self.taps = make_traces(self.plan, step, end)
        return traces

    def bind_taps(self, step: int, end: int) -> int:
        """Make the buffers ready for the samples from `step` on; returns how far they reach, `end` at most."""
        end = min(end, step + self.steps)
        for i, (tap, (b, number)) in enumerate(zip(self.taps, self._places)):
            s, source = tap.sampling, self.state[b][tap.state]
            first = tap.first + -(-max(step + 1 - tap.first, 0) // s.interval) * s.interval
            rows = max(0, (min(tap.last, end) - first) // s.interval + 1)
            if self._room[i] < rows:
                self.memory.release(self._out[i])
                self._room[i], self._out[i] = rows, self.memory.allocate(rows * len(s.nodes) * source.itemsize)
            self._records[b][number] = (self.memory.address(source), source.itemsize, 0, 0, len(s.nodes), self._out[i],
                                        len(s.nodes), s.interval, first, min(tap.last, end))
        for records in self._records:
            self.device.upload(self.memory.address(records), records)
        return end

    def take(self, step: int) -> None:
        """Read back the samples that were taken until `step`."""
        for tap, (b, number) in zip(self.taps, self._places):
            record, s = self._records[b][number], tap.sampling
            rows = max(0, (min(int(record["last"]), step) - int(record["first"])) // s.interval + 1)
            found = np.empty((rows, len(s.nodes)), tap.trace.dtype)
            self.device.download(int(record["out_at"]), found)
            row = (int(record["first"]) - tap.first) // s.interval
            tap.trace[row:row + rows, s.columns] = found
