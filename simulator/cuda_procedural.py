"""Procedural synapses on a GPU: which kernels draw them, and what these need there."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .compile import kernel
from .cuda_compile import CudaKernel, cuda_kernel, why_not
from .cuda_device import Launch
from .cuda_draws import ARRAY, make_add_rows, make_draw_each, make_draw_rows
from .cuda_memory import DeviceMemory
from .cuda_room import spike_room
from .draw import Drawing
from .errors import NotAvailable
from .layout import DRAWN, DRAWS, ROW, SPIKE, VALUES
from .native import address
from .plan import Plan, Procedure
from .row_kernels import find_longest_row
from .table_kernels import JOB
from .threads import cut, in_turns

POOL = 1 << 28                  # bytes of rows that are drawn before they are added


@dataclass
class Kind:
    """Procedures whose rows are drawn by the same kernels. longest, room: of the rows that go through the pool."""

    makers: list[tuple[Callable, tuple[Any, ...]]]
    members: list[Procedure] = field(default_factory=list)
    pooled: bool = False
    longest: int = 0
    room: int = 0
    places: int = 0
    workers: int = 0

    def kernels(self, ring_type: type, counted: bool) -> list[CudaKernel]:
        return [cuda_kernel(make(*given, ring_type, counted), variant=f"{ring_type.__name__} {counted}")
                for make, given in self.makers]


class DrawnOnDevice:
    """A plan's procedural synapses. Raises NotAvailable where a GPU cannot draw them; nbytes: what they need there."""

    def __init__(self, plan: Plan, device: Any) -> None:
        self.plan, self.device = plan, device
        found: dict[Any, Kind] = {}
        for p in plan.procedures:
            self._enter(p, found)
        self.kinds = list(found.values())
        self.spikes = spike_room(plan) if self.kinds else 0
        self.pool = max((self._share_out(kind) for kind in self.kinds if kind.pooled), default=0)
        listed = SPIKE.itemsize * self.spikes + sum(8 * (plan.n_nodes + 1) for _ in self.kinds)
        listed += sum(DRAWN.itemsize * len(p.nodes) for p in plan.procedures)
        self.nbytes = self.pool + listed + (plan.nbytes["procedures"] if self.kinds else 0)

    def _enter(self, p: Procedure, found: dict[Any, Kind]) -> None:
        """Sort a procedure into the kind of its kernels."""
        drawing, job = drawing_of(p), p.records[0][0]
        kinds = tuple(self._values(p, name, values) if wanted else None for name, values, wanted in (
            ("weight", drawing.weights, job["weight_kind"]), ("delay", drawing.delays, job["n_steps"] != job["constant_steps"]),
            ("receptor_type", drawing.receptors, job["receptors_at"])))
        prepared, rule = drawing.prepared, drawing.projection.rule
        row: Any = prepared.each or prepared.bare or rule.row
        if (row, kinds) not in found:
            if prepared.each is None:
                draw = prepared.bare or make_bare(row)
                kind = Kind([(make_draw_rows, (draw, kinds)), (make_add_rows, (kinds,))], pooled=True)
            else:
                kind = Kind([(make_draw_each, (prepared.each, kinds))])
            for each in kind.kernels(self.plan.ring_type, False):
                reason = why_not(each, self.device.capability)
                if reason:
                    raise NotAvailable(f"{of(p)}: {rule!r} cannot be compiled for a GPU, where no array can be made "
                                       f"({reason}): use comm='sparse' or backend='cpu'")
            found[row, kinds] = kind
        found[row, kinds].members.append(p)

    def _values(self, p: Procedure, name: str, values: np.ndarray | None) -> Any:
        """How weights, delays or receptors are made: see cuda_draws.value_functions."""
        assert values is not None
        if values[0]["kind"] == 4:
            raise NotAvailable(f"{of(p)}: {name} is an expression, which procedural synapses on a GPU cannot compute: use one "
                               f"distribution, comm='sparse' or backend='cpu'")
        return type(getattr(p.wire.projection, name)).sample if values[0]["kind"] == 1 else ARRAY

    def _share_out(self, kind: Kind) -> int:
        """How many rows the pool holds, and how many threads draw; returns its bytes."""
        drawings = {id(d): d for d in map(drawing_of, kind.members)}.values()
        kind.longest = max(longest_row(d, self.plan.threads) for d in drawings) + 1
        kind.room = max(1, *(d.prepared.room for d in drawings))
        width = 4 * kind.longest + 4
        kind.workers = int(max(1, min(1024 * self.device.processors, POOL // 2 // (width + 8 * kind.room))))
        kind.places = int(max(1, min(self.spikes * most_rows(kind.members, self.plan.n_nodes), POOL // 2 // width)))
        return (kind.places + kind.workers) * width + 8 * kind.room * kind.workers

    def bind(self, memory: DeviceMemory, part: Any) -> None:
        """Lay out the rows of all nodes, the pool, and the list of spikes."""
        if not self.kinds:
            return
        drawing = np.zeros(self.plan.n_nodes, np.uint8)
        self.records = [memory.keep(np.zeros(1, DRAWS)) for _ in self.kinds]
        pool = memory.allocate(self.pool)
        copies = Copies(memory)
        for kind, record in zip(self.kinds, self.records):
            nodes = np.concatenate([p.nodes for p in kind.members])
            drawing[nodes] = 1
            rows = np.zeros(len(nodes), DRAWN)
            rows["job_at"] = np.repeat([copies.job(p) for p in kind.members], [len(p.nodes) for p in kind.members])
            rows["row"] = np.concatenate([np.arange(len(p.nodes)) for p in kind.members])
            first = np.concatenate([[0], np.cumsum(np.bincount(nodes, minlength=self.plan.n_nodes))]).astype(np.int64)
            d = record[0]
            d["first_at"], d["rows_at"] = memory.at(first), memory.at(rows[np.argsort(nodes, kind="stable")])
            d["most"], d["width"] = np.diff(first).max(initial=0), kind.longest
            d["places"], d["workers"], d["room_words"], d["room_at"] = kind.places, kind.workers, kind.room, pool
            d["lengths_at"] = pool + 8 * kind.room * kind.workers
            d["pool_at"] = d["lengths_at"] + 4 * kind.places
        part["drawing_at"], part["drawn_at"] = memory.at(drawing), memory.allocate(SPIKE.itemsize * self.spikes)

    def launches(self, memory: DeviceMemory, part: int, run: int, counted: bool) -> list[Launch]:
        """Those of one slice; counted: of kernels that also count synaptic events."""
        items = 1024 * self.device.processors
        return [Launch(each, (memory.address(record), part, run), items, 1, "delivery")
                for kind, record in zip(self.kinds, getattr(self, "records", ()))
                for each in kind.kernels(self.plan.ring_type, counted)]


class Copies:
    """The kernels' records on a GPU: as those of the CPU, with the addresses there."""

    def __init__(self, memory: DeviceMemory) -> None:
        self.memory = memory
        self.known: dict[int, np.ndarray] = {}                      # records by address on the host

    def job(self, p: Procedure) -> int:
        """A procedure's JOB."""
        arrays = {address(a): a for owner in p.kept for a in owner.kept if isinstance(a, np.ndarray)}
        job = p.records[0].copy()
        for name in ("lane_at", "shifts_at"):
            job[0][name] = self.array(arrays, int(job[0][name]))
        job[0]["row_at"] = self.record(arrays, int(job[0]["row_at"]), ("words_at", "table_at"))
        for name in ("weights_at", "delays_at", "receptors_at"):
            job[0][name] = self.record(arrays, int(job[0][name]), ("array_at", "starts_at"))
        assert job.dtype == JOB
        return self.memory.at(job)

    def array(self, arrays: dict[int, np.ndarray], at: int) -> int:
        return self.memory.at(arrays[at]) if at else 0

    def record(self, arrays: dict[int, np.ndarray], at: int, names: tuple[str, ...]) -> int:
        """A ROW, or VALUES, once for all procedures that share it."""
        if not at:
            return 0
        if at not in self.known:
            copy = self.known[at] = arrays[at].copy()
            assert copy.dtype in (ROW, VALUES)
            for name in names:
                copy[0][name] = self.array(arrays, int(copy[0][name])) if copy.dtype == ROW or copy[0]["kind"] in (2, 3) else 0
        return self.memory.at(self.known[at])


def drawing_of(p: Procedure) -> Drawing:
    found: Drawing = p.kept[0]
    return found


def of(p: Procedure) -> str:
    return f"connect call {p.wire.projection.index}, comm = 'procedural'"


def make_bare(row: Callable) -> Callable:
    """A row function that needs no room, as one that is given some."""
    def bare_row(words, table, k0, k1, stream, domain, index, out, room):
        return row(words, table, k0, k1, stream, domain, index, out)
    return bare_row


def most_rows(members: list[Procedure], n_nodes: int) -> int:
    """The most rows that a node has."""
    return int(np.bincount(np.concatenate([p.nodes for p in members]), minlength=n_nodes).max(initial=0))


def longest_row(drawing: Drawing, threads: int) -> int:
    """How many partners a row has at most: what the rule says, or less where this would need much room, and rows are drawn
    once to see."""
    longest = drawing.prepared.longest
    if drawing.projection.rule.drawn_once or longest <= 1024:
        return longest
    find, shares = kernel(find_longest_row), cut(np.arange(len(drawing.sources) + 1), 4 * threads)
    return max(in_turns(lambda share: find(drawing.row_kernel, address(drawing.row), *share), shares, threads), default=0)
