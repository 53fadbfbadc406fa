"""What arrives at a node in a step, on a GPU: read from the ring, drawn, or taken from a series, just when it is needed.

The inputs of a model are known when its kernel is compiled: for each there is a function here, and `make_supply` chains them
to one that gives them all. Random words come four at a time, for four steps: a thread keeps them meanwhile.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.connect.kernels import normal_sample, packed_pick, philox

from .cuda_native import MUCH, view
from .exchange import scaled
from .layout import CHANGE

LOW = 0xFFFFFFFF


def stands(row, source, drawn, i, k, offset):
    """A number for all."""
    return row


def arrives(row, source, drawn, i, k, offset):
    """What stands in the ring; it is taken out."""
    value = row[offset + i]
    row[offset + i] = 0
    return value


def tells_time(row, source, drawn, i, k, offset):
    """The step."""
    return k - source.delay


def changes(row, source, drawn, i, k, offset):
    """The value of a series; which_at: where each node's changes begin; words_at: how many of them are past."""
    begins, passed = view(source.which_at, MUCH, np.int64), view(source.words_at, MUCH, np.int64)
    records, values = view(source.changes_at, MUCH, CHANGE), view(source.values_at, MUCH, np.float64)
    j, end = begins[i] + passed[i], begins[i + 1]
    while j < end and records[j].step <= k - source.delay:
        values[i] = records[j].value
        j += 1
    passed[i] = j - begins[i]
    return values[i]


def word_of(drawn, k):
    """The word of a step among four."""
    lane = k & 3
    return drawn[0] if lane == 0 else (drawn[1] if lane == 1 else (drawn[2] if lane == 2 else drawn[3]))


def is_uniform(row, source, drawn, i, k, offset):
    return word_of(drawn, k - source.delay)


def is_normal(row, source, drawn, i, k, offset):
    return normal_sample(word_of(drawn, k - source.delay), 0.0, 1.0)


def counts(row, source, drawn, i, k, offset):
    """A Poisson count, from one table for all or one for each node."""
    word, bits = word_of(drawn, k - source.delay), source.bits
    table = view(source.table_at, MUCH, np.uint64)
    first, own = np.uint32(0), np.uint32(bits)
    if source.which_at:
        which = view(source.which_at, MUCH, np.uint32)[i]
        first, own = np.uint32((np.int64(which) & 0xFFFFFF) << bits), np.uint32(which >> np.uint32(24))
    return np.int32(packed_pick(word, table, first, own))


def no_words(source, drawn, i, k, k0, k1, field):
    return drawn


def four_words(source, drawn, i, k, k0, k1, field):
    """The words of a step and the three after it, drawn where it is the first of four; otherwise those that there are."""
    sent = k - source.delay
    if sent & 3 == 0:
        return draw_four(source, i, sent, k0, k1, field)
    return drawn


def draw_four(source, i, sent, k0, k1, field):
    objects, streams, domains = (view(source.object_at, MUCH, np.uint32), view(source.stream_at, MUCH, np.uint32),
                                 view(source.domain_at, MUCH, np.uint32))
    return philox(np.uint32((sent >> 2) & LOW), objects[i], streams[i], np.uint32(domains[i] + field), k0, k1)


def first_four(source, drawn, i, k, k0, k1, field):
    return draw_four(source, i, k - source.delay, k0, k1, field)


# by the kind of an input: how it is read
KINDS: dict[str, Callable] = dict(number=stands, ring=arrives, clock=tells_time, series=changes, uniform=is_uniform,
                                  normal=is_normal, poisson=counts)
RANDOM = ("uniform", "normal", "poisson")
WORDS = (np.uint32(0), np.uint32(0), np.uint32(0), np.uint32(0))


def make_supply(kinds: Any, at: int = 0) -> Callable:
    """The function that gives all inputs of a node, a list's in a tuple of their own. at: number of the first one."""
    if not kinds:
        def nothing(rows, scales, sources, drawn, i, k, offset):
            return ()
        return nothing
    first, rest = make_supply_of(kinds[0], at), make_supply(kinds[1:], at + len(flat(kinds[:1])))

    def supply(rows, scales, sources, drawn, i, k, offset):
        return ((first(rows[0], scales[0], sources, drawn[0], i, k, offset),)
                + rest(rows[1:], scales[1:], sources, drawn[1:], i, k, offset))
    return supply


def make_supply_of(kind: Any, at: int) -> Callable:
    """The function that gives one input, or a list of them."""
    if isinstance(kind, tuple):
        return make_supply(kind, at)
    read = KINDS[kind]

    def one(row, scale, sources, drawn, i, k, offset):
        return scaled(read(row, sources[at], drawn, i, k, offset), scale)
    return one


def make_draw(kinds: Any, at_once: bool, at: int = 0) -> Callable:
    """The function that draws the words of all inputs that need some; at_once: in any step, not in the first of four only."""
    if not kinds:
        def nothing(sources, drawn, i, k, k0, k1):
            return ()
        return nothing
    first, rest = make_draw_of(kinds[0], at_once, at), make_draw(kinds[1:], at_once, at + len(flat(kinds[:1])))

    def draw(sources, drawn, i, k, k0, k1):
        return (first(sources, drawn[0], i, k, k0, k1),) + rest(sources, drawn[1:], i, k, k0, k1)
    return draw


def make_draw_of(kind: Any, at_once: bool, at: int) -> Callable:
    if isinstance(kind, tuple):
        return make_draw(kind, at_once, at)
    field = np.uint32(at << 4)
    words = no_words if kind not in RANDOM else first_four if at_once else four_words

    def one(sources, drawn, i, k, k0, k1):
        return words(sources[at], drawn, i, k, k0, k1, field)
    return one


def flat(kinds: Any) -> tuple[str, ...]:
    return tuple(name for kind in kinds for name in (flat(kind) if isinstance(kind, tuple) else (kind,)))


def undrawn(kinds: Any) -> tuple:
    """A tuple of the form that `make_draw`'s function takes and gives, for numba to know its types."""
    return tuple(undrawn(k) if isinstance(k, tuple) else WORDS if k in RANDOM else np.uint32(0) for k in kinds)
