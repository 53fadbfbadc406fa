"""Spikes whose synapses have differing delays: noted in a calendar, they reach their targets one delay after another.

In the step in which a group of synapses arrives its weights are added to the row of the ring that is read in that step.
"""
from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from .compile import Kernel, kernel
from .layout import CLASS, ENTRY, GROUP, PART, WORK
from .native import MUCH, address_of, prefetch, view

BATCH = 32                      # groups that are asked for ahead


@register_jitable
def ring_row(part, step, ring):
    """The row of the ring that is read in a step."""
    return view(address_of(ring) + (step & part.mask) * part.lanes * ring.itemsize, part.lanes, ring.dtype)


@register_jitable
def add_group(part, cls, begin, end, count, targets, row):
    """Add the weights of a group of synapses to their lanes, `count` times."""
    value, n = row.dtype.type(cls.value * count), end - begin
    # views that begin with the group: their indices count from 0, and are not checked for being below it
    mine = view(address_of(targets) + begin * targets.itemsize, n, targets.dtype)
    if cls.kind == 0:
        for j in range(n):
            row[mine[j]] += value
    elif cls.kind == 1:
        weights = view(part.weights32_at + 4 * (begin + cls.shift), n, np.int32)
        for j in range(n):
            row[mine[j]] += weights[j] * value
    else:
        weights64 = view(part.weights64_at + 8 * (begin + cls.shift), n, np.int64)
        for j in range(n):
            row[mine[j]] += weights64[j] * value


@register_jitable
def note(part, sent, cursor, last, count, groups):
    """Enter a spike of step `sent` into the calendar, at the step in which the first of its groups arrives."""
    entries = view(part.entries_at, part.entry_room, ENTRY)
    calendar = view(part.calendar_at, part.calendar_mask + 1, np.uint32)
    i = part.free
    if i:
        part.free = np.int64(entries[i - 1].next)
    else:
        part.n_entries += 1
        i = part.n_entries
    day = (sent + np.int64(groups[cursor].delay)) & part.calendar_mask
    entry = entries[i - 1]
    entry.next, entry.cursor, entry.last, entry.count = calendar[day], np.uint32(cursor), np.uint32(last), np.int32(count)
    calendar[day] = np.uint32(i)


@register_jitable
def ask_for_group(cls, begin, end, targets, weights):
    """Prefetch a group's targets and, where they are of 32 bits, its weights."""
    j = begin
    while j < end:
        prefetch(targets, j)
        j += 64 // targets.itemsize
    prefetch(targets, end - 1)
    if cls.kind == 1:
        j = begin
        while j < end:
            prefetch(weights, j + cls.shift)
            j += 16
        prefetch(weights, end - 1 + cls.shift)


@register_jitable
def add_arrivals(part, k, targets, row):
    """Add all groups of synapses that spikes of the past reach in step k to the row of the ring that is read in it.

    Fetching them now keeps what is written to in the cache, one row; fetching a spike's synapses at once, as `deliver` does,
    would write all over the rows of all delays. Groups are taken in batches, and asked for one batch ahead. Returns how many
    weights were added.
    """
    entries = view(part.entries_at, part.entry_room, ENTRY)
    calendar = view(part.calendar_at, part.calendar_mask + 1, np.uint32)
    groups, classes = view(part.groups_at, MUCH, GROUP), view(part.classes_at, MUCH, CLASS)
    work = view(part.work_at, 2 * BATCH, WORK)
    weights = view(part.weights32_at, MUCH, np.int32)
    i = np.int64(calendar[k & part.calendar_mask])
    calendar[k & part.calendar_mask] = np.uint32(0)
    before, half, events = 0, 0, 0
    while True:
        found = 0
        while i and found < BATCH:
            entry = entries[i - 1]
            after, cursor = np.int64(entry.next), np.int64(entry.cursor)
            group = groups[cursor]
            item = work[half * BATCH + found]
            item.begin, item.end, item.cls, item.count = group.begin, group.end, group.cls, entry.count
            ask_for_group(classes[group.cls], np.int64(group.begin), np.int64(group.end), targets, weights)
            found += 1
            cursor += 1
            if cursor < entry.last:
                later = np.int64(groups[cursor].delay) - np.int64(group.delay)
                entry.cursor = np.uint32(cursor)
                if later == 0:                          # another bundle's group of the same delay: once more
                    continue
                day = (k + later) & part.calendar_mask
                entry.next = calendar[day]
                calendar[day] = np.uint32(i)
            else:
                entry.next = np.uint32(part.free)
                part.free = i
            i = after
        half = 1 - half
        for j in range(half * BATCH, half * BATCH + before):
            item = work[j]
            add_group(part, classes[item.cls], np.int64(item.begin), np.int64(item.end), item.count, targets, row)
            events += (np.int64(item.end) - np.int64(item.begin)) * item.count
        before = found
        if found == 0:
            return events


def make_arrive(ring_type: type, target_type: type) -> Kernel:
    """The kernel `arrive(part, k, 0) -> number of weights`: see add_arrivals."""
    def arrive(p, k, nothing):
        part = view(p, 1, PART)[0]
        ring = view(part.ring_at, (part.mask + 1) * part.lanes, ring_type)
        return add_arrivals(part, k, view(part.targets_at, MUCH, target_type), ring_row(part, k, ring))
    return kernel(arrive, variant=f"{ring_type.__name__} {target_type.__name__}")


def make_settle(ring_type: type, target_type: type) -> Kernel:
    """The kernel `settle(part, k, ring, mask)`: all that noted spikes have still to reach from step k on, written to a ring.

    Its mask + 1 rows hold all their delays. The calendar stays as it is.
    """
    itemsize = np.dtype(ring_type).itemsize

    def settle_spikes(p, k, ring_at, mask):
        part = view(p, 1, PART)[0]
        entries = view(part.entries_at, part.entry_room, ENTRY)
        calendar = view(part.calendar_at, part.calendar_mask + 1, np.uint32)
        groups, classes = view(part.groups_at, MUCH, GROUP), view(part.classes_at, MUCH, CLASS)
        targets = view(part.targets_at, MUCH, target_type)
        for step in range(k, k + part.calendar_mask + 1):
            i = np.int64(calendar[step & part.calendar_mask])
            while i:
                entry = entries[i - 1]
                sent = step - np.int64(groups[np.int64(entry.cursor)].delay)
                for g in range(np.int64(entry.cursor), np.int64(entry.last)):
                    group = groups[g]
                    slot = (sent + np.int64(group.delay)) & mask
                    row = view(ring_at + slot * part.lanes * itemsize, part.lanes, ring_type)
                    add_group(part, classes[group.cls], np.int64(group.begin), np.int64(group.end), entry.count, targets, row)
                i = np.int64(entry.next)
        return 0
    return kernel(settle_spikes, variant=f"{ring_type.__name__} {target_type.__name__}")
