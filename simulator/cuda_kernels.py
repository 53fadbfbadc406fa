"""The kernels of a GPU: `advance` takes a model's nodes through a slice, `drive` a generator's connections, `deliver` adds the
weights of the slice's spikes to the rings.

They do what the loops of `model_kernels` and `loop` do, a thread for each node, connection or synapse. Where threads write to
the same place they add whole numbers, so that the order in which they come does not matter.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.models.contract import nested

from .cuda_inputs import make_draw, make_supply, undrawn
from .cuda_native import MUCH, add_at, all_threads, least_at, this_row, this_thread, unpack, view
from .exchange import as_flag, as_it_is, beyond, sum_of_floats, to_ring
from .lanes import at, gather, rounded, scatter
from .layout import (
    BODY,
    CLASS,
    END,
    EVENTS,
    EXCESS,
    FROM,
    GROUP,
    INPUT,
    LOG_ROOM,
    LOG_WORST,
    LOGGED,
    LONGEST,
    NEVER,
    PART,
    RUN_WORDS,
    SENT,
    SICK,
    SLICE_WORDS,
    SPIKE,
    SPIKES,
    STEPS,
    TAP,
    TAPPED,
    TAPS,
    TEAM,
    TO_DRAW,
    UNIT_BITS,
    WILD,
    WILD_AT,
)
from .model_kernels import HEAD, Variant

MOST = 2**31 - 1
MANY = 20                       # constants of its own that a node may keep in registers from step to step
LOW = (1 << UNIT_BITS) - 1


def kinds_of(variant: Variant) -> Any:
    """Where the inputs of a model come from, those of a list together."""
    return nested(variant.kinds, variant.model.forms[1])


def as_count(emitted):
    """A number of spikes: too many, not few by wrapping round."""
    return np.int64(min(np.int64(emitted), np.int64(MOST)))


def send(part, run, now, node, step, lag, count):
    """Enter a node's spikes into the slice's list, and into the log if they are recorded."""
    if count < 0 or count > view(part.most_at, MUCH, np.int64)[node]:
        least_at(run, EXCESS, step << 32 | node)
    first = view(part.first_group_at, MUCH, np.uint32)
    units = np.int64(first[node + 1]) - np.int64(first[node])
    before = add_at(now, SENT, np.int64(1) << UNIT_BITS | units)
    spike = view(part.spikes_at, MUCH, SPIKE)[before >> UNIT_BITS]
    spike.node, spike.lag, spike.count = np.uint32(node), np.uint32(lag), np.int32(count)
    view(part.spike_ends_at, MUCH, np.int64)[before >> UNIT_BITS] = before & LOW
    if part.drawing_at and view(part.drawing_at, MUCH, np.uint8)[node]:
        spike = view(part.drawn_at, MUCH, SPIKE)[add_at(now, TO_DRAW, np.int64(1))]
        spike.node, spike.lag, spike.count = np.uint32(node), np.uint32(lag), np.int32(count)
    if view(part.recorded_at, MUCH, np.uint8)[node]:
        j = add_at(run, LOGGED, np.int64(1))
        view(part.log_steps_at, MUCH, np.int64)[j] = step
        view(part.log_ids_at, MUCH, np.int32)[j] = np.int32(node)
        view(part.log_counts_at, MUCH, np.int32)[j] = np.int32(count)


def sample(taps_at, i, stamp):
    """Copy the states of node i that are recorded at the time `stamp` (in steps) to their traces."""
    record = view(taps_at, 1, TAPS)[0]
    begins, taps = view(record.begins_at, MUCH, np.int64), view(record.taps_at, MUCH, TAP)
    tapped = view(record.tapped_at, MUCH, TAPPED)
    e, end = begins[i], begins[i + 1]
    while e < end:
        tap = taps[tapped[e].tap]
        if stamp >= tap.first and stamp <= tap.last and (stamp - tap.first) % tap.interval == 0:
            place = (stamp - tap.first) // tap.interval * tap.width + tapped[e].column
            if tap.item_bytes == 8:
                view(tap.out_at, MUCH, np.int64)[place] = view(tap.source_at, MUCH, np.int64)[i]
            else:
                view(tap.out_at, MUCH, np.int32)[place] = view(tap.source_at, MUCH, np.int32)[i]
        e += 1


def make_advance(variant: Variant) -> Callable:
    """The kernel `advance(bodies, part, run, slice)`: each row of the grid takes the nodes of one body through the slice."""
    source, kinds = variant.source, kinds_of(variant)
    update, State, Step, Inputs = source.update, source.State, source.Step, source.Inputs
    states, constants, rows, scales = variant.templates
    at_rows, at_scales, at_states, at_constants, end = variant.places
    supply, draw_first, draw_next, before = make_supply(kinds), make_draw(kinds, True), make_draw(kinds, False), undrawn(kinds)
    number = as_count if variant.emits == "counts" else as_flag
    crowded = sum(isinstance(entry, tuple) for entry in variant.step) > MANY

    def advance(bodies_at, part_at, run_at, slice_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        first_step, m = now[FROM], now[STEPS]
        p = view(bodies_at, MUCH, np.int64)[this_row()]
        part, body, words = view(part_at, 1, PART)[0], view(p, 1, BODY)[0], view(p, end + 2, np.int64)
        n, first, lanes, mask = body.n, body.first, body.lanes, body.mask
        k0, k1, taps_at = np.uint32(body.k0), np.uint32(body.k1), words[end]
        sources = view(p + 8 * HEAD, body.n_inputs, INPUT)
        state, constant = unpack(words, at_states, n, states), unpack(words, at_constants, n, constants)
        row, scale = unpack(words, at_rows, MUCH, rows), unpack(words, at_scales, n, scales)
        i = this_thread() if m else n
        while i < n:
            s, c = State(*gather(state, i)), Step(*gather(constant, i))
            drawn = draw_first(sources, before, i, first_step, k0, k1)
            lag = 0
            while lag < m:
                k = first_step + lag
                if crowded:
                    c = Step(*gather(unpack(words, at_constants, n, constants), i))
                drawn = draw_next(sources, drawn, i, k, k0, k1)
                after, emitted = update(s, c, Inputs(*supply(row, scale, sources, drawn, i, k, (k & mask) * lanes)))
                count = number(emitted)
                if count != 0:
                    send(part, run, now, first + i, k, lag, count)
                checked = sum_of_floats(after)
                if checked != checked:
                    least_at(run, SICK, k << 32 | (first + i))
                s = State(*rounded(state, after))
                lag += 1
                if taps_at:
                    scatter(state, i, s)
                    sample(taps_at, i, k + 1)
            scatter(state, i, s)
            i += all_threads()
    return advance


def make_drive(variant: Variant, ring_type: type, neighbours: bool, one_weight: bool) -> Callable:
    """The kernel `drive(bodies, part, run, slice)`: what a generator's connections add to the rows of the slice's steps.

    neighbours: connections end in neighbouring lanes; one_weight: they share one weight.
    """
    source, kinds = variant.source, kinds_of(variant)
    update, State, Step, Inputs = source.update, source.State, source.Step, source.Inputs
    states, constants, rows, scales = variant.templates
    at_rows, at_scales, at_states, at_constants, end = variant.places
    supply, draw_first, draw_next, before = make_supply(kinds), make_draw(kinds, True), make_draw(kinds, False), undrawn(kinds)
    weight = np.float64(0) if variant.emits == "current" else np.int64(0)
    targets = (np.int64(0) if neighbours else (np.uint32(0),), weight if one_weight else (weight,))
    taken = as_flag if variant.emits == "spikes" else as_it_is
    apart = 1 if neighbours else 0

    def drive(bodies_at, part_at, run_at, slice_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        first_step, m, j = now[FROM], now[STEPS], this_row()
        p = view(bodies_at, MUCH, np.int64)[2 * j]
        body, words = view(p, 1, BODY)[0], view(p, end + 2, np.int64)
        n, lanes, mask, limit = body.n, body.lanes, body.mask, body.limit
        k0, k1 = np.uint32(body.k0), np.uint32(body.k1)
        ring, sources = view(body.ring_at, MUCH, ring_type), view(p + 8 * HEAD, body.n_inputs, INPUT)
        state, constant = unpack(words, at_states, n, states), unpack(words, at_constants, n, constants)
        row, scale = unpack(words, at_rows, MUCH, rows), unpack(words, at_scales, n, scales)
        place, weights = unpack(words, end, n, targets)
        i = this_thread() if m else n
        while i < n:
            s, c = State(*gather(state, i)), Step(*gather(constant, i))
            drawn = draw_first(sources, before, i, first_step, k0, k1)
            lane, lag = np.int64(at(place, i)) + apart * i, 0
            while lag < m:
                k = first_step + lag
                drawn = draw_next(sources, drawn, i, k, k0, k1)
                after, emitted = update(s, c, Inputs(*supply(row, scale, sources, drawn, i, k, np.int64(0))))
                s, amount = State(*rounded(state, after)), taken(emitted)
                added = ring_type(to_ring(amount, at(weights, i)))
                if added != 0:
                    add_at(ring, (k & mask) * lanes + lane, added)
                if beyond(amount, limit):
                    run[WILD] = 1
                    least_at(view(run[WILD_AT], MUCH, np.int64), view(bodies_at, MUCH, np.int64)[2 * j + 1], k << 32 | i)
                lag += 1
            scatter(state, i, s)
            i += all_threads()
    return drive


def first_not_below(values, n, x):
    """Where the first of n ascending numbers that is x or more stands."""
    low, high = np.int64(0), n
    while low < high:
        middle = (low + high) >> 1
        if values[middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


def send_planned(part_at, run_at, slice_at):
    """The kernel that sends the spikes of the slice's steps that were known in advance."""
    now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
    part = view(part_at, 1, PART)[0]
    steps = view(part.planned_steps_at, MUCH, np.int64)
    ids, counts = view(part.planned_ids_at, MUCH, np.int32), view(part.planned_counts_at, MUCH, np.int32)
    i = first_not_below(steps, part.n_planned, now[FROM]) + this_thread()
    while i < part.n_planned and steps[i] < now[FROM] + now[STEPS]:
        send(part, run, now, np.int64(ids[i]), steps[i], steps[i] - now[FROM], np.int64(counts[i]))
        i += all_threads()


def turn_over(run, now, after):
    """Prepare the next slice: it has no steps if the run has come to its end, or must halt."""
    k = now[FROM] + now[STEPS]
    well = run[EXCESS] == NEVER and run[SICK] == NEVER and run[WILD] == 0
    going = now[STEPS] > 0 and well and run[LOGGED] + run[LOG_WORST] <= run[LOG_ROOM]
    after[FROM], after[STEPS], after[SENT], after[TO_DRAW] = k, min(run[LONGEST], run[END] - k) if going else 0, 0, 0


def make_deliver(ring_type: type, target_type: type, counted: bool = False) -> Callable:
    """The kernel `deliver(part, run, slice, next)`: a team of threads for each group of synapses that a spike reaches.

    counted: spikes are counted, and synaptic events: k of them for a synapse that is reached by k spikes at once.
    """

    def deliver(part_at, run_at, slice_at, next_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        thread, team = this_thread(), run[TEAM]
        if thread == 0:
            turn_over(run, now, view(next_at, SLICE_WORDS, np.int64))
        part = view(part_at, 1, PART)[0]
        spikes, begins = view(part.spikes_at, MUCH, SPIKE), view(part.spike_ends_at, MUCH, np.int64)
        first, groups = view(part.first_group_at, MUCH, np.uint32), view(part.groups_at, MUCH, GROUP)
        classes, targets = view(part.classes_at, MUCH, CLASS), view(part.targets_at, MUCH, target_type)
        weights32, weights64 = view(part.weights32_at, MUCH, np.int32), view(part.weights64_at, MUCH, np.int64)
        ring, lanes, mask = view(part.ring_at, MUCH, ring_type), part.lanes, part.mask
        sent, k, members = now[SENT], now[FROM], np.int64(1) << team
        unit, n_units, n_spikes = thread >> team, sent & LOW, sent >> UNIT_BITS
        if counted:
            q = thread
            while q < n_spikes:
                add_at(run, SPIKES, np.int64(spikes[q].count))
                q += all_threads()
        while unit < n_units:
            q = first_not_below(begins, n_spikes, unit + 1) - 1
            spike = spikes[q]
            group = groups[np.int64(first[spike.node]) + unit - begins[q]]
            cls = classes[group.cls]
            row = ((k + np.int64(spike.lag) + np.int64(group.delay)) & mask) * lanes
            kind, shift, value = cls.kind, cls.shift, cls.value * np.int64(spike.count)
            j, end = np.int64(group.begin) + (thread & (members - 1)), np.int64(group.end)
            if kind == 0:
                while j < end:
                    add_at(ring, row + np.int64(targets[j]), ring_type(value))
                    j += members
            elif kind == 1:
                while j < end:
                    add_at(ring, row + np.int64(targets[j]), ring_type(np.int64(weights32[j + shift]) * value))
                    j += members
            else:
                while j < end:
                    add_at(ring, row + np.int64(targets[j]), ring_type(weights64[j + shift] * value))
                    j += members
            if counted and thread & (members - 1) == 0:
                add_at(run, EVENTS, (end - np.int64(group.begin)) * np.int64(spike.count))
            unit += all_threads() >> team
    return deliver
