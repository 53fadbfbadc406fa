"""The compiled loop over slices: all steps of a run, on one thread for each set of partitions.

A slice is as many steps as the shortest delay has. Within it no partition needs the others: each advances its nodes, lists
their spikes in the order of (step, node), and waits at the barrier; then each delivers all spikes of the slice to its own
nodes. Spike lists are kept twice, for even and odd slices, so that one barrier a slice is enough.
"""
from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from .arrivals import add_group, note, ring_row
from .compile import Kernel, kernel
from .laps import (
    ARRIVALS,
    ARRIVED,
    DELIVERED,
    DELIVERY,
    LISTING,
    OUTSIDE,
    SAMPLING,
    SLICES,
    SPIKES,
    WAITING,
    first_of,
    lap,
    total_of,
)
from .layout import BARRIER, CLASS, GROUP, HALT, PART, REQUEST, RUN, STEP, SYNC_WORDS, TAP
from .native import MUCH, atomic_add, atomic_load, atomic_store, call3, call4, prefetch, view, wait_for

PART_BYTES = PART.itemsize
LINES_AHEAD = 64                # cache lines of the next spike's targets that are asked for


@register_jitable
def advance_partition(part, at, k, m, laps, first):
    """What arrives, generators, nodes and samples of m steps from k on; at: where the partition's record stands; laps: None,
    or the counters of a run that is profiled, those of drives and blocks from `first` on."""
    drives, blocks = view(part.drives_at, 2 * part.n_drives, np.int64), view(part.blocks_at, 2 * part.n_blocks, np.int64)
    for lag in range(m):
        if part.arrive_kernel:
            arrived = call3(part.arrive_kernel, at, k + lag, 0)
            if laps is not None:
                laps[ARRIVED] += arrived
            lap(laps, ARRIVALS)
        for j in range(part.n_drives):
            found = call3(drives[2 * j], drives[2 * j + 1], k + lag, lag)
            if found and not part.wild:
                part.wild, part.wild_at, part.wild_step = j + 1, found - 1, k + lag
            lap(laps, first + j)
        for j in range(part.n_blocks):
            call3(blocks[2 * j], blocks[2 * j + 1], k + lag, lag)
            lap(laps, first + part.n_drives + j)
        if part.n_taps:
            sample(part, k + lag + 1)
            lap(laps, SAMPLING)


@register_jitable
def sample(part, stamp):
    """Copy recorded states of the time `stamp` (in steps) to their traces."""
    taps = view(part.taps_at, part.n_taps, TAP)
    for j in range(part.n_taps):
        tap = taps[j]
        if stamp >= tap.first and stamp <= tap.last and (stamp - tap.first) % tap.interval == 0:
            base = (stamp - tap.first) // tap.interval * tap.width
            index, column = view(tap.index_at, tap.n, np.int64), view(tap.column_at, tap.n, np.int64)
            if tap.item_bytes == 8:
                copy(view(tap.source_at, MUCH, np.int64), view(tap.out_at, MUCH, np.int64), base, index, column)
            else:
                copy(view(tap.source_at, MUCH, np.int32), view(tap.out_at, MUCH, np.int32), base, index, column)


@register_jitable
def copy(source, out, base, index, column):
    for i in range(index.size):
        out[base + column[i]] = source[index[i]]


@register_jitable
def list_spikes(part, k, m, flag_row, parity, longest):
    """Turn flags into the slice's list of spikes, and log those that are recorded."""
    ids, counts = view(part.ids_at, part.n, np.int32), view(part.counts_at, m * flag_row, np.int32)
    room = part.spike_room
    spikes = view(part.spikes_at + 4 * parity * room, room, np.int32)
    numbers = view(part.spike_counts_at + 4 * parity * room, room, np.int32)
    ends = view(part.spike_ends_at + 8 * parity * longest, m, np.int64)
    most = view(part.most_at, MUCH, np.int64)
    found = 0
    for lag in range(m):
        words = view(part.flags_at + lag * flag_row, flag_row // 8, np.uint64)
        for w in range(flag_row // 8):
            if words[w] != np.uint64(0):
                rest = words[w]
                for i in range(8 * w, 8 * w + 8):
                    if rest & np.uint64(2) and not part.sick:
                        part.sick, part.sick_step = np.int64(ids[i]) + 1, k + lag
                    if rest & np.uint64(1):
                        spikes[found] = ids[i]
                        numbers[found] = counts[lag * flag_row + i] if part.counts_at else 1
                        if (numbers[found] < 0 or numbers[found] > most[ids[i]]) and not part.excess:
                            part.excess, part.excess_step = np.int64(ids[i]) + 1, k + lag
                        found += 1
                    rest >>= np.uint64(8)
        found = list_planned(part, k + lag, spikes, numbers, found)
        ends[lag] = found
    log_spikes(part, k, m, spikes, numbers, ends)
    return found


@register_jitable
def list_planned(part, k, spikes, numbers, found):
    """Add the spikes that were known in advance."""
    steps = view(part.planned_steps_at, part.n_planned, np.int64)
    ids, counts = view(part.planned_ids_at, part.n_planned, np.int32), view(part.planned_counts_at, part.n_planned, np.int32)
    i = part.planned_next
    while i < part.n_planned and steps[i] <= k:
        if steps[i] == k:
            spikes[found] = ids[i]
            numbers[found] = counts[i]
            found += 1
        i += 1
    part.planned_next = i
    return found


@register_jitable
def log_spikes(part, k, m, spikes, numbers, ends):
    recorded = view(part.recorded_at, MUCH, np.uint8)
    steps, ids = view(part.log_steps_at, part.log_room, np.int64), view(part.log_ids_at, part.log_room, np.int32)
    counts = view(part.log_counts_at, part.log_room, np.int32)
    n, q = part.log_n, 0
    for lag in range(m):
        while q < ends[lag]:
            if recorded[spikes[q]]:
                steps[n] = k + lag
                ids[n] = spikes[q]
                counts[n] = numbers[q]
                n += 1
            q += 1
    part.log_n = n


@register_jitable
def ask_for(part, spike, targets):
    """Prefetch the targets of a spike that is delivered next."""
    first = view(part.first_group_at, MUCH, np.uint32)
    groups = view(part.groups_at, MUCH, GROUP)
    lines = 0
    for g in range(first[spike], view(part.first_late_at, MUCH, np.uint32)[spike]):
        j = np.int64(groups[g].begin)
        while j < groups[g].end and lines < LINES_AHEAD:
            prefetch(targets, j)
            j += 64 // targets.itemsize
            lines += 1


@register_jitable
def deliver(part, at, source, k, m, parity, longest, targets, ring, laps):
    """Add the weights of one partition's spikes to the rings of another (or the same) partition."""
    ends = view(source.spike_ends_at + 8 * parity * longest, m, np.int64)
    total = ends[m - 1]
    if total == 0:
        return
    spikes = view(source.spikes_at + 4 * parity * source.spike_room, total, np.int32)
    numbers = view(source.spike_counts_at + 4 * parity * source.spike_room, total, np.int32)
    first = view(part.first_group_at, MUCH, np.uint32)
    groups = view(part.groups_at, MUCH, GROUP)
    late = view(part.first_late_at, MUCH, np.uint32)
    classes = view(part.classes_at, MUCH, CLASS)
    q = 0
    for lag in range(m):
        while q < ends[lag]:
            spike = spikes[q]
            if q + 1 < total:
                ask_for(part, spikes[q + 1], targets)
            for g in range(first[spike], late[spike]):
                group = groups[g]
                row = ring_row(part, k + lag + group.delay, ring)
                add_group(part, classes[group.cls], np.int64(group.begin), np.int64(group.end), numbers[q], targets, row)
                if laps is not None:
                    laps[DELIVERED] += (np.int64(group.end) - np.int64(group.begin)) * numbers[q]
            if late[spike] < first[spike + 1]:
                note(part, k + lag, late[spike], first[spike + 1], numbers[q], groups)
            if part.draw_kernel:
                drawn = call4(part.draw_kernel, at, spike, k + lag, numbers[q])
                if laps is not None:
                    laps[DELIVERED] += drawn
            q += 1


def make_loop(ring_type: type, target_type: type, profiled: bool = False) -> Kernel:
    """The kernel `run(run, thread, k, end) -> k`: one thread's way through the slices, until `end` or a halt.

    profiled: it adds to the counters at run.laps_at, which is decided when it is compiled.
    """

    def run_slices(p, thread, k, end):
        run = view(p, 1, RUN)[0]
        sync = view(run.sync_at, SYNC_WORDS, np.int64)
        parts = view(run.parts_at, run.n_parts, PART)
        laps: Any = view(run.laps_at + 8 * run.lap_words * thread, run.lap_words, np.int64) if profiled else None
        lap(laps, OUTSIDE)
        done = 0
        while k < end:
            m = min(run.longest_slice, end - k)
            parity = done & 1
            for i in range(thread, run.n_parts, run.n_threads):
                part = parts[i]
                first = first_of(laps, i, run.n_parts) if profiled else 0
                advance_partition(part, run.parts_at + PART_BYTES * i, k, m, laps, first)
                found = list_spikes(part, k, m, run.flag_row, parity, run.longest_slice)
                if profiled:
                    numbers = view(part.spike_counts_at + 4 * parity * part.spike_room, found, np.int32)
                    laps[SPIKES] += total_of(numbers)
                lap(laps, LISTING)
                full = part.log_n + part.log_worst > part.log_room or part.n_entries + part.entry_worst > part.entry_room
                if full or part.excess or part.wild or part.sick:
                    atomic_store(sync, HALT, done + 1)
            if thread == 0:
                atomic_store(sync, STEP, k)
                if atomic_load(sync, REQUEST):
                    atomic_store(sync, HALT, done + 1)
            if run.n_threads > 1:
                atomic_add(sync, BARRIER, 1)
                wait_for(sync, BARRIER, (done + 1) * run.n_threads)
                lap(laps, WAITING)
            for i in range(thread, run.n_parts, run.n_threads):
                part = parts[i]
                ring = view(part.ring_at, (part.mask + 1) * part.lanes, ring_type)
                for j in range(run.n_parts):
                    deliver(part, run.parts_at + PART_BYTES * i, parts[j], k, m, parity, run.longest_slice,
                            view(part.targets_at, MUCH, target_type), ring, laps)
            lap(laps, DELIVERY)
            if profiled:
                laps[SLICES] += 1
            k += m
            done += 1
            if atomic_load(sync, HALT) == done:
                return k
        return k
    return kernel(run_slices, variant=f"{ring_type.__name__} {target_type.__name__}{' profiled' if profiled else ''}")
