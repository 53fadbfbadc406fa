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
from .plan import Table
from .table_kernels import CONNECTION, JOB, count_synapses, head_groups, list_connections, make_order, make_place
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
             shift: int = 0) -> Job:
    """The job of one partition: `lanes` gives the input lane of each target position, or -1 for other partitions'; the lanes
    of negative weights lie `shift` further."""
    job = Job(drawing, np.zeros(1, JOB), node_of[drawing.sources].astype(np.int32))
    r = job.record[0]
    n_sources = len(drawing.sources)
    if drawing.by_source:
        rows = np.arange(n_sources, dtype=np.int32)
    else:
        # in the order of lanes, not of the user's view: a source's synapses are written in the order of their rows
        rows = np.argsort(lanes, kind="stable")[np.count_nonzero(lanes < 0):].astype(np.int32)
    r["by_source"], r["n_rows"], r["n_sources"] = drawing.by_source, len(rows), n_sources
    r["negative_shift"] = shift
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


def fill_jobs(jobs: list[list[Job]], n_nodes: int, target_type: type, weights: list[tuple[Any, int]],
              dt: float) -> list[Table]:
    """Second pass: the table of every partition. `weights` holds the weight and fixed-point exponent of each job."""
    return in_threads(lambda part: fill_partition(part, n_nodes, target_type, weights, dt), jobs)


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


def fill_partition(jobs: list[Job], n_nodes: int, target_type: type, weights: list[tuple[Any, int]], dt: float) -> Table:
    """One partition's table."""
    total = sum(job.total for job in jobs)
    if total >= 2**32:
        raise BadConnection(f"{total:,} synapses end in one partition; at most 2^32 fit: use more threads")
    kinds = [weight_storage(weight, exponent) for weight, exponent in weights]
    sizes = [sum(job.total for job, (kind, _) in zip(jobs, kinds) if kind == k) for k in (1, 2)]
    targets: np.ndarray = np.empty(total, target_type)
    weights32, weights64 = np.empty(sizes[0], np.int32), np.empty(sizes[1], np.int64)
    classes = np.zeros(max(len(jobs), 1), CLASS)
    group_counts = np.zeros(n_nodes + 1, np.uint32)
    begin, weight_begins = 0, [0, 0]
    for c, (job, (kind, scale), (weight, exponent)) in enumerate(zip(jobs, kinds, weights)):
        r = job.record[0]
        low, high = delay_steps(job.drawing.projection.delay, dt)
        r["begin"], r["cls"] = begin, c
        r["weight_kind"], r["constant_steps"], r["n_steps"] = kind, low, high
        r["weight_scale"] = 2.0**scale
        if kind == 0:
            value = to_fixed(weight, exponent)
        else:
            r["weight_begin"] = weight_begins[kind - 1]
            value = 1 << (exponent - scale)
            classes[c]["shift"] = weight_begins[kind - 1] - begin
            weight_begins[kind - 1] += job.total
        # the scale knows nothing of a projection that drew no synapse: its weight need not fit
        classes[c]["kind"], classes[c]["value"] = kind, value if job.total else 0
        for name, array in dict(targets_at=targets, weights32_at=weights32, weights64_at=weights64,
                                group_counts_at=group_counts).items():
            job.at(name, array)
        if low != high:
            job.at("steps_at", np.empty(job.total, np.uint32))
        # counts of the first pass become the places where each source's synapses go
        counts = job.counts
        ends = np.cumsum(counts, dtype=np.int64)
        counts[1:] = begin + ends[:-1]
        counts[0] = begin
        make_place(target_type)(address(job.record))
        if job.drawing.by_source or low != high:
            make_order(target_type)(address(job.record))
        else:                                   # drawn in the order of targets: every source has one group
            sizes_of = np.diff(counts[:-1], prepend=np.uint32(begin))
            np.add.at(group_counts, job.node_ids[sizes_of > 0], np.uint32(1))
        begin += job.total
    first_group = np.concatenate([[0], np.cumsum(group_counts)]).astype(np.uint32)[:n_nodes + 2]
    groups = np.empty(int(first_group[-1]), GROUP)
    places = first_group[:-1].copy()
    for job in jobs:
        job.at("group_places_at", places)
        job.at("groups_at", groups)
        kernel(head_groups)(address(job.record))
    return Table(first_group, groups, targets, weights32, weights64, classes)


def connections_of(job: Job) -> np.ndarray:
    """All connections of a generator's projection in one partition (CONNECTION records)."""
    most = job.drawing.prepared.longest * int(job.record[0]["n_rows"])
    out = job.at("conns_at", np.empty(most, CONNECTION))
    return out[:kernel(list_connections)(address(job.record))]
