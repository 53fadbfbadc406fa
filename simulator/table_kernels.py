"""Compiled code that draws a projection's synapses and sorts them into the table of one partition.

Two passes draw the same rows: the first counts synapses by source, the second writes each to its place. Nothing is stored in
between, so building needs little more memory than its result. Several threads may share the rows, each with counts of its own,
and then the sources, or the nodes, to be sorted.
"""
from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .compile import Kernel, kernel
from .layout import GROUP, VALUES, record
from .native import MUCH, address_of, call3, call4, call5, view

HALF_UP = 0.5 + 1e-9        # delays halfway between two steps are rounded up, as in NEST: 0.15 / 0.1 is below 1.5

# One projection in one partition. Rows are targets (by_source = 0) or sources; lane_at gives the input lane of every position
# among the targets, or -1 where another partition holds it; where_at, if rows are sources, the partition << 32 and that lane.
# heads_at, head_begins_at: the headers of every source's groups, until they are put together, and where each source's begin.
# counts_at: synapses of every source in these rows, then where its next one goes; bounds_at: where each source's synapses begin
# in the table, and where the last one's end.
JOB = record("by_source", "n_rows", "rows_at", "lane_at", "where_at", "n_sources", "row_kernel", "row_at", "longest",
             "counts_at", "bounds_at", "degrees_at", "weights_at", "delays_at", "weight_kind", "begin", "weight_begin",
             "targets_at", "weights32_at", "weights64_at", "steps_at", "heads_at", "head_begins_at", "group_counts_at",
             "group_places_at", "groups_at", "cls", "n_steps", "constant_steps", "conns_at", "ids_at", "negative_shift",
             "receptors_at", "shifts_at", "sort_lanes", "value", "records_at", "lane_bits", "key_bits", "first_steps",
             dt=np.float64, weight_scale=np.float64)

# One group of a source: where it ends, and its delay.
HEAD = np.dtype([("end", np.uint32), ("delay", np.uint32)])

# One connection of a generator.
CONNECTION = np.dtype([("source", np.uint32), ("lane", np.uint32), ("row", np.uint32), ("nth", np.uint32),
                       ("weight", np.float64), ("steps", np.int64)])



@register_jitable
def row_values(values_at, index, n, partners, values, by_source):
    """The weights or delays of a row: one constant, a distribution's, an expression's, or the user's array (by pair, or in
    drawing order)."""
    v = view(values_at, 1, VALUES)[0]
    if v.kind == 0:
        for i in range(n):
            values[i] = v.constant
    elif v.kind == 1:
        call4(v.fill_at, values_at, index, n, address_of(values))
    elif v.kind == 4:
        call5(v.fill_at, values_at, index, n, address_of(partners), address_of(values))
    else:
        array = view(v.array_at, MUCH, np.float64)
        if v.kind == 2:
            own, other = (v.stride_s, v.stride_t) if by_source else (v.stride_t, v.stride_s)
            for i in range(n):
                values[i] = array[index * own + partners[i] * other]
        else:
            begin = view(v.starts_at, MUCH, np.int64)[index]
            for i in range(n):
                values[i] = array[begin + i]


def count_synapses(p):
    """First pass over rows that are targets: synapses by source, and by target; returns how many."""
    job = view(p, 1, JOB)[0]
    rows = view(job.rows_at, job.n_rows, np.int32)
    counts, degrees = view(job.counts_at, job.n_sources, np.uint32), view(job.degrees_at, MUCH, np.uint32)
    partners = np.empty(job.longest + 1, np.int32)
    total = 0
    for r in range(job.n_rows):
        index = np.int64(rows[r])
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        for i in range(n):
            counts[partners[i]] += np.uint32(1)
        degrees[index] += np.uint32(n)
        total += n
    return total


def count_rows(jobs_at, n_parts, first, last, degrees_at):
    """The same of rows first .. last - 1 that are sources, for all partitions. jobs_at: the addresses of their jobs."""
    jobs, degrees = view(jobs_at, n_parts, np.int64), view(degrees_at, MUCH, np.uint32)
    job = view(jobs[0], 1, JOB)[0]
    where = view(job.where_at, MUCH, np.int64)
    partners, found = np.empty(job.longest + 1, np.int32), np.empty(n_parts + 1, np.uint32)
    for index in range(first, last):
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        found[:] = 0
        for i in range(n):
            part = where[partners[i]] >> 32
            found[part] += np.uint32(1)
            degrees[partners[i]] += np.uint32(part < n_parts)
        for part in range(n_parts):
            view(view(jobs[part], 1, JOB)[0].counts_at, MUCH, np.uint32)[index] = found[part]
    return 0


@register_jitable
def to_steps(delay, dt):
    return max(np.int64(1), np.int64(delay / dt + HALF_UP))      # a whole number is rounded down, as delays are not below 0


@register_jitable
def place(job, targets):
    """Second pass: write targets, weights and delays to their places, by source."""
    rows, lane_of = view(job.rows_at, job.n_rows, np.int32), view(job.lane_at, MUCH, np.int32)
    places = view(job.counts_at, job.n_sources, np.uint32)      # where the next synapse of a source goes
    partners = np.empty(job.longest + 1, np.int32)
    weights, delays, which = np.empty(job.longest + 1), np.empty(job.longest + 1), np.empty(job.longest + 1)
    small, large = view(job.weights32_at, MUCH, np.int32), view(job.weights64_at, MUCH, np.int64)
    steps = view(job.steps_at, MUCH, np.uint32)
    plain = job.weight_kind == 0 and job.steps_at == 0 and job.receptors_at == 0
    for r in range(job.n_rows):
        index = np.int64(rows[r])
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        if plain and not job.by_source:
            lane = lane_of[index]
            for i in range(n):
                place = np.int64(places[partners[i]])
                places[partners[i]] = np.uint32(place + 1)
                targets[place] = lane
            continue
        if job.weight_kind:
            row_values(job.weights_at, index, n, partners, weights, job.by_source)
        if job.steps_at:
            row_values(job.delays_at, index, n, partners, delays, job.by_source)
        if job.receptors_at:
            row_values(job.receptors_at, index, n, partners, which, job.by_source)
        for i in range(n):
            source, lane = (index, lane_of[partners[i]]) if job.by_source else (np.int64(partners[i]), lane_of[index])
            if lane >= 0:
                place = np.int64(places[source])
                places[source] = np.uint32(place + 1)
                if job.receptors_at:
                    lane += view(job.shifts_at, MUCH, np.int32)[np.int64(which[i])]
                targets[place] = lane + (job.negative_shift if job.weight_kind and weights[i] < 0.0 else 0)
                if job.weight_kind == 1:
                    small[place - job.begin + job.weight_begin] = np.int32(np.floor(weights[i] * job.weight_scale + 0.5))
                elif job.weight_kind == 2:
                    large[place - job.begin + job.weight_begin] = np.int64(np.floor(weights[i] * job.weight_scale + 0.5))
                if job.steps_at:
                    steps[place - job.begin] = np.uint32(to_steps(delays[i], job.dt))


@register_jitable
def sort_source(job, begin, n, targets, order, spare, histogram):
    """Sort a source's synapses by (delay, lane), stably, by counting: bytes of the lane first, then the delay."""
    small, large = view(job.weights32_at, MUCH, np.int32), view(job.weights64_at, MUCH, np.int64)
    steps = view(job.steps_at, MUCH, np.uint32)
    for i in range(n):
        order[i] = i
    if job.sort_lanes:
        for byte in range(targets.itemsize):
            histogram[:257] = 0
            for i in range(n):
                histogram[1 + ((np.int64(targets[begin + order[i]]) >> (8 * byte)) & 255)] += 1
            for b in range(256):
                histogram[b + 1] += histogram[b]
            for i in range(n):
                bucket = (np.int64(targets[begin + order[i]]) >> (8 * byte)) & 255
                spare[histogram[bucket]] = order[i]
                histogram[bucket] += 1
            for i in range(n):
                order[i] = spare[i]
    if job.steps_at:
        histogram[:job.n_steps + 2] = 0
        for i in range(n):
            histogram[1 + np.int64(steps[begin - job.begin + i])] += 1
        for b in range(job.n_steps + 1):
            histogram[b + 1] += histogram[b]
        for i in range(n):
            later = np.int64(steps[begin - job.begin + order[i]])
            spare[histogram[later]] = order[i]
            histogram[later] += 1
        for i in range(n):
            order[i] = spare[i]
        apply_order(steps, begin - job.begin, n, order, spare)
    apply_order(targets, begin, n, order, spare)
    if job.weight_kind == 1:
        apply_order(small, begin - job.begin + job.weight_begin, n, order, spare)
    elif job.weight_kind == 2:
        apply_order(large, begin - job.begin + job.weight_begin, n, order, spare)


@register_jitable
def apply_order(values, begin, n, order, spare):
    for i in range(n):
        spare[i] = values[begin + order[i]]
    for i in range(n):
        values[begin + i] = spare[i]


@register_jitable
def heads_of(job):
    """Where the headers of each source begin."""
    return view(job.head_begins_at, job.n_sources, np.int64)


@register_jitable
def longest_of(bounds, first, last):
    """The most synapses that one of the sources first .. last - 1 has."""
    longest = np.int64(0)
    for s in range(first, last):
        longest = max(longest, np.int64(bounds[s + 1]) - np.int64(bounds[s]))
    return longest


@register_jitable
def order(job, first, last, targets):
    """Sort the synapses of sources first .. last - 1 and count their groups: runs of equal delay."""
    bounds = view(job.bounds_at, job.n_sources + 1, np.uint32)
    steps, heads, head_begins = view(job.steps_at, MUCH, np.uint32), view(job.heads_at, MUCH, HEAD), heads_of(job)
    found = view(job.group_counts_at, job.n_sources, np.uint32)
    longest = longest_of(bounds, first, last)
    places, spare = np.empty(longest, np.int64), np.empty(longest, np.int64)
    histogram = np.zeros(max(257, job.n_steps + 2), np.int64)
    for s in range(first, last):
        begin = np.int64(bounds[s])
        n = np.int64(bounds[s + 1]) - begin
        if n > 0:
            sort_source(job, begin, n, targets, places, spare, histogram)
            groups = 1
            if job.steps_at:
                h = head_begins[s]
                for i in range(begin - job.begin, begin - job.begin + n):
                    if i > begin - job.begin and steps[i] != steps[i - 1]:
                        h += 1
                        groups += 1
                    heads[h].end, heads[h].delay = np.uint32(job.begin + i + 1), steps[i]
            found[s] = groups


def make_place(target_type: type) -> Kernel:
    """The kernel `place_synapses(job)`: the second pass of one projection, or of a share of its rows."""
    def place_synapses(p):
        job = view(p, 1, JOB)[0]
        place(job, view(job.targets_at, MUCH, target_type))
        return 0
    return kernel(place_synapses, variant=target_type.__name__)


def make_order(target_type: type) -> Kernel:
    """The kernel `order_synapses(job, first, last)`, for a bundle of which a source's synapses do not come in order."""
    def order_synapses(p, first, last):
        job = view(p, 1, JOB)[0]
        order(job, first, last, view(job.targets_at, MUCH, target_type))
        return 0
    return kernel(order_synapses, variant=target_type.__name__)


def head_groups(p, first, last):
    """Write the headers of a bundle's groups to their sources' places, for sources that are nodes first .. last - 1."""
    job = view(p, 1, JOB)[0]
    bounds, heads = view(job.bounds_at, job.n_sources + 1, np.uint32), view(job.heads_at, MUCH, HEAD)
    head_begins = heads_of(job)
    places, groups = view(job.group_places_at, MUCH, np.uint32), view(job.groups_at, MUCH, GROUP)
    ids = view(job.ids_at, job.n_sources, np.int32)
    for s in range(job.n_sources):
        if ids[s] < first or ids[s] >= last:
            continue
        begin, end = np.int64(bounds[s]), np.int64(bounds[s + 1])
        h = head_begins[s] if job.heads_at else 0
        while begin < end:
            group = groups[places[ids[s]]]
            places[ids[s]] += np.uint32(1)
            group.begin, group.end, group.delay, group.cls = np.uint32(begin), np.uint32(end), np.uint32(job.constant_steps), \
                np.uint32(job.cls)
            if job.heads_at:
                group.end, group.delay = heads[h].end, heads[h].delay
                h += 1
            begin = np.int64(group.end)
    return 0


def sort_groups(first_late, first_group, low, high, groups_at):
    """Sort the headers of differing delays of each of the nodes low .. high - 1 by delay, stably: runs of them are sorted
    already."""
    begins, firsts = view(first_late, high, np.uint32), view(first_group, high + 1, np.uint32)
    groups = view(groups_at, MUCH, GROUP)
    for s in range(low, high):
        first = np.int64(begins[s])
        for i in range(first + 1, np.int64(firsts[s + 1])):
            begin, end, delay, cls = groups[i].begin, groups[i].end, groups[i].delay, groups[i].cls
            j = i
            while j > first and groups[j - 1].delay > delay:
                above = groups[j - 1]
                here = groups[j]
                here.begin, here.end, here.delay, here.cls = above.begin, above.end, above.delay, above.cls
                j -= 1
            here = groups[j]
            here.begin, here.end, here.delay, here.cls = begin, end, delay, cls
    return 0


def list_connections(p):
    """The connections of a generator projection, in the order of rows: CONNECTION records; returns how many."""
    job = view(p, 1, JOB)[0]
    rows, lane_of = view(job.rows_at, job.n_rows, np.int32), view(job.lane_at, MUCH, np.int32)
    partners = np.empty(job.longest + 1, np.int32)
    weights, delays, which = np.empty(job.longest + 1), np.empty(job.longest + 1), np.empty(job.longest + 1)
    out = view(job.conns_at, MUCH, CONNECTION)
    found = 0
    for r in range(job.n_rows):
        index = np.int64(rows[r])
        n = call3(job.row_kernel, job.row_at, index, address_of(partners))
        row_values(job.weights_at, index, n, partners, weights, job.by_source)
        row_values(job.delays_at, index, n, partners, delays, job.by_source)
        if job.receptors_at:
            row_values(job.receptors_at, index, n, partners, which, job.by_source)
        for i in range(n):
            source, lane = (index, lane_of[partners[i]]) if job.by_source else (np.int64(partners[i]), lane_of[index])
            if lane >= 0:
                c = out[found]
                lane += view(job.shifts_at, MUCH, np.int32)[np.int64(which[i])] if job.receptors_at else 0
                lane += job.negative_shift if weights[i] < 0.0 else 0
                c.source, c.lane, c.row, c.nth = np.uint32(source), np.uint32(lane), np.uint32(index), np.uint32(i)
                c.weight, c.steps = weights[i], to_steps(delays[i], job.dt)
                found += 1
    return found
