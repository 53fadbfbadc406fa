"""Building the synapse tables: one for each partition, by one thread each.

Two passes over all projections (see `table_kernels`): after the first, sizes and the receptors' worst cases are known. The
second is in `filling`.
"""
from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from typing import Any

import numpy as np

from nestling.connect.contract import Distribution

from .compile import kernel
from .draw import Drawing, delay_steps, largest
from .filling import Filling, fill_by_row, way_of
from .fixed_point import to_fixed
from .native import address
from .stored import Bundle, Table
from .table_kernels import CONNECTION, JOB, count_rows, count_synapses, list_connections
from .threads import in_threads


@dataclass
class Job:
    """One projection in one partition: the kernels' record, and the arrays that it points to."""

    drawing: Drawing
    record: np.ndarray
    node_ids: np.ndarray                        # node number of every source
    lanes: np.ndarray
    degrees: np.ndarray
    top: int                                    # lanes that it may reach are below
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint32))
    total: int = 0
    kept: list[Any] = field(default_factory=list)

    def at(self, name: str, array: np.ndarray) -> np.ndarray:
        """Point the record's field `name` to an array."""
        self.kept.append(array)
        self.record[0][name] = address(array)
        return array

    def let_go(self, name: str) -> None:
        """Give up the array that a field points to."""
        self.kept = [a for a in self.kept if address(a) != self.record[0][name]]
        self.record[0][name] = 0


def make_job(drawing: Drawing, lanes: np.ndarray, degrees: np.ndarray, node_of: np.ndarray, dt: float,
             shifts: np.ndarray) -> Job:
    """The job of one partition: `lanes` gives the input lane of each target position, or -1 for other partitions'; shifts: how
    far the lanes of each receptor lie from these, by number, or those of weights above and below 0."""
    top = int(lanes.max(initial=-1)) + 1 + int(max(shifts.max(initial=0), 0))
    job = Job(drawing, np.zeros(1, JOB), node_of[drawing.sources].astype(np.int32), lanes, degrees, top)
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
    """First pass: each partition's jobs in a thread; where rows are sources, its share of them for all partitions."""
    peers: list[Any] = []
    for members in zip(*jobs):
        for job in members:
            job.counts = job.at("counts_at", np.zeros(len(job.drawing.sources) + 1, np.uint32))
        if members[0].drawing.by_source:
            where = np.full(len(members[0].lanes), len(jobs) << 32, np.int64)
            for part, job in enumerate(members):
                mine = job.lanes >= 0
                where[mine] = (part << 32) + job.lanes[mine]
            for job in members:
                job.at("where_at", where)
        peers.append(np.array([address(job.record) for job in members]))

    def work(part: int) -> list[np.ndarray]:
        found = []
        for job, addresses in zip(jobs[part], peers):
            if job.drawing.by_source:
                first, last = share_of(part, len(jobs), len(job.drawing.sources))
                found.append(np.zeros(len(job.degrees), np.uint32))
                kernel(count_rows)(address(addresses), len(jobs), first, last, address(found[-1]))
            else:
                kernel(count_synapses)(address(job.record))
        return found
    by_source = [job for job in jobs[0] if job.drawing.by_source]
    for found in in_threads(work, range(len(jobs))):
        for job, degrees in zip(by_source, found):
            job.degrees += degrees
    for job in (job for part in jobs for job in part):
        job.total = int(job.counts.sum(dtype=np.int64))


def share_of(part: int, parts: int, n: int) -> tuple[int, int]:
    """First and last + 1 of the rows that a thread draws for all."""
    return n * part // parts, n * (part + 1) // parts


def fill_jobs(jobs: list[list[Job]], bundles: list[Bundle], n_nodes: int, target_type: type) -> list[Table]:
    """Second pass: the table of every partition."""
    ways = [way_of(b, [[part[i] for i in b.members] for part in jobs]) for b in bundles]
    parts = [Filling(part, bundles, ways, n_nodes, target_type) for part in jobs]
    for by_row, numbers in groupby(range(len(bundles)), lambda c: ways[c].by_row):
        run = list(numbers)
        if by_row:
            for c in run:
                n = len(jobs[0][bundles[c].members[0]].drawing.sources)
                fill_by_row(parts, c, [share_of(part, len(jobs), n) for part in range(len(jobs))])
        else:                                   # no thread waits for another
            in_threads(partial(Filling.fill, numbers=run), parts)
    return in_threads(Filling.table, parts)


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


def connections_of(job: Job) -> np.ndarray:
    """All connections of a generator's projection in one partition (CONNECTION records)."""
    most = job.drawing.prepared.longest * int(job.record[0]["n_rows"])
    out = job.at("conns_at", np.empty(most, CONNECTION))
    return out[:kernel(list_connections)(address(job.record))]
