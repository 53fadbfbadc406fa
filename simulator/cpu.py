"""The CPU backend: a plan bound to compiled kernels and arrays, run by one thread for each set of partitions."""
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np

from .arrivals import BATCH, make_arrive
from .bodies import Memory, limit_of, make_body, rebind, slice_random, slice_series, variant_of
from .compile import kernel
from .diagnosis import check_nodes
from .going_on import go_on_from, room_for
from .laps import Laps
from .layout import BARRIER, BODY, ENTRY, HALT, PART, REQUEST, RUN, STEP, SYNC_WORDS, TAP, WORK
from .loop import make_loop
from .model_kernels import HEAD, Variant, clear, make_advance, make_drive, prepare
from .native import address
from .plan import Block, Drive, Plan, most_in_a_slice
from .procedural import list_rows, make_draw
from .profile import Timing
from .runner import Runner
from .stored import Table
from .traces import cut_traces, is_full, make_traces

ONE_PARTITION = False
LOG_ROOM = 1 << 18           # recorded spikes that a partition can hold before they are taken over


class Program:
    """Kernels bound to arrays. `reset` goes back to t = 0, `run` goes on; what was recorded is taken by `take`."""

    def __init__(self, plan: Plan, slots: int = 1) -> None:
        """slots: as many as the rings need at least, beside what the plan asks for."""
        self.plan, self.slots, self.roomy = plan, max(plan.slots, slots), slots > plan.slots
        self.step = 0
        self.memory = Memory()
        self.sync = self.memory.keep(np.zeros(SYNC_WORDS, np.int64))
        self.parts = self.memory.keep(np.zeros(plan.n_parts, PART))
        self.loop = make_loop(plan.ring_type, plan.tables[0].targets.dtype.type)
        self._watched: Callable[[], AbstractContextManager[None]] = nullcontext      # what surrounds a run
        self.state = [[self.memory.starting(a) for a in b.state] for b in plan.blocks]
        self.drive_states: list[list[np.ndarray]] = []
        self.rings: list[np.ndarray] = []
        self.entries: list[np.ndarray] = []                        # of the calendars; days: where each step's begin
        self.days: list[np.ndarray] = []
        self.sizes = [int(sum(b.bounds[p + 1] - b.bounds[p] for b in plan.blocks)) for p in range(plan.n_parts)]
        self.flag_row = 8 * (-(-max([1, *self.sizes]) // 8))
        self._logs: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.bound: list[Drive] = []                               # the drives, in the order of drive_states
        self.bodies: list[tuple[Block | Drive, int, np.ndarray, Variant]] = []      # with the partition
        for p in range(plan.n_parts):
            self._bind_part(p)
        self.run_record = self.memory.keep(np.zeros(1, RUN))
        self.run_record[0] = (address(self.sync), plan.threads, plan.n_parts, address(self.parts), plan.min_delay,
                              self.flag_row, 0, 0)
        self._runner = Runner()
        self.events: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.most_events: int | None = None
        self.traces: dict[int, dict[str, np.ndarray]] = {}
        self.reset()

    def _bind_part(self, p: int) -> None:
        plan, part, n = self.plan, self.parts[p], self.sizes[p]
        counting = any(b.model.emits == "counts" for b in plan.blocks)
        lanes = int(sum((b.bounds[p + 1] - b.bounds[p]) * len(b.lanes) for b in plan.blocks))
        part["n"], part["lanes"], part["mask"] = n, lanes, self.slots - 1
        ring = self.memory.zeros(self.slots * max(lanes, 1), plan.ring_type)
        self.rings.append(ring)
        flags = self.memory.zeros(plan.min_delay * self.flag_row, np.uint8)
        # where blocks count spikes, blocks that flag them leave their ones here
        counts = self.memory.keep(np.ones(plan.min_delay * self.flag_row, np.int32)) if counting else None
        ids = np.concatenate([np.arange(b.first + b.bounds[p], b.first + b.bounds[p + 1]) for b in plan.blocks]
                             or [np.zeros(0)]).astype(np.int32)
        planned = plan.planned
        mine = len(planned.steps) if p == 0 else 0
        room = n * plan.min_delay + (most_in_a_slice(planned.steps, plan.min_delay) if mine else 0)
        worst = room if plan.recorded.any() else 0
        log_room = max(LOG_ROOM // plan.n_parts, 2 * worst) if worst else 1
        log = np.empty(log_room, np.int64), np.empty(log_room, np.int32), np.empty(log_room, np.int32)
        self._logs.append(log)
        if plan.procedures:
            begins, rows = list_rows(plan.procedures, p, plan.n_nodes)
            part["draw_kernel"] = make_draw(plan.ring_type).address
            part["first_drawn_at"], part["drawn_at"] = address(self.memory.keep(begins)), address(self.memory.keep(rows))
        self._bind_table(part, plan.tables[p], most_in_a_slice(planned.steps, plan.min_delay))
        for name, array in dict(
                flags_at=flags, ids_at=ids, recorded_at=plan.recorded, ring_at=ring,
                most_at=plan.most, planned_steps_at=planned.steps, planned_ids_at=planned.nodes,
                planned_counts_at=planned.counts,
                spikes_at=np.zeros(2 * room + 1, np.int32), spike_counts_at=np.zeros(2 * room + 1, np.int32),
                spike_ends_at=np.zeros(2 * plan.min_delay, np.int64),
                log_steps_at=log[0], log_ids_at=log[1], log_counts_at=log[2]).items():
            part[name] = address(self.memory.keep(array))
        part["counts_at"] = address(counts) if counts is not None else 0
        part["n_planned"], part["spike_room"] = mine, room
        part["log_room"], part["log_worst"] = log_room, worst
        calls = [self._bind_drive(d, part) for d in plan.drives if d.part == p]
        part["n_drives"], part["drives_at"] = len(calls), self._call_list(calls)
        calls, first = [], 0
        for b, block in enumerate(plan.blocks):
            size = int(block.bounds[p + 1] - block.bounds[p])
            if size:
                calls.append(self._bind_block(b, p, part, first, flags, counts))
            first += size
        part["n_blocks"], part["blocks_at"] = len(calls), self._call_list(calls)

    def _bind_table(self, part: Any, t: Table, planned: int) -> None:
        """The synapses of a partition, and the calendar of spikes that have still to reach some; planned: how many at once may
        come beside those of nodes."""
        plan = self.plan
        late = int(np.count_nonzero(t.first_late[:plan.n_nodes] < t.first_group[1:plan.n_nodes + 1]))
        worst = (late * plan.min_delay + planned) if late else 0
        entries = np.empty(4 * worst + 1, ENTRY)
        self.entries.append(entries)
        for name, array in dict(
                first_group_at=t.first_group, first_late_at=t.first_late, groups_at=t.groups, targets_at=t.targets,
                weights32_at=t.weights32, weights64_at=t.weights64, classes_at=t.classes, entries_at=entries,
                work_at=np.zeros(2 * BATCH, WORK)).items():
            part[name] = address(self.memory.keep(array))
        self.days.append(self.memory.zeros(max(plan.calendar, 1), np.uint32))
        part["calendar_at"] = address(self.days[-1])
        part["calendar_mask"] = plan.calendar - 1
        part["arrive_kernel"] = make_arrive(plan.ring_type, t.targets.dtype.type).address if late else 0
        # room for a slice's spikes beside those that the next one may bring before the run can halt
        part["entry_room"], part["entry_worst"] = len(entries), 2 * worst

    def _make_room(self) -> None:
        """Longer lists for the calendars that are nearly full."""
        for p, part in enumerate(self.parts):
            if part["n_entries"] + part["entry_worst"] > part["entry_room"]:
                self.entries[p] = np.concatenate([self.entries[p], np.empty(len(self.entries[p]), ENTRY)])
                part["entries_at"], part["entry_room"] = address(self.entries[p]), len(self.entries[p])

    def _call_list(self, calls: list[tuple[int, int]]) -> int:
        return address(self.memory.keep(np.array(calls, np.int64).ravel() if calls else np.zeros(2, np.int64)))

    def _bind_block(self, b: int, p: int, part: Any, first: int, flags: np.ndarray,
                    counts: np.ndarray | None) -> tuple[int, int]:
        block = self.plan.blocks[b]
        low, high = int(block.bounds[p]), int(block.bounds[p + 1])
        variant = variant_of(block, self.plan.precision)
        body = make_body(self.memory, self.plan, block, variant, part, high - low, [a[low:high] for a in self.state[b]],
                         *self._given(block, p), slice_series(block.series, low, high),
                         {name: int(lane.begins[p]) for name, lane in block.lanes.items()}, 0)
        self.bodies.append((block, p, body, variant))
        head = body[:HEAD].view(BODY)[0]
        head["prepare_at"], head["clear_at"] = kernel(prepare).address, kernel(clear).address
        head["flags_at"], head["flag_row"] = address(flags) + first, self.flag_row
        head["counts_at"] = address(counts) + 4 * first if counts is not None else 0
        return make_advance(variant).address, address(body)

    def _bind_drive(self, drive: Drive, part: Any) -> tuple[int, int]:
        state = [self.memory.starting(a) for a in drive.state]
        self.drive_states.append(state)
        self.bound.append(drive)
        variant = variant_of(drive, self.plan.precision)
        body = make_body(self.memory, self.plan, drive, variant, part, drive.size, state, *self._given(drive, drive.part),
                         drive.series, {}, drive.delay)
        neighbours = bool((np.diff(drive.lanes.astype(np.int64)) == 1).all())
        lanes = drive.lanes[:1].astype(np.int64) if neighbours else np.ascontiguousarray(drive.lanes)
        self.bodies.append((drive, drive.part, body, variant))
        head = body[:HEAD].view(BODY)[0]
        head["prepare_at"], head["limit"] = kernel(prepare).address, limit_of(drive)
        body[-2:] = address(self.memory.keep(lanes)), address(self.memory.keep(drive.weights))
        return make_drive(variant, neighbours, len(drive.weights) == 1).address, address(body)

    def _given(self, what: Block | Drive, p: int) -> tuple[list[Any], Any]:
        """Constants and random input of what a body is of; of a block those of one partition."""
        if isinstance(what, Drive):
            return what.step, what.random
        low, high = int(what.bounds[p]), int(what.bounds[p + 1])
        return [v if np.ndim(v) == 0 else np.ascontiguousarray(v[low:high]) for v in what.step], \
            what.random and slice_random(what.random, low, high)

    def retune(self, changed: Sequence[Block | Drive]) -> None:
        """Take over the constants of some of the plan's blocks and drives, which have changed, in the same form."""
        for what, p, body, variant in self.bodies:
            if any(what is other for other in changed):
                rebind(self.memory, body, variant, what, *self._given(what, p))
        self._put_right()

    def _put_right(self) -> None:
        """Forget which nodes went wrong."""
        for name in ("excess", "wild", "sick"):
            self.parts[name] = 0

    def reset(self) -> None:
        """Back to t = 0."""
        self.memory.reset()
        self.parts["planned_next"] = 0
        self.parts["log_n"] = 0
        for name in ("n_entries", "free"):
            self.parts[name] = 0
        self._put_right()
        self.events = []
        self.step = 0

    def _bind_taps(self, end: int) -> None:
        """Room for the samples that will be taken until step `end`: for each recorder its states' traces by name."""
        plan = self.plan
        self.traces, found = make_traces(plan, self.step, end)
        taps: list[list[tuple]] = [[] for _ in range(plan.n_parts)]
        self._taps: list[Any] = []
        for tap in found:
            s, source = tap.sampling, self.state[plan.blocks.index(tap.sampling.block)][tap.state]
            part_of = np.searchsorted(s.block.bounds, s.nodes, side="right") - 1
            for p in range(plan.n_parts):
                nodes, columns = s.nodes[part_of == p].astype(np.int64), s.columns[part_of == p].astype(np.int64)
                if len(nodes) and len(tap.trace):
                    self._taps += [nodes, columns]
                    taps[p].append((address(source), source.itemsize, address(nodes), address(columns), len(nodes),
                                    address(tap.trace), tap.trace.shape[1], s.interval, tap.first, tap.last))
        for p in range(plan.n_parts):
            array = np.array(taps[p], TAP) if taps[p] else np.zeros(1, TAP)
            self._taps.append(array)
            self.parts[p]["n_taps"], self.parts[p]["taps_at"] = len(taps[p]), address(array)

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called during this run."""
        return bool(self.sync[REQUEST])

    def weights_changed(self) -> None:
        """Weights that were set in the tables are where the kernels read them."""

    def start(self) -> None:
        """Forget that `stop` was called."""
        self.sync[REQUEST] = 0

    def stop(self) -> None:
        """Stop the run that is going on at the end of its slice, or at once if it has not begun."""
        self.sync[REQUEST] = 1

    def run(self, steps: int, progress: Callable[[int], None] | None = None) -> None:
        """Run so many steps, or fewer where `stop` is called meanwhile."""
        with self._watched():
            self._go(self.step + steps, progress)

    @contextmanager
    def profiled(self) -> Iterator[Timing]:
        """Within, a run is profiled; afterwards the timing says what was measured, unless there was an error."""
        usual, first, timing = self.loop, self.step, Timing()
        laps = Laps(self, timing)
        self.loop = make_loop(self.plan.ring_type, self.plan.tables[0].targets.dtype.type, profiled=True)
        self._watched = laps.running
        try:
            yield timing
        finally:
            self.loop, self._watched = usual, nullcontext
            self.run_record["laps_at"] = 0
        laps.read(self.step - first)

    def _go(self, end: int, progress: Callable[[int], None] | None) -> None:
        self._bind_taps(end)
        try:
            while self.step < end and not self.stopping and not is_full(self):
                self.sync[[BARRIER, HALT, STEP]] = 0
                self.step = self._runner.run(self, end, progress)
                self._take_log()
                self._make_room()
                check_nodes(self)
        finally:
            cut_traces(self.traces, self.step)

    def _take_log(self) -> None:
        """Take over the spikes that the partitions have logged."""
        for p, part in enumerate(self.parts):
            n = int(part["log_n"])
            if n:
                steps, ids, counts = self._logs[p]
                self.events.append((steps[:n].copy(), ids[:n].copy(), counts[:n].copy()))
        self.parts["log_n"] = 0

    def take_events(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Steps, node numbers and counts of all spikes recorded since the last call, in pieces."""
        taken, self.events = self.events, []
        return taken


def make_program(plan: Plan, before: Program | None = None) -> Program:
    """The plan's kernels, compiled, bound to their arrays; before: a program of the same network, whose run goes on."""
    program = Program(plan, room_for(plan, before))
    if before is not None:
        go_on_from(program, before)
    return program
