"""Building the synapse tables: one for each partition, by one thread each.

Two passes over all projections (see `table_kernels`): after the first, sizes and the receptors' worst cases are known.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution

from .compile import kernel
from .draw import Drawing, delay_steps, largest
from .fixed_point import to_fixed
from .layout import CLASS, GROUP
from .native import address
from .plan import Bundle, Table
from .table_kernels import CONNECTION, JOB, count_synapses, head_groups, list_connections, make_order, make_place, sort_groups
from .threads import in_threads


@dataclass
class Job:
    """One projection in one partition: the kernels' record, and the arrays that it points to."""

    drawing: Drawing
    record: np.ndarray
    node_ids: np.ndarray                        # node number of every source
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint32))
    total: int = 0
    kept: list[Any] = field(default_factory=list)

    def at(self, name: str, array: np.ndarray) -> np.ndarray:
        """Point the record's field `name` to an array."""
        self.kept.append(array)
        self.record[0][name] = address(array)
        return array


def make_job(drawing: Drawing, lanes: np.ndarray, degrees: np.ndarray, node_of: np.ndarray, dt: float,
             shifts: np.ndarray) -> Job:
    """The job of one partition: `lanes` gives the input lane of each target position, or -1 for other partitions'; shifts: how
    far the lanes of each receptor lie from these, by number, or those of weights above and below 0."""
    job = Job(drawing, np.zeros(1, JOB), node_of[drawing.sources].astype(np.int32))
    r = job.record[0]
    n_sources = len(drawing.sources)
    if drawing.by_source:
        rows = np.arange(n_sources, dtype=np.int32)
    else:
        # in the order of lanes, not of the user's view: a source's synapses are written in the order of their rows
        rows = np.argsort(lanes, kind="stable")[np.count_nonzero(lanes < 0):].astype(np.int32)
    r["by_source"], r["n_rows"], r["n_sources"] = drawing.by_source, len(rows), n_sources
    if drawing.receptors is not None:
        job.at("receptors_at", drawing.receptors)
        job.at("shifts_at", shifts)
    else:
        r["negative_shift"] = shifts[-1]
    r["row_kernel"], r["longest"], r["dt"] = drawing.row_kernel, drawing.prepared.longest, dt
    for name, array in dict(rows_at=rows, lane_at=np.ascontiguousarray(lanes, np.int32), row_at=drawing.row,
                            degrees_at=degrees, weights_at=drawing.weights, delays_at=drawing.delays,
                            ids_at=job.node_ids).items():
        job.at(name, array)
    return job


def count_jobs(jobs: list[list[Job]]) -> None:
    """First pass, each partition's jobs in a thread."""
    count = kernel(count_synapses)

    def work(part: list[Job]) -> None:
        for job in part:
            job.counts = job.at("counts_at", np.zeros(len(job.drawing.sources) + 1, np.uint32))
            job.total = count(address(job.record))
    in_threads(work, jobs)


def fill_jobs(jobs: list[list[Job]], bundles: list[Bundle], n_nodes: int, target_type: type) -> list[Table]:
    """Second pass: the table of every partition."""
    return in_threads(lambda part: fill_partition(part, bundles, n_nodes, target_type), jobs)


def weight_storage(weight: Any, exponent: int) -> tuple[int, int]:
    """(kind, scale exponent) of a projection's weights: 0 constant, 1 on a grid of 31 bits, 2 exact.

    Random weights are drawn on a grid of 2**-31 of the largest (or the ring's resolution, where that is coarser): nobody can
    tell, and they need half the memory. Weights that the user gives are kept in the ring's resolution.
    """
    if not isinstance(weight, (np.ndarray, Distribution)):
        return 0, exponent
    if isinstance(weight, np.ndarray):
        return 2, exponent
    top = largest(weight)
    return 1, min(exponent, 30 - int(np.ceil(np.log2(top * (1 + 1e-9)))) if top else exponent)


def bundle(drawings: list[Drawing], weights: list[tuple[Any, int]], dt: float, n_ids: int) -> list[Bundle]:
    """Sort the parts of projections into bundles. weights: of each its weight and the fixed-point exponent of its receptor.

    One projection of a constant weight and a constant delay gains nothing from company: it makes a bundle of its own.
    """
    found: list[tuple[Bundle, np.ndarray, np.ndarray]] = []         # with its sources, and which nodes it reaches
    for i, (drawing, (weight, exponent)) in enumerate(zip(drawings, weights)):
        kind, scale = weight_storage(weight, exponent)
        value = to_fixed(weight, exponent) if kind == 0 else 0
        steps = delay_steps(drawing.projection.delay, dt)
        mine = None
        if steps[0] != steps[1]:
            form = kind, scale, exponent, value
            mine = next((entry for entry in found if entry[0].late and form == entry[0].form
                         and np.array_equal(entry[1], drawing.sources) and not entry[2][drawing.targets].any()), None)
        if mine is None:
            mine = Bundle([], kind, scale, exponent, value, steps), drawing.sources, np.zeros(n_ids, bool)
            found.append(mine)
        b = mine[0]
        b.members.append(i)
        b.steps = min(b.steps[0], steps[0]), max(b.steps[1], steps[1])
        mine[2][drawing.targets] = True
    return [entry[0] for entry in found]


def fill_partition(jobs: list[Job], bundles: list[Bundle], n_nodes: int, target_type: type) -> Table:
    """One partition's table."""
    sizes = [sum(jobs[i].total for i in b.members) for b in bundles]
    total = sum(sizes)
    if total >= 2**32:
        raise BadConnection(f"{total:,} synapses end in one partition; at most 2^32 fit: use more threads")
    stored = [sum(n for b, n in zip(bundles, sizes) if b.kind == k) for k in (1, 2)]
    targets: np.ndarray = np.empty(total, target_type)
    weights32, weights64 = np.empty(stored[0], np.int32), np.empty(stored[1], np.int64)
    classes = np.zeros(max(len(bundles), 1), CLASS)
    counts = np.zeros((2, n_nodes + 1), np.uint32)              # headers of a source: of constant delays, of others
    begin, weight_begins = 0, [0, 0]
    for c, (b, size) in enumerate(zip(bundles, sizes)):
        # the scale knows nothing of a projection that drew no synapse: its weight need not fit
        value = (b.value if b.kind == 0 else 1 << (b.exponent - b.scale)) if size else 0
        weight_begin = weight_begins[b.kind - 1] if b.kind else 0
        classes[c] = (b.kind, value, weight_begin - begin if b.kind else 0)
        members = [jobs[i] for i in b.members]
        steps = np.empty(size if b.late else 0, np.uint32)
        # counts of the first pass become the places where each source's next synapse goes
        places = np.zeros(len(members[0].counts), np.uint32)
        for job in members:
            places += job.counts
        ends = np.cumsum(places, dtype=np.int64)
        places[1:] = begin + ends[:-1]
        places[0] = begin
        for job in members:
            r = job.record[0]
            r["begin"], r["cls"], r["weight_kind"], r["weight_begin"] = begin, c, b.kind, weight_begin
            r["constant_steps"], r["n_steps"], r["weight_scale"] = *b.steps, 2.0**b.scale
            for name, array in dict(targets_at=targets, weights32_at=weights32, weights64_at=weights64, counts_at=places,
                                    group_counts_at=counts[int(b.late)]).items():
                job.at(name, array)
            if b.late:
                job.at("steps_at", steps)
            make_place(target_type)(address(job.record))
        last = members[-1]
        last.record[0]["sort_lanes"] = len(members) > 1 or last.drawing.by_source
        if b.late or last.drawing.by_source:
            make_order(target_type)(address(last.record))
        else:                                   # drawn in the order of targets: every source has one group
            of_source = np.diff(places[:-1], prepend=np.uint32(begin))
            np.add.at(counts[0], last.node_ids[of_source > 0], np.uint32(1))
        begin += size
        if b.kind:
            weight_begins[b.kind - 1] += size
    return head(bundles, jobs, counts, targets, weights32, weights64, classes)


def head(bundles: list[Bundle], jobs: list[Job], counts: np.ndarray, targets: np.ndarray, weights32: np.ndarray,
         weights64: np.ndarray, classes: np.ndarray) -> Table:
    """The table with the headers of all groups: of each source those of constant delays, then the others by delay."""
    first_group = np.concatenate([[0], np.cumsum(counts.sum(axis=0, dtype=np.int64))]).astype(np.uint32)[:counts.shape[1] + 1]
    first_late = first_group[:-1] + counts[0]
    groups = np.empty(int(first_group[-1]), GROUP)
    places = [first_group[:-1].copy(), first_late.copy()]
    for b in bundles:
        last = jobs[b.members[-1]]
        last.at("group_places_at", places[int(b.late)])
        last.at("groups_at", groups)
        kernel(head_groups)(address(last.record))
    if any(b.late for b in bundles):        # a source of several bundles, or that stands in one more than once
        kernel(sort_groups)(address(first_late), address(first_group), len(first_late), address(groups))
    return Table(first_group, first_late, groups, targets, weights32, weights64, classes)


def connections_of(job: Job) -> np.ndarray:
    """All connections of a generator's projection in one partition (CONNECTION records)."""
    most = job.drawing.prepared.longest * int(job.record[0]["n_rows"])
    out = job.at("conns_at", np.empty(most, CONNECTION))
    return out[:kernel(list_connections)(address(job.record))]
