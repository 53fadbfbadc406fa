"""Binding a plan to a GPU: arrays in its memory, the records by which kernels find them, and the launches of a slice."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .bodies import limit_of, make_body, rebind, variant_of
from .cuda_compile import CudaKernel, cuda_kernel
from .cuda_device import ROWS, Launch
from .cuda_kernels import make_advance, make_deliver, make_drive, send_planned
from .cuda_memory import DeviceMemory, Mirror
from .cuda_procedural import DrawnOnDevice
from .cuda_room import SPIKES_LOGGED, check_fits, log_worst, spike_room
from .cuda_tables import TableOnDevice
from .cuda_traces import DeviceTraces
from .layout import (
    BODY,
    LOG_ROOM,
    LOG_WORST,
    LONGEST,
    NEVER,
    PART,
    RUN_WORDS,
    SLICE_WORDS,
    SPIKE,
    TEAM,
    WILD_AT,
)
from .model_kernels import HEAD, Variant
from .plan import Block, Drive, Plan, most_in_a_slice


class Bound:
    """A plan's arrays in the memory of a GPU, and the launches that take them through a slice."""

    def __init__(self, device: Any, plan: Plan, slots: int, before: Bound | None) -> None:
        """slots: as many as the rings need at least, beside what the plan asks for; before: it may share its tables."""
        self.plan, self.slots, self.roomy, self.step = plan, max(plan.slots, slots), slots > plan.slots, 0
        self.device = device
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
        self.bodies: list[tuple[Block | Drive, np.ndarray, Variant]] = []
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
        body[:HEAD].view(BODY)[0]["limit"] = limit_of(drive)
        body[-2:] = self.memory.at(lanes), self.memory.at(np.ascontiguousarray(drive.weights))
        kernel = cuda_kernel(make_drive(variant, self.plan.ring_type, neighbours, one_weight), uses=variant.uses,
                             variant=f"{variant.text} {neighbours} {one_weight}")
        return kernel, self.memory.address(body)

    def _body(self, what: Block | Drive, state: list[np.ndarray], lanes: dict[str, int], delay: int) -> np.ndarray:
        variant = variant_of(what, self.plan.precision)
        body = make_body(self.memory, self.plan, what, variant, self.parts[0], what.size, state, what.step, what.random,
                         what.series, lanes, delay)
        self.bodies.append((what, body, variant))
        return body

    def retune(self, changed: Sequence[Block | Drive]) -> None:
        """Take over the constants of some of the plan's blocks and drives, which have changed, in the same form."""
        self.device.use()
        for what, body, variant in self.bodies:
            if any(what is other for other in changed):
                rebind(self.memory, body, variant, what, what.step, what.random)
                self.device.upload(self.memory.address(body), body)
        self.put_right()

    def put_right(self) -> None:
        """Forget which nodes went wrong."""
        for name in ("excess", "wild", "sick"):
            self.parts[name] = 0
        self.wild[...] = NEVER
