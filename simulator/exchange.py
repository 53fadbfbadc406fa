"""What a node reads from its inputs, and what becomes of what it emits: the small functions in the loops of `model_kernels`.

Each stands here in plain Python and, where types decide, once more as an overload that is compiled.
"""
from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload, register_jitable

from .functions import round_down
from .lanes import GENERIC, at


def scaled(value, scale):
    """What stands in the ring, times the receptor's scale."""
    single = isinstance(value, np.int32) and isinstance(scale, np.float32)
    return (np.float32(value) if single else value) * scale


@overload(scaled, **GENERIC)
def _scaled(value, scale):
    if value == types.int32 and scale == types.float32:                         # or numba widens the product
        return lambda value, scale: np.float32(value) * scale
    return lambda value, scale: value * scale


def receive(rows, scales, i):
    """The i-th value of every input: what stands in the ring, times the receptor's scale."""
    return tuple(receive(x, y, i) if isinstance(x, tuple) else scaled(at(x, i), y) for x, y in zip(rows, scales))


@overload(receive, **GENERIC)
def _receive(rows, scales, i):
    if len(rows) == 0:
        return lambda rows, scales, i: ()
    if isinstance(rows[0], types.BaseTuple):
        return lambda rows, scales, i: (receive(rows[0], scales[0], i),) + receive(rows[1:], scales[1:], i)
    if isinstance(rows[0], types.Array):
        return lambda rows, scales, i: (scaled(rows[0][i], scales[0]),) + receive(rows[1:], scales[1:], i)
    return lambda rows, scales, i: (scaled(rows[0], scales[0]),) + receive(rows[1:], scales[1:], i)


def add_to_lane(lanes, place, i, amount):
    """Add to the lane of connection i: `lanes` begins with the first of neighbouring ones, or `place` is an array of lanes."""
    lanes[place[i] if np.ndim(place) else i] += amount


@overload(add_to_lane, **GENERIC)
def _add_to_lane(lanes, place, i, amount):
    if isinstance(place, types.Array):
        def implementation(lanes, place, i, amount):
            lanes[place[i]] += amount
    else:
        def implementation(lanes, place, i, amount):
            lanes[i] += amount
    return implementation


def first_lane(place):
    return 0 if np.ndim(place) else place


@overload(first_lane, **GENERIC)
def _first_lane(place):
    return (lambda place: 0) if isinstance(place, types.Array) else (lambda place: place)


@register_jitable(forceinline=True)
def as_flag(emitted):
    """What a model that emits spikes returned: one, or none."""
    return 1 if emitted else 0


@register_jitable(forceinline=True)
def as_it_is(emitted):
    return emitted


def beyond(amount, limit):
    """Whether a connection emitted more than its model says, less than none, or NaN."""
    return not (0 if isinstance(amount, (int, np.integer)) else -limit) <= amount <= limit


@overload(beyond, **GENERIC)
def _beyond(amount, limit):
    if isinstance(amount, (types.Integer, types.Boolean)):
        return lambda amount, limit: np.uint64(amount) > np.uint64(limit)       # as such, what is below 0 is far above
    return lambda amount, limit: not abs(amount) <= limit


def to_ring(amount, weight):
    """A count times a fixed-point weight, or a current times a weight in fixed-point units, rounded."""
    return amount * weight if isinstance(amount, (int, np.integer)) else int(np.floor(amount * weight + 0.5))


@overload(to_ring, **GENERIC)
def _to_ring(amount, weight):
    if isinstance(amount, (types.Integer, types.Boolean)):
        return lambda amount, weight: np.int64(amount) * weight
    return lambda amount, weight: np.int64(round_down(amount * weight + 0.5))


def sum_of_floats(record):
    """The sum of a state's floating-point numbers: NaN if one of them is, or if they are infinite."""
    return sum(sum_of_floats(x) if isinstance(x, tuple) else x for x in record if isinstance(x, (float, np.floating, tuple)))


@overload(sum_of_floats, **GENERIC)
def _sum_of_floats(record):
    if len(record) == 0:
        return lambda record: 0.0
    one = len(record) == 1
    if isinstance(record[0], types.Float):
        return (lambda record: record[0]) if one else (lambda record: record[0] + sum_of_floats(record[1:]))
    if isinstance(record[0], types.BaseTuple):
        return lambda record: sum_of_floats(record[0]) + sum_of_floats(record[1:])
    return lambda record: sum_of_floats(record[1:])


@register_jitable(forceinline=True)
def mark_spike(flags, numbers, i, emitted, state):
    """Note whether node i spiked. Bit 1 tells of a state that is NaN."""
    checked = sum_of_floats(state)
    flags[i] = np.uint8(1 if emitted else 0) | np.uint8(2 if checked != checked else 0)


@register_jitable(forceinline=True)
def mark_count(flags, numbers, i, emitted, state):
    """Note how many spikes node i emitted: a flag and the number."""
    mark_spike(flags, numbers, i, emitted, state)
    numbers[i] = np.int32(min(np.int64(emitted), np.int64(2**31 - 1)))    # too many, not few by wrapping round
