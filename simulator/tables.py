"""Building the synapse tables: one for each partition, by one thread each, or by several where there are fewer partitions.

Two passes over all projections (see `table_kernels`): after the first, sizes and the receptors' worst cases are known. The
second is in `filling`.
"""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from threading import Lock
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
from .threads import cut, in_turns


@dataclass
class Job:
    """One projection in one partition: the kernels' record, and the arrays that it points to."""

    drawing: Drawing
    record: np.ndarray
    node_ids: np.ndarray                        # node number of every source
    lanes: np.ndarray
    degrees: np.ndarray
    top: int                                    # lanes that it may reach are below
    cuts: list[tuple[int, int]] = field(default_factory=list)       # of its rows, in shares
    counts: list[np.ndarray] = field(default_factory=list)          # of each share by source; of rows that are sources, one
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

    def share(self, i: int) -> np.ndarray:
        """The kernels' record of a share of the rows."""
        record, (first, last) = self.record.copy(), self.cuts[i]
        record[0]["rows_at"] += 4 * first
        record[0]["n_rows"], record[0]["counts_at"] = last - first, address(self.counts[min(i, len(self.counts) - 1)])
        return record


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


def count_jobs(jobs: list[list[Job]], threads: int) -> None:
    """First pass, in shares of the rows: of each partition or, where rows are sources, for all partitions."""
    work: list[Callable[[], Any]] = []
    for members in zip(*jobs):
        for job in members:
            lay_shares(job, max(1, threads // len(jobs)))
        work += count_by_source(members, threads) if members[0].drawing.by_source else \
            [partial(count_share, job, i) for job in members for i in range(len(job.cuts))]
    in_turns(lambda share: share(), work, threads)
    for job in (job for part in jobs for job in part):
        job.total = sum(int(counts.sum(dtype=np.int64)) for counts in job.counts)


def lay_shares(job: Job, most: int) -> None:
    """Cut a job's rows into shares, with counts of their own; not so many that these need more memory than the synapses."""
    r, n_sources = job.record[0], len(job.node_ids)
    n_rows = int(r["n_rows"])
    if not job.drawing.by_source:
        most = max(1, min(most, n_rows * job.drawing.prepared.longest // n_sources))
    job.cuts = cut(np.arange(n_rows + 1), most)
    job.counts = [np.zeros(n_sources, np.uint32) for _ in (job.cuts if not job.drawing.by_source else [()])]


def count_share(job: Job, i: int) -> None:
    record = job.share(i)
    kernel(count_synapses)(address(record))


def count_by_source(members: tuple[Job, ...], threads: int) -> list[Callable[[], None]]:
    """Counting what rows that are sources hold, in shares of them; members: the job of every partition."""
    where = np.full(len(members[0].lanes), len(members) << 32, np.int64)
    for part, job in enumerate(members):
        mine = job.lanes >= 0
        where[mine] = (part << 32) + job.lanes[mine]
        job.record[0]["counts_at"] = address(job.counts[0])
    for job in members:
        job.at("where_at", where)
    addresses = np.array([address(job.record) for job in members])
    one_by_one = Lock()

    def count(first: int, last: int) -> None:
        degrees = np.zeros(len(where), np.uint32)
        kernel(count_rows)(address(addresses), len(members), first, last, address(degrees))
        with one_by_one:
            np.add(members[0].degrees, degrees, out=members[0].degrees)
    return [partial(count, *share) for share in cut(np.arange(len(members[0].node_ids) + 1), threads)]


def fill_jobs(jobs: list[list[Job]], bundles: list[Bundle], n_nodes: int, target_type: type, threads: int) -> list[Table]:
    """Second pass: the table of every partition."""
    ways = [way_of(b, [[part[i] for i in b.members] for part in jobs]) for b in bundles]
    parts = [Filling(part, bundles, ways, n_nodes, target_type, max(1, threads // len(jobs))) for part in jobs]
    for by_row, numbers in groupby(range(len(bundles)), lambda c: ways[c].by_row):
        run = list(numbers)
        if by_row:
            for c in run:
                fill_by_row(parts, c, threads)
        else:                                   # no partition waits for another
            in_turns(partial(Filling.fill, numbers=run), parts, threads)
    return in_turns(Filling.table, parts, threads)


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
