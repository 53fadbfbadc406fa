"""The CUDA backend: a plan's arrays in the memory of a GPU, and a graph of launches that runs many slices without Python.

A slice is one launch for the generators of each model, one for the nodes of each model, and one for delivery. Its words
(layout.SLICE_WORDS) say from which step it goes and how far; delivery, its last kernel, writes those of the next slice. So one
graph of some slices serves for all of a run, and what is left of it when the run has ended, or must halt, does nothing.
"""
from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from .cuda_binding import Bound
from .cuda_device import Device, Launch
from .cuda_native import SIMULATED
from .cuda_profile import LaunchClock
from .diagnosis import check_nodes
from .errors import NotAvailable
from .going_on import go_on_from, room_for
from .layout import (
    END,
    EVENTS,
    EXCESS,
    FROM,
    LOGGED,
    NEVER,
    SICK,
    SLICE_WORDS,
    SPIKES,
    STEPS,
    WILD,
)
from .plan import Plan
from .profile import Timing
from .traces import cut_traces, is_full

ONE_PARTITION = True
PATIENCE = 0.05                 # seconds after which the host looks whether it is to stop

_device: Any = None


def open_device(precision: str) -> Any:
    """The GPU, or numba's simulator of one."""
    global _device
    if SIMULATED and precision != "double":
        raise NotAvailable(f"precision = {precision!r}: under numba's CUDA simulator, which is Python, only 'double'")
    if _device is None:
        if SIMULATED:
            from .cuda_simulated import SimulatedDevice
            _device = SimulatedDevice()
        else:
            _device = Device()
    _device.use()
    return _device


class Program(Bound):
    """Kernels bound to arrays. `reset` goes back to t = 0, `run` goes on; what was recorded is taken by `take_events`."""

    def __init__(self, plan: Plan, slots: int = 1, before: Program | None = None) -> None:
        """slots: as many as the rings need at least, beside what the plan asks for; before: it may share its tables."""
        super().__init__(_device, plan, slots, before)
        self._graph: Any = None
        self.events: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.most_events: int | None = None
        self.traces: dict[int, dict[str, np.ndarray]] = {}
        self._stopping = False
        self._clock: LaunchClock | None = None
        self.reset()

    @property
    def state(self) -> list[list[np.ndarray]]:
        self._states.fetch()
        return self._state

    @property
    def drive_states(self) -> list[list[np.ndarray]]:
        self._states.fetch()
        return self._drive_states

    @property
    def rings(self) -> list[np.ndarray]:
        if not self._ring.here:                                     # room for them on the host, now that it is needed
            address, _ = self._ring.arrays[0]
            self._ring.arrays = [(address, np.zeros(self.slots * max(self.lanes, 1), self.plan.ring_type))]
            self._ring.fetch()
        return [self._ring.arrays[0][1]]

    def reset(self) -> None:
        """Back to t = 0."""
        self.device.use()
        self.memory.reset()
        self._states.here = self._ring.here = False
        self.put_right()
        self.events = []
        self.step = 0

    def weights_changed(self) -> None:
        """Take over weights that were set in the tables."""
        assert self.table is not None
        self.table.upload_weights()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called during this run."""
        return self._stopping

    def start(self) -> None:
        """Forget that `stop` was called."""
        self._stopping = False

    def stop(self) -> None:
        """Stop the run that is going on after the slices that were launched, or at once if it has not begun."""
        self._stopping = True

    def run(self, steps: int, progress: Callable[[int], None] | None = None) -> None:
        """Run so many steps, or fewer where `stop` is called meanwhile."""
        if self._clock is None:
            self._go(self.step + steps, progress)
        else:
            self._clock.timing.began = self._clock.timing.began or time.perf_counter()
            self._go(self.step + steps, progress)
            self._clock.timing.ended = time.perf_counter()

    @contextmanager
    def profiled(self) -> Iterator[Timing]:
        """Within, a run is profiled; afterwards the timing says what was measured, unless there was an error."""
        first = self.step
        others = (one for one in self._launches if one.label != "delivery")
        self._clock = clock = LaunchClock([*others, *self._delivery(counted=True)], self.plan.min_delay)
        try:
            yield clock.timing
        finally:
            self._clock = None
        clock.read(self.step - first)

    def _go(self, end: int, progress: Callable[[int], None] | None) -> None:
        self.device.use()
        self._states.settle()
        self._ring.settle()
        self.traces = self.recording.begin(self.step, end)
        try:
            while self.step < end and not self.stopping and not is_full(self):
                self._begin(self.recording.bind_taps(self.step, end))
                self._run_slices(progress)
                self._take_log()
                self.recording.take(self.step)
                check_nodes(self)
        finally:
            cut_traces(self.traces, self.step)

    def _begin(self, end: int) -> None:
        """Write the words of a stretch of the run, and those of its first slice."""
        part = self.parts[0]
        self.words[END], self.words[[LOGGED, SPIKES, EVENTS]], self.words[WILD] = end, 0, part["wild"] != 0
        for name, key in (("excess", EXCESS), ("sick", SICK)):      # what went wrong halts a run again, until it is put right
            self.words[key] = int(part[f"{name}_step"]) << 32 | int(part[name]) - 1 if part[name] else NEVER
        self.slices[...] = 0
        self.slices[0, FROM], self.slices[0, STEPS] = self.step, min(self.plan.min_delay, end - self.step)
        for array in (self.words, self.slices, self.wild):
            self.device.upload(self.memory.address(array), array)

    def _graph_of_slices(self) -> Any:
        """The graph that is replayed."""
        if self._graph is None:
            self._graph = self.device.record(self._slices(self._launches))
            weakref.finalize(self, self.device.forget, self._graph)
        return self._graph

    def _slices(self, launches: list[Launch]) -> list[Launch]:
        """The launches of as many slices as there are words for, the last of which leads back to the first."""
        first, size, n = self.memory.address(self.slices), 8 * SLICE_WORDS, len(self.slices)
        return [replace(one, args=(*one.args, first + size * j, first + size * ((j + 1) % n))[:one.kernel.n_args])
                for j in range(n) for one in launches]

    def _run_slices(self, progress: Callable[[int], None] | None) -> None:
        """Replay the graph until the run halts."""
        graph, times = None if self._clock else self._graph_of_slices(), 1
        going = True
        while going and not self.stopping:
            began = time.perf_counter()
            if self._clock is None:
                self.device.replay(graph, times)
                self.device.wait()
            else:
                self._clock.time(self.device, self._slices(self._clock.launches))
            self.device.download(self.memory.address(self.slices), self.slices)
            self.step, going = int(self.slices[0, FROM]), bool(self.slices[0, STEPS])
            left = int(self.words[END]) - self.step
            times = max(1, min(times if time.perf_counter() - began > PATIENCE else 2 * times,
                               left // (self.plan.min_delay * len(self.slices))))
            if progress is not None:
                progress(self.step)

    def _take_log(self) -> None:
        """Take over the spikes that were logged, and what went wrong."""
        self.device.download(self.memory.address(self.words), self.words)
        n, part = int(self.words[LOGGED]), self.parts[0]
        if self._clock is not None:
            self._clock.note(self.words)
        if n:
            log = np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n, np.int32)
            for name, array in zip(("log_steps_at", "log_ids_at", "log_counts_at"), log):
                self.device.download(int(part[name]), array)
            self.events.append(log)
        for name, key in (("excess", EXCESS), ("sick", SICK)):
            word = int(self.words[key])
            part[name], part[f"{name}_step"] = (0, 0) if word == NEVER else ((word & 0xFFFFFFFF) + 1, word >> 32)
        if self.words[WILD]:
            self.device.download(self.memory.address(self.wild), self.wild)
            j = int(np.argmin(self.wild >> 32))                     # of the first step, and of its drives the first
            part["wild"], part["wild_at"], part["wild_step"] = j + 1, self.wild[j] & 0xFFFFFFFF, self.wild[j] >> 32

    def take_events(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Steps, node numbers and counts of all spikes recorded since the last call, in pieces."""
        taken, self.events = self.events, []
        return taken


def make_program(plan: Plan, before: Program | None = None) -> Program:
    """The plan's kernels, compiled, bound to their arrays; before: a program of the same network, whose run goes on."""
    program = Program(plan, room_for(plan, before), before)
    if before is not None:
        go_on_from(program, before)
    return program
