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

from .bodies import make_body, variant_of
from .cuda_compile import CudaKernel, cuda_kernel
from .cuda_device import ROWS, Device, Launch
from .cuda_kernels import make_advance, make_deliver, make_drive, send_planned
from .cuda_memory import DeviceMemory, Mirror
from .cuda_native import SIMULATED
from .cuda_procedural import DrawnOnDevice
from .cuda_profile import LaunchClock
from .cuda_room import SPIKES_LOGGED, check_fits, log_worst, spike_room
from .cuda_tables import TableOnDevice
from .cuda_traces import DeviceTraces
from .diagnosis import check_nodes
from .errors import NotAvailable
from .going_on import go_on_from, room_for
from .layout import (
    BODY,
    END,
    EVENTS,
    EXCESS,
    FROM,
    LOG_ROOM,
    LOG_WORST,
    LOGGED,
    LONGEST,
    NEVER,
    PART,
    RUN_WORDS,
    SICK,
    SLICE_WORDS,
    SPIKE,
    SPIKES,
    STEPS,
    TEAM,
    WILD,
    WILD_AT,
)
from .model_kernels import HEAD
from .plan import Block, Drive, Plan, most_in_a_slice, power_of_two
from .profile import Timing
from .traces import cut_traces

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


class Program:
    """Kernels bound to arrays. `reset` goes back to t = 0, `run` goes on; what was recorded is taken by `take_events`."""

    def __init__(self, plan: Plan, slots: int = 1, before: Program | None = None) -> None:
        """slots: as many as the rings need at least, beside what the plan asks for; before: it may share its tables."""
        # rows for all delays, and for all steps of a slice, since generators fill these before any node reads one
        needed = max(plan.slots, plan.calendar, power_of_two(plan.min_delay))
        self.plan, self.slots, self.roomy, self.step = plan, max(needed, slots), slots > needed, 0
        self.device = _device
        self.device.use()
        self.sizes = [b.size for b in plan.blocks]
        self.lanes = sum(b.size * len(b.lanes) for b in plan.blocks)
        shared = before is not None and before.plan.tables is plan.tables
        self.table: TableOnDevice | None = before.table if before is not None and shared else None
        self.drawn = DrawnOnDevice(plan, self.device)
        check_fits(self)
        self.table = self.table or TableOnDevice(self.device, plan.tables[0])
        self.memory = DeviceMemory(self.device)
        self.parts = self.memory.keep(np.zeros(1, PART))
        self.words = self.memory.keep(np.zeros(RUN_WORDS, np.int64))
        self.slices = self.memory.keep(np.zeros((self.device.slices, SLICE_WORDS), np.int64))
        self.bound = list(plan.drives)
        self.wild = self.memory.keep(np.full(max(len(self.bound), 1), NEVER))
        self.days: list[np.ndarray] = []                            # spikes that are late stand in the rings
        self.entries: list[np.ndarray] = []
        self._state = [[self.memory.starting(a) for a in b.state] for b in plan.blocks]
        self._drive_states = [[self.memory.starting(a) for a in d.state] for d in self.bound]
        self._bind_part()
        self.drawn.bind(self.memory, self.parts[0])
        self.recording = DeviceTraces(plan, self.memory, self._state)
        self._launches = self._make_launches()
        self._states = Mirror(self.device, [(self.memory.address(a), a) for part in (*self._state, *self._drive_states)
                                            for a in part])
        self.memory.upload()
        self._graph: Any = None
        self.events: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.traces: dict[int, dict[str, np.ndarray]] = {}
        self._stopping = False
        self._clock: LaunchClock | None = None
        self.reset()

    def _bind_part(self) -> None:
        plan, part = self.plan, self.parts[0]
        n, planned = sum(self.sizes), plan.planned
        ring_bytes = self.slots * max(self.lanes, 1) * np.dtype(plan.ring_type).itemsize
        room = spike_room(plan)
        worst = log_worst(plan)
        self.log_room = max(SPIKES_LOGGED, 2 * worst) if worst else 1
        part["n"], part["lanes"], part["mask"], part["n_planned"] = n, self.lanes, self.slots - 1, len(planned.steps)
        part["ring_at"] = self.memory.blank(ring_bytes)
        part["spikes_at"] = self.memory.allocate(SPIKE.itemsize * room)
        part["spike_ends_at"] = self.memory.allocate(8 * room)
        part["log_steps_at"], part["log_ids_at"], part["log_counts_at"] = (self.memory.allocate(size * self.log_room)
                                                                           for size in (8, 4, 4))
        for name, array in dict(recorded_at=plan.recorded, most_at=plan.most, planned_steps_at=planned.steps,
                                planned_ids_at=planned.nodes, planned_counts_at=planned.counts).items():
            part[name] = self.memory.at(array)
        assert self.table is not None
        for name, address in self.table.addresses.items():
            part[name] = address
        self.words[LOG_ROOM], self.words[LOG_WORST], self.words[TEAM] = self.log_room, worst, self.device.team
        self.words[LONGEST], self.words[WILD_AT] = plan.min_delay, self.memory.address(self.wild)
        self._ring = Mirror(self.device, [(int(part["ring_at"]), np.zeros(0))])

    def _make_launches(self) -> list[Launch]:
        """The launches of one slice; their last two arguments are to be the addresses of slices."""
        plan = self.plan
        part, run = self.memory.address(self.parts), self.memory.address(self.words)
        launches = []
        alike: dict[CudaKernel, list[tuple[int, int, int]]] = {}
        for i, (drive, state) in enumerate(zip(self.bound, self._drive_states)):
            if drive.size:
                kernel, body = self._bind_drive(drive, state)
                alike.setdefault(kernel, []).append((body, i, drive.size))
        for kernel, bodies in alike.items():
            for some in (bodies[i:i + ROWS] for i in range(0, len(bodies), ROWS)):
                listed = self.memory.at(np.array([entry[:2] for entry in some], np.int64))
                launches.append(Launch(kernel, (listed, part, run), max(size for _, _, size in some), len(some), "generators",
                                       tuple(self.bound[i] for _, i, _ in some)))
        if len(plan.planned.steps):
            kernel = cuda_kernel(send_planned)
            launches.append(Launch(kernel, (part, run), most_in_a_slice(plan.planned.steps, plan.min_delay), 1,
                                   "planned spikes"))
        for b, block in enumerate(plan.blocks):
            if block.size:
                kernel, body = self._bind_block(b)
                listed = self.memory.at(np.array([body], np.int64))
                launches.append(Launch(kernel, (listed, part, run), block.size, 1, "neurons", (block,)))
        return [*launches, *self._delivery()]

    def _delivery(self, counted: bool = False) -> list[Launch]:
        """The launches of delivery; counted: of kernels that also count synaptic events."""
        ring, target = self.plan.ring_type, self.plan.tables[0].targets.dtype.type
        kernel = cuda_kernel(make_deliver(ring, target, counted), variant=f"{ring.__name__} {target.__name__} {counted}")
        # as many threads as may be at work at once: how many groups the spikes will reach is not known yet
        part, run = self.memory.address(self.parts), self.memory.address(self.words)
        return [*self.drawn.launches(self.memory, part, run, counted),
                Launch(kernel, (part, run), 1024 * self.device.processors, 1, "delivery")]

    def _bind_block(self, b: int) -> tuple[CudaKernel, int]:
        block, variant = self.plan.blocks[b], variant_of(self.plan.blocks[b], self.plan.precision, gpu=True)
        body = self._body(block, self._state[b], {name: int(lane.begins[0]) for name, lane in block.lanes.items()}, 0)
        head = body[:HEAD].view(BODY)[0]
        head["first"] = block.first
        for j, f in enumerate(block.model.inputs):
            if f.name in block.lanes:                               # the row of step 0; kernels add those before theirs
                body[variant.places[0] + j] = (int(self.parts[0]["ring_at"])
                                               + int(head["itemsize"]) * int(block.lanes[f.name].begins[0]))
        body[variant.places[4]] = self.recording.bind(b)
        return cuda_kernel(make_advance(variant), uses=variant.uses, variant=variant.text), self.memory.address(body)

    def _bind_drive(self, drive: Drive, state: list[np.ndarray]) -> tuple[CudaKernel, int]:
        variant = variant_of(drive, self.plan.precision, gpu=True)
        body = self._body(drive, state, {}, drive.delay)
        neighbours, one_weight = bool((np.diff(drive.lanes.astype(np.int64)) == 1).all()), len(drive.weights) == 1
        lanes = drive.lanes[:1].astype(np.int64) if neighbours else np.ascontiguousarray(drive.lanes)
        rounding = 1e-6 if drive.model.emits == "current" else 0.0
        body[:HEAD].view(BODY)[0]["limit"] = drive.largest * (1.0 + rounding)
        body[-2:] = self.memory.at(lanes), self.memory.at(np.ascontiguousarray(drive.weights))
        kernel = cuda_kernel(make_drive(variant, self.plan.ring_type, neighbours, one_weight), uses=variant.uses,
                             variant=f"{variant.text} {neighbours} {one_weight}")
        return kernel, self.memory.address(body)

    def _body(self, what: Block | Drive, state: list[np.ndarray], lanes: dict[str, int], delay: int) -> np.ndarray:
        return make_body(self.memory, self.plan, what, self.parts[0], what.size, state, what.step, what.random, what.series,
                         lanes, delay)

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
        for name in ("excess", "wild", "sick"):
            self.parts[name] = 0
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
            self._clock.timing.began = time.perf_counter()
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
            while self.step < end and not self.stopping:
                self._begin(self.recording.bind_taps(self.step, end))
                self._run_slices(progress)
                self._take_log()
                self.recording.take(self.step)
                check_nodes(self)
        finally:
            cut_traces(self.traces, self.step)

    def _begin(self, end: int) -> None:
        """Write the words of a stretch of the run, and those of its first slice."""
        self.words[END], self.words[[EXCESS, SICK]], self.words[[LOGGED, WILD, SPIKES, EVENTS]] = end, NEVER, 0
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
            self.wild[...] = NEVER

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
