"""Compiled code that makes tables by way of records: what a synapse holds in one word of 64 bits, sorted source by source.

A record is weight << 32 | (delay - shortest) << lane_bits | lane. Its lower half is the key that a source's synapses are sorted
by. Rows that are sources are sorted as they are drawn. Rows that are targets write each synapse to its source's place first, in
one piece, since every such write misses the caches; the weights then take the place of records that have been read.
"""
from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .compile import Kernel, kernel
from .layout import record
from .native import MUCH, address_of, call3, view
from .table_kernels import HEAD, JOB, heads_of, longest_of, row_values, to_steps

# Rows first .. last - 1 of a bundle whose rows are sources. jobs_at: the addresses of its members' jobs in every partition.
SHARE = record("n_members", "n_parts", "jobs_at", "first", "last", "room")
DIGITS = 11                 # bits that are sorted by at once, at most


@register_jitable
def values_of(job, index, n, partners, weights, delays, which):
    """The weights, delays and receptors of a row."""
    if job.weight_kind:
        row_values(job.weights_at, index, n, partners, weights, job.by_source)
    if job.heads_at:
        row_values(job.delays_at, index, n, partners, delays, job.by_source)
    if job.receptors_at:
        row_values(job.receptors_at, index, n, partners, which, job.by_source)


@register_jitable
def pack(job, n, weights, delays, packed):
    """Records of a row, without lanes."""
    scale, dt, first, bits = job.weight_scale, job.dt, job.first_steps, np.uint64(job.lane_bits)
    if job.weight_kind:
        for i in range(n):
            packed[i] = np.uint64(np.int64(np.floor(weights[i] * scale + 0.5))) << np.uint64(32)
    else:
        packed[:n] = np.uint64(0)
    if job.heads_at:
        for i in range(n):
            packed[i] |= np.uint64(to_steps(delays[i], dt) - first) << bits


@register_jitable
def shift_of(job, i, weights, which):
    """How far the lane of a synapse lies from its target's first."""
    if job.receptors_at:
        return np.int64(view(job.shifts_at, MUCH, np.int32)[np.int64(which[i])])
    return job.negative_shift if job.weight_kind and weights[i] < 0.0 else 0


def place_records(p):
    """Second pass of one projection, or of a share of its rows: write the records to their sources' places."""
    job = view(p, 1, JOB)[0]
    rows, lane_of = view(job.rows_at, job.n_rows, np.int32), view(job.lane_at, MUCH, np.int32)
    places, records = view(job.counts_at, job.n_sources, np.uint32), view(job.records_at - 8 * job.begin, MUCH, np.uint64)
    room = job.longest + 1
    partners, weights, delays, which = np.empty(room, np.int32), np.empty(room), np.empty(room), np.empty(room)
    packed = np.empty(room, np.uint64)
    for r in range(job.n_rows):
        index = np.int64(rows[r])
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        values_of(job, index, n, partners, weights, delays, which)
        pack(job, n, weights, delays, packed)
        if job.by_source or job.receptors_at or job.negative_shift:
            for i in range(n):
                source, lane = (index, lane_of[partners[i]]) if job.by_source else (np.int64(partners[i]), lane_of[index])
                if lane >= 0:
                    place = places[source]
                    places[source] = place + np.uint32(1)
                    records[np.int64(place)] = packed[i] | np.uint64(lane + shift_of(job, i, weights, which))
        else:
            lane = np.uint64(lane_of[index])
            for i in range(n):
                place = places[partners[i]]
                places[partners[i]] = place + np.uint32(1)
                records[np.int64(place)] = packed[i] | lane
    return 0


@register_jitable
def sort_records(a, b, n, bits, end, counts):
    """Sort records by their bits `bits` .. end - 1, stably, from a or into b and back; returns where they are."""
    size = 1
    while size < DIGITS and (2 << size) <= n:
        size += 1
    passes = (end - bits + size - 1) // size
    while bits < end:
        size = (end - bits + passes - 1) // passes
        cells, mask, shift = 1 << size, np.uint64((1 << size) - 1), np.uint64(bits)
        counts[:cells] = 0
        for i in range(n):
            counts[(a[i] >> shift) & mask] += np.uint32(1)
        at = np.uint32(0)
        for c in range(cells):
            here = counts[c]
            counts[c] = at
            at += here
        for i in range(n):
            cell = (a[i] >> shift) & mask
            b[counts[cell]] = a[i]
            counts[cell] += np.uint32(1)
        a, b = b, a
        bits += size
        passes -= 1
    return a


@register_jitable
def write_source(job, s, begin, n, records, targets):
    """Write the sorted records of a source to the table, with the headers of its groups; returns how many."""
    lanes = np.uint64((1 << job.lane_bits) - 1)
    for i in range(n):
        targets[i] = records[i] & lanes
    if job.weight_kind:
        weights = view(job.weights32_at + 4 * (begin - job.begin + job.weight_begin), n, np.int32)
        for i in range(n):
            weights[i] = np.int32(np.uint32(records[i] >> np.uint64(32)))
    if job.heads_at == 0:
        return 1
    h, heads = heads_of(job)[s], view(job.heads_at, MUCH, HEAD)
    first, shift, groups = np.uint64(job.first_steps), np.uint64(job.lane_bits), 0
    low = np.uint64(0xFFFFFFFF)
    i = 0
    while i < n:
        delay = (records[i] & low) >> shift
        i += 1
        while i < n and (records[i] & low) >> shift == delay:
            i += 1
        head = heads[h + groups]
        head.end, head.delay = np.uint32(begin + i), np.uint32(delay + first)
        groups += 1
    return groups


def make_sort(target_type: type) -> Kernel:
    """The kernel `sort_sources(job, first, last)`, which makes the part of some sources in the table from their records."""
    itemsize = np.dtype(target_type).itemsize

    def sort_sources(p, first, last):
        job = view(p, 1, JOB)[0]
        bounds = view(job.bounds_at, job.n_sources + 1, np.uint32)
        found = view(job.group_counts_at, job.n_sources, np.uint32)
        longest = longest_of(bounds, first, last)
        here, there, counts = np.empty(longest, np.uint64), np.empty(longest, np.uint64), np.empty(1 << DIGITS, np.uint32)
        bits = 0 if job.sort_lanes else job.lane_bits
        for s in range(first, last):
            begin = np.int64(bounds[s])
            n = np.int64(bounds[s + 1]) - begin
            if n:
                here[:n] = view(job.records_at + 8 * (begin - job.begin), n, np.uint64)
                records = sort_records(here, there, n, bits, job.key_bits, counts)
                targets = view(job.targets_at + itemsize * begin, n, target_type)
                found[s] = write_source(job, s, begin, n, records, targets)
        return 0
    return kernel(sort_sources, variant=target_type.__name__)


def make_draw(target_type: type) -> Kernel:
    """The kernel `draw_sources(share)`: the second pass of a bundle whose rows are sources, for all partitions."""
    itemsize = np.dtype(target_type).itemsize

    def draw_sources(p):
        share = view(p, 1, SHARE)[0]
        jobs, parts, room = view(share.jobs_at, share.n_members * share.n_parts, np.int64), share.n_parts, share.room
        partners, weights, delays, which = np.empty(room, np.int32), np.empty(room), np.empty(room), np.empty(room)
        packed, there, counts = np.empty(room, np.uint64), np.empty(room, np.uint64), np.empty(1 << DIGITS, np.uint32)
        here, fill = np.empty((parts + 1) * room, np.uint64), np.empty(parts + 1, np.int64)     # the last: of no partition
        for s in range(share.first, share.last):
            for part in range(parts + 1):
                fill[part] = part * room
            for m in range(share.n_members):
                job = view(jobs[m * parts], 1, JOB)[0]
                where = view(job.where_at, MUCH, np.int64)
                n = call3(job.row_kernel, job.row_at, s, address_of(partners))
                values_of(job, s, n, partners, weights, delays, which)
                pack(job, n, weights, delays, packed)
                # asked of the last partition, which holds a node of every block: earlier ones may hold none, and no shift
                shifted = job.receptors_at or view(jobs[m * parts + parts - 1], 1, JOB)[0].negative_shift
                for i in range(n):
                    lane = where[partners[i]]
                    part = lane >> 32
                    if shifted and part < parts:
                        lane += shift_of(view(jobs[m * parts + part], 1, JOB)[0], i, weights, which)
                    here[fill[part]] = packed[i] | np.uint64(lane & 0xFFFFFFFF)
                    fill[part] += 1
            for part in range(parts):
                job = view(jobs[part], 1, JOB)[0]
                n = fill[part] - part * room
                if n:
                    begin = np.int64(view(job.bounds_at, MUCH, np.uint32)[s])
                    records = sort_records(here[part * room:part * room + n], there, n, 0, job.key_bits, counts)
                    targets = view(job.targets_at + itemsize * begin, n, target_type)
                    view(job.group_counts_at, MUCH, np.uint32)[s] = write_source(job, s, begin, n, records, targets)
        return 0
    return kernel(draw_sources, variant=target_type.__name__)
