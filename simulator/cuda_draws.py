"""The kernels of a GPU that draw procedural synapses: what `procedural.draw_synapses` does on CPUs, number by number.

Rows of which every partner is drawn by itself are drawn by a team of threads each (`make_draw_each`). Rows of other rules are
drawn by one thread each into a pool (`make_draw_rows`), and then added by teams (`make_add_rows`). Threads take blocks of four
places of a row, since random words come in blocks of four.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.connect.kernels import philox

from .cuda_native import MUCH, add_at, all_threads, this_thread, view
from .layout import DRAWN, DRAWS, EVENTS, FROM, PART, ROW, RUN_WORDS, SLICE_WORDS, SPIKE, TEAM, TO_DRAW, VALUES
from .table_kernels import JOB, to_steps

ARRAY = "array"                 # values from an array, or one number: what is not drawn


def nth(four, i):
    """One of the words of a block of four."""
    a, b, c, d = four
    lane = i & 3
    return a if lane == 0 else (b if lane == 1 else (c if lane == 2 else d))


def no_words(where, block, index):
    return np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0)


def find_source(values_at):
    """Where values are drawn: the key, the stream and the domain of their words, parameters and limits."""
    v = view(values_at, 1, VALUES)[0]
    return np.uint32(v.k0), np.uint32(v.k1), np.uint32(v.stream), np.uint32(v.domain), v.a, v.b, v.low, v.high


def find_no_source(values_at):
    return values_at


def words_of_values(source, block, index):
    k0, k1, stream, domain, _, _, _, _ = source
    return philox(np.uint32(block), np.uint32(index), stream, domain, k0, k1)


def array_value(source, four, i, index, partner):
    """A row's i-th value, which stands in an array, by pair or in the order of drawing, or is the same everywhere."""
    v = view(source, 1, VALUES)[0]
    if v.kind == 0:
        return v.constant
    if v.kind == 2:
        return view(v.array_at, MUCH, np.float64)[index * v.stride_s + partner * v.stride_t]
    return view(v.array_at, MUCH, np.float64)[view(v.starts_at, MUCH, np.int64)[index] + i]


def no_value(source, four, i, index, partner):
    return 0.0


def make_value(sample: Callable) -> Callable:
    """The function that draws a row's i-th value: again and again until it lies within the limits."""
    def drawn_value(source, four, i, index, partner):
        k0, k1, stream, domain, a, b, low, high = source
        x = float(sample(nth(four, i), a, b))
        again = np.uint32(16)
        while x < low or x > high:
            u, _, _, _ = philox(np.uint32(i), np.uint32(index), stream, np.uint32(domain + again), k0, k1)
            x = float(sample(u, a, b))
            again = np.uint32(again + np.uint32(16))
        return x
    return drawn_value


def value_functions(kind: Any) -> tuple[Callable, Callable, Callable]:
    """Where values are found, their random words, and one of them. kind: None where there are none, ARRAY, or a
    distribution's `sample`."""
    if kind is None:
        return find_no_source, no_words, no_value
    if kind == ARRAY:
        return find_no_source, no_words, array_value
    return find_source, words_of_values, make_value(kind)


def drawn_weight(job, x, value):
    return np.int64(math.floor(x * job.weight_scale + 0.5)) * value


def constant_weight(job, x, value):
    return value


def lane_by_sign(job, x, which):
    return job.negative_shift if x < 0.0 else np.int64(0)


def lane_by_receptor(job, x, which):
    return np.int64(view(job.shifts_at, MUCH, np.int32)[np.int64(which)])


def drawn_delay(job, x):
    return np.int64(to_steps(x, job.dt))


def constant_delay(job, x):
    return job.constant_steps



def make_add(kinds: tuple[Any, Any, Any], partner_of: Callable, partner_words: Callable, ring_type: type) -> Callable:
    """The function `add_row(part, job, row, index, n, spike, k, partners, first, step)`: adds the weights of a row's blocks of
    four places first, first + step, ... to the rings; returns how many these are.

    kinds: of weights, delays and receptors, see value_functions; partner_of, partner_words: the i-th partner, and the random
    words that it is made of.
    """
    (find_weight, weight_words, weight_of), (find_delay, delay_words, delay_of), (find_which, which_words, which_of) = (
        value_functions(kind) for kind in kinds)
    weighted = constant_weight if kinds[0] is None else drawn_weight
    later = constant_delay if kinds[1] is None else drawn_delay
    shift = lane_by_sign if kinds[2] is None else lane_by_receptor

    def add_row(part, job, row, index, n, spike, k, partners, first, step):
        ring, lane_of = view(part.ring_at, MUCH, ring_type), view(job.lane_at, MUCH, np.int32)
        words, table = view(row.words_at, row.n_words, np.int64), view(row.table_at, row.n_table, np.uint32)
        lanes, mask, sent = part.lanes, part.mask, k + np.int64(spike.lag)
        weights, delays, receptors = find_weight(job.weights_at), find_delay(job.delays_at), find_which(job.receptors_at)
        value, block, found = job.value * np.int64(spike.count), first, np.int64(0)
        while 4 * block < n:
            u, v = partner_words(row, block, index), weight_words(weights, block, index)
            w, x = delay_words(delays, block, index), which_words(receptors, block, index)
            i, end = 4 * block, min(4 * block + 4, n)
            while i < end:
                partner = partner_of(words, table, index, i, nth(u, i), partners)
                lane = np.int64(lane_of[partner])
                if lane >= 0:
                    weight = weight_of(weights, v, i, index, partner)
                    lane += shift(job, weight, which_of(receptors, x, i, index, partner))
                    delay = later(job, delay_of(delays, w, i, index, partner))
                    add_at(ring, ((sent + delay) & mask) * lanes + lane, ring_type(weighted(job, weight, value)))
                    found += 1
                i += 1
            block += step
        return found
    return add_row


def words_of_row(row, block, index):
    return philox(np.uint32(block), np.uint32(index), np.uint32(row.stream), np.uint32(row.domain), np.uint32(row.k0),
                  np.uint32(row.k1))


def partner_in_pool(words, table, index, i, u, partners):
    return np.int64(partners[i])


def make_draw_each(each: tuple[Callable, Callable], kinds: tuple[Any, Any, Any], ring_type: type, counted: bool) -> Callable:
    """The kernel `draw_each(draws, part, run, slice)`: a team of threads for each row that a spike reaches, of a rule of which
    every partner is drawn by itself: see contract.Row. counted: synaptic events are counted."""
    length, partner = each

    def partner_by_itself(words, table, index, i, u, partners):
        return partner(words, table, index, i, u)
    add_row = make_add(kinds, partner_by_itself, words_of_row, ring_type)

    def draw_each(draws_at, part_at, run_at, slice_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        part, d = view(part_at, 1, PART)[0], view(draws_at, 1, DRAWS)[0]
        spikes, first = view(part.drawn_at, MUCH, SPIKE), view(d.first_at, MUCH, np.int64)
        rows, no_partners = view(d.rows_at, MUCH, DRAWN), view(d.rows_at, MUCH, np.int32)
        team, thread, most = run[TEAM], this_thread(), d.most
        members, item, n_items = np.int64(1) << team, thread >> team, now[TO_DRAW] * most
        while item < n_items:
            spike = spikes[item // most]
            e = first[spike.node] + item % most
            if e < first[spike.node + 1]:
                job, index = view(rows[e].job_at, 1, JOB)[0], rows[e].row
                row = view(job.row_at, 1, ROW)[0]
                n = length(view(row.words_at, row.n_words, np.int64), view(row.table_at, row.n_table, np.uint32), index)
                found = add_row(part, job, row, index, n, spike, now[FROM], no_partners, thread & (members - 1), members)
                if counted:
                    add_at(run, EVENTS, found * np.int64(spike.count))
            item += all_threads() >> team
    return draw_each


def make_draw_rows(draw: Callable, kinds: tuple[Any, Any, Any], ring_type: type, counted: bool) -> Callable:
    """The kernel `draw_rows(draws, part, run, slice)`: one thread draws a row that a spike reaches, by a row function that is
    given room. If the pool is full the thread draws it to a place of its own, and adds it, too."""
    add_row = make_add(kinds, partner_in_pool, no_words, ring_type)

    def draw_rows(draws_at, part_at, run_at, slice_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        part, d = view(part_at, 1, PART)[0], view(draws_at, 1, DRAWS)[0]
        spikes, first = view(part.drawn_at, MUCH, SPIKE), view(d.first_at, MUCH, np.int64)
        rows, lengths = view(d.rows_at, MUCH, DRAWN), view(d.lengths_at, MUCH, np.int32)
        thread, most, places = this_thread(), d.most, d.places
        n_items = now[TO_DRAW] * most if thread < d.workers else np.int64(0)
        room = view(d.room_at + 8 * d.room_words * thread, d.room_words, np.uint64)
        item = thread
        while item < n_items:
            spike = spikes[item // most]
            e = first[spike.node] + item % most
            if e < first[spike.node + 1]:
                job, index = view(rows[e].job_at, 1, JOB)[0], rows[e].row
                row, place = view(job.row_at, 1, ROW)[0], item if item < places else places + thread
                partners = view(d.pool_at + 4 * d.width * place, d.width, np.int32)
                n = draw(view(row.words_at, row.n_words, np.int64), view(row.table_at, row.n_table, np.uint32),
                         np.uint32(row.k0), np.uint32(row.k1), row.stream, row.domain, index, partners, room)
                if item < places:
                    lengths[item] = np.int32(n)
                else:
                    found = add_row(part, job, row, index, np.int64(n), spike, now[FROM], partners, np.int64(0), np.int64(1))
                    if counted:
                        add_at(run, EVENTS, found * np.int64(spike.count))
            item += min(d.workers, all_threads())
    return draw_rows


def make_add_rows(kinds: tuple[Any, Any, Any], ring_type: type, counted: bool) -> Callable:
    """The kernel `add_rows(draws, part, run, slice)`: a team of threads for each row that stands in the pool."""
    add_row = make_add(kinds, partner_in_pool, no_words, ring_type)

    def add_rows(draws_at, part_at, run_at, slice_at):
        now, run = view(slice_at, SLICE_WORDS, np.int64), view(run_at, RUN_WORDS, np.int64)
        part, d = view(part_at, 1, PART)[0], view(draws_at, 1, DRAWS)[0]
        spikes, first = view(part.drawn_at, MUCH, SPIKE), view(d.first_at, MUCH, np.int64)
        rows, lengths = view(d.rows_at, MUCH, DRAWN), view(d.lengths_at, MUCH, np.int32)
        team, thread, most = run[TEAM], this_thread(), d.most
        members, item, n_items = np.int64(1) << team, thread >> team, min(now[TO_DRAW] * most, d.places)
        while item < n_items:
            spike = spikes[item // most]
            e = first[spike.node] + item % most
            if e < first[spike.node + 1]:
                job, index = view(rows[e].job_at, 1, JOB)[0], rows[e].row
                partners = view(d.pool_at + 4 * d.width * item, d.width, np.int32)
                found = add_row(part, job, view(job.row_at, 1, ROW)[0], index, np.int64(lengths[item]), spike, now[FROM],
                                partners, thread & (members - 1), members)
                if counted:
                    add_at(run, EVENTS, found * np.int64(spike.count))
            item += all_threads() >> team
    return add_rows
