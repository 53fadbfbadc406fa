"""Filling the synapse table of one partition, bundle by bundle, once all sizes are known.

Several threads may fill one partition. They place the synapses of a share of the targets each: what the first pass counted
gives every share its own places among a source's synapses, in the order of shares. Then they sort, a block of sources at a
time. The table is the same, bit for bit, as that which one thread fills.
"""
from __future__ import annotations

from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution

from .compile import kernel
from .layout import CLASS, GROUP
from .native import address
from .record_kernels import SHARE, make_draw, make_sort, place_records
from .stored import Bundle, Table
from .table_kernels import HEAD, head_groups, make_order, make_place, sort_groups
from .threads import cut, in_turns

if TYPE_CHECKING:
    from .tables import Job

BLOCK = 1 << 12             # synapses that are sorted at once, at least, where several threads sort


@dataclass(frozen=True)
class Way:
    """How a bundle is built: row by row where all rows are sources; else by records, if they have room for its delays and
    weights, or else by arrays. lane_bits: of the lanes in a record."""

    by_row: bool
    by_record: bool
    lane_bits: int


def way_of(b: Bundle, members: list[list[Job]]) -> Way:
    """members: the bundle's jobs in every partition."""
    lane_bits = max(1, max(max(job.top for job in part) for part in members) - 1).bit_length()
    fits = b.kind != 2 and lane_bits + (b.steps[1] - b.steps[0]).bit_length() <= 32
    by_row = fits and all(job.drawing.by_source for job in members[0])
    return Way(by_row, fits and not by_row and b.kind == 1 and b.late, lane_bits)


def in_order(members: list[Job]) -> list[Job] | None:
    """The jobs in the order of the lanes that they reach; None if lanes do not come in order in that way."""
    ends = []
    for job in members:
        weight, shift = job.drawing.projection.weight, int(job.record[0]["negative_shift"])
        if shift and isinstance(weight, Distribution):
            low, high = weight.limits()
            if low < 0.0 <= high:
                return None
            shift = shift if high < 0.0 else 0
        elif shift and (isinstance(weight, np.ndarray) or weight < 0.0):
            return None
        if job.drawing.by_source or job.drawing.receptors is not None:
            return None
        lanes = job.lanes[job.lanes >= 0]
        if len(lanes):
            ends.append((int(lanes.min()) + shift, int(lanes.max()) + shift, job))
    ends.sort(key=lambda entry: entry[:2])
    if any(this[1] >= following[0] for this, following in zip(ends, ends[1:])):
        return None
    return [entry[2] for entry in ends]


class Filling:
    """The table of one partition while it is filled, by so many threads. Bundles are filled in their order."""

    def __init__(self, jobs: list[Job], bundles: list[Bundle], ways: list[Way], n_nodes: int, target_type: type,
                 threads: int) -> None:
        self.jobs, self.bundles, self.ways, self.target_type, self.threads = jobs, bundles, ways, target_type, threads
        self.sizes = [sum(jobs[i].total for i in b.members) for b in bundles]
        self.begins = [0, *np.cumsum(self.sizes, dtype=np.int64).tolist()]
        total = self.begins[-1]
        if total >= 2**32:
            raise BadConnection(f"{total:,} synapses end in one partition; at most 2^32 fit: on CPU cores, more threads "
                                f"make more partitions")
        self.weight_begins, self.stored = [], [0, 0, 0]
        room = 0
        for b, size, way in zip(bundles, self.sizes, ways):
            self.weight_begins.append(self.stored[b.kind])
            self.stored[b.kind] += size
            if way.by_record:                   # records stand where weights will, and twice as far
                room = max(room, self.weight_begins[-1] + 1 + 2 * size)
        self.targets: np.ndarray = np.empty(total, target_type)
        self.weights32, self.weights64 = np.empty(max(room, self.stored[1]), np.int32), np.empty(self.stored[2], np.int64)
        self.classes = np.zeros(max(len(bundles), 1), CLASS)
        self.counts = np.zeros((2, n_nodes + 1), np.uint32)         # headers of a source: of constant delays, of others
        self.found: dict[int, np.ndarray] = {}
        self.bounds: dict[int, np.ndarray] = {}                     # where each source's synapses begin, and the last's end

    def begin(self, c: int) -> list[Job]:
        """Point a bundle's jobs to their places; returns them."""
        b, size, way, begin, weight_begin = self.bundles[c], self.sizes[c], self.ways[c], self.begins[c], self.weight_begins[c]
        # the scale knows nothing of a projection that drew no synapse: its weight need not fit
        value = (b.value if b.kind == 0 else 1 << (b.exponent - b.scale)) if size else 0
        self.classes[c] = (b.kind, value, weight_begin - begin if b.kind else 0)
        members = [self.jobs[i] for i in b.members]
        of_source = np.zeros(len(members[0].node_ids), np.uint32)
        for job in members:
            for counts in job.counts:
                of_source += counts
        bounds = self.bounds[c] = np.full(len(of_source) + 1, begin, np.uint32)
        bounds[1:] += np.cumsum(of_source, dtype=np.uint32)
        arrays = dict(targets_at=self.targets, weights32_at=self.weights32, weights64_at=self.weights64, bounds_at=bounds)
        self.found[c] = arrays["group_counts_at"] = (of_source > 0).astype(np.uint32)
        if b.late:
            most = np.minimum(of_source, b.steps[1] - b.steps[0] + 1)
            arrays["heads_at"] = np.empty(int(most.sum(dtype=np.int64)), HEAD)
            arrays["head_begins_at"] = np.cumsum(most, dtype=np.int64) - most
            if not (way.by_row or way.by_record):
                arrays["steps_at"] = np.empty(size, np.uint32)
        for job in members:
            r = job.record[0]
            r["begin"], r["cls"], r["weight_kind"], r["weight_begin"] = begin, c, b.kind, weight_begin
            r["constant_steps"], r["n_steps"], r["weight_scale"] = *b.steps, 2.0**b.scale
            r["first_steps"], r["lane_bits"] = b.steps[0], way.lane_bits
            r["key_bits"] = way.lane_bits + (b.steps[1] - b.steps[0]).bit_length()
            if way.by_record:
                r["records_at"] = address(self.weights32) + 4 * (weight_begin + weight_begin % 2)
            for name, array in arrays.items():
                job.at(name, array)
        return members

    def fill(self, numbers: list[int]) -> None:
        """Fill in bundles that are not drawn row by row."""
        for c in numbers:
            self.fill_one(c)

    def fill_one(self, c: int) -> None:
        members, way, b = self.begin(c), self.ways[c], self.bundles[c]
        ordered = in_order(members) if way.by_record and len(members) > 1 else None
        self.place(c, members if ordered is None else ordered)
        last = members[-1]
        by_source = any(job.drawing.by_source for job in members)
        last.record[0]["sort_lanes"] = ordered is None and (len(members) > 1 or by_source)
        if way.by_record:
            self.sort(c, make_sort(self.target_type), last, True)
        elif b.late or by_source:               # else drawn in the order of targets, and every source has one group
            self.sort(c, make_order(self.target_type), last, False)
        for job in members:
            job.let_go("steps_at")

    def place(self, c: int, members: list[Job]) -> None:
        """Draw the synapses, in shares, and write them to their sources' places."""
        kernel_of: Any = kernel(place_records) if self.ways[c].by_record else make_place(self.target_type)
        # counts of the first pass become the places where the next synapse of a source in a share goes
        after = self.bounds[c][:-1].copy()
        for job in members:
            for counts in job.counts:
                after += counts
                np.subtract(after, counts, out=counts)
        shares = [job.share(i) for job in members for i in range(len(job.cuts))]
        in_turns(lambda share: kernel_of(address(share)), shares, self.threads)
        for job in members:
            job.counts = []

    def sort(self, c: int, sort: Any, job: Job, over_records: bool) -> None:
        """Sort in blocks of sources. over_records: a block's weights take the place of records half as far along, which must
        have been read by then."""
        many = 1 if self.threads == 1 else min(16 * self.threads, self.sizes[c] // BLOCK)
        bounds = self.bounds[c].astype(np.int64) - self.begins[c]
        blocks = cut(bounds, many)
        read = [Event() for _ in blocks]
        needed = np.searchsorted(bounds[[first for first, _ in blocks]], [bounds[last] // 2 + 1 for _, last in blocks])

        def work(k: int) -> None:
            for earlier in read[:min(k, needed[k]) if over_records else 0]:
                earlier.wait()                  # these were begun before
            try:
                sort(address(job.record), *blocks[k])
            finally:
                read[k].set()
        in_turns(work, range(len(blocks)), self.threads)

    def table(self) -> Table:
        """The table with the headers of all groups: of each source those of constant delays, then the others by delay."""
        lasts = [self.jobs[b.members[-1]] for b in self.bundles]
        for c, (b, last) in enumerate(zip(self.bundles, lasts)):
            np.add.at(self.counts[int(b.late)], last.node_ids, self.found[c])
        first_group = np.concatenate([[0], np.cumsum(self.counts.sum(axis=0, dtype=np.int64))]).astype(np.uint32)
        first_group = first_group[:self.counts.shape[1] + 1]
        first_late = first_group[:-1] + self.counts[0]
        groups = np.empty(int(first_group[-1]), GROUP)
        places = [first_group[:-1].copy(), first_late.copy()]
        for b, last in zip(self.bundles, lasts):
            last.at("group_places_at", places[int(b.late)])
            last.at("groups_at", groups)

        def head(nodes: tuple[int, int]) -> None:
            for last in lasts:
                kernel(head_groups)(address(last.record), *nodes)
            if any(b.late for b in self.bundles):   # a source of several bundles, or that stands in one more than once
                kernel(sort_groups)(address(first_late), address(first_group), *nodes, address(groups))
        in_turns(head, cut(first_group.astype(np.int64), self.threads), self.threads)
        self.weights32.resize(self.stored[1], refcheck=False)       # no kernel uses its address any more
        return Table(first_group, first_late, groups, self.targets, self.weights32, self.weights64, self.classes)


def fill_by_row(parts: list[Filling], c: int, threads: int) -> None:
    """Fill in a bundle whose rows are sources: each thread draws its share of them, for all partitions."""
    members = [part.begin(c) for part in parts]
    jobs = np.array([address(job.record) for peers in zip(*members) for job in peers])
    shares = cut(np.arange(len(members[0][0].node_ids) + 1), threads)
    records = np.zeros(len(shares), SHARE)
    longest = [job.drawing.prepared.longest for job in members[0]]
    for record, (first, last) in zip(records, shares):
        record["n_members"], record["n_parts"], record["jobs_at"] = len(members[0]), len(parts), address(jobs)
        record["first"], record["last"], record["room"] = first, last, sum(longest) + 1
    draw = make_draw(parts[0].target_type)
    in_turns(lambda i: draw(address(records[i:i + 1])), range(len(records)), threads)
