"""Compiled code that draws values, and that computes expressions: a small machine that works on whole rows of values.

An expression is a list of steps (OP), each of which writes one row of a stack from the rows at and above it. A new expression
thus needs no compiling, and every step is a loop over a row. Distributions are drawn by their own kernels, the k-th of an
expression in a domain of its own: the first draws what it would draw alone.

A redraw runs the steps of its argument again for the places that lie outside, with the next random words of each
distribution and place.
"""
from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.extending import register_jitable

from nestling.connect.contract import Distribution
from nestling.connect.kernels import philox

from .compile import Kernel, jitable, kernel
from .layout import FRAME, OP, PROGRAM, VALUES
from .native import MUCH, address_of, call1, call4, call6, view

NUMBER, DRAW, SIZE, SIGNED, ARRAY, REDRAW = range(6)
ADD = 10                    # the first of the functions, in the order of connect.arithmetic
ROUNDS = 1 << 17            # of redraws before giving up: one value in a thousand that fits is found e^-131 short of surely
STRETCH = 1024              # values that are computed at once, a multiple of 4
WORDS = (1 << 20) - 1       # for one value of a distribution: the domain has 20 bits for them
VALUE_BYTES = VALUES.itemsize
LEAF, SPECIFICATION = 24, 28    # the domain's bits that tell an expression's distributions apart, and a call's specifications


def always(u):
    return True


def make_fill(distribution: type[Distribution]) -> Kernel:
    """The kernel `fill_values(desc, index, n, out)` of a distribution: a row of n values (float64).

    Stretch by stretch: the words, then the central formula for all of them, then the full one for those that it does not apply
    to, then by themselves those that must be drawn again. So the first three vectorise.
    """
    sample = distribution.sample
    central, applies = distribution.central or (sample, always)

    def fill_values(p, index, n, out):
        v = view(p, 1, VALUES)[0]
        k0, k1, stream, domain, a, b = np.uint32(v.k0), np.uint32(v.k1), np.uint32(v.stream), np.uint32(v.domain), v.a, v.b
        low, high = v.low, v.high
        room = min(n, STRETCH)
        buffer = np.empty(5 * room + 3, np.uint32)          # one for all four: short rows are many
        at, then = address_of(buffer), address_of(buffer) + 12 * room
        drawn, left = view(at, room, np.float64), view(at + 8 * room, room, np.int32)
        theirs, words = view(then, room, np.uint32), view(then + 4 * room, room + 3, np.uint32)
        for begin in range(0, n, STRETCH):
            size = min(n - begin, STRETCH)
            values = view(out + 8 * begin, size, np.float64)
            fill_words(words, (size + 3) >> 2, begin >> 2, np.uint32(index), stream, domain, k0, k1)
            for i in range(size):
                x = central(words[i], a, b)
                values[i] = np.nan if (x < low) | (x > high) | (not applies(words[i])) else x
            many = 0
            for i in range(size):
                left[many] = i
                many += 1 if values[i] != values[i] else 0
            for j in range(many):
                theirs[j] = words[left[j]]
            for j in range(many):
                drawn[j] = sample(theirs[j], a, b)
            for j in range(many):
                i, x = left[j], drawn[j]
                again = np.uint32(16)
                while x < low or x > high:      # redrawn: word i of attempt 1, 2, ...
                    e, _, _, _ = philox(np.uint32(begin + i), np.uint32(index), stream, np.uint32(domain + again), k0, k1)
                    x = sample(e, a, b)
                    again += np.uint32(16)
                values[i] = x
        return 0 * len(buffer)                              # it is let go of where it is last named
    uses = sample, central, applies
    for function in uses:
        jitable(function)
    return kernel(fill_values, uses=uses)


@register_jitable
def fill_words(words, blocks, first, index, stream, domain, k0, k1):
    """The words of so many blocks of four of a row, from block `first` on."""
    for j in range(blocks):
        a, b, c, d = philox(np.uint32(first + j), index, stream, domain, k0, k1)
        words[4 * j], words[4 * j + 1], words[4 * j + 2], words[4 * j + 3] = a, b, c, d


def make_again(sample: Any) -> Kernel:
    """The kernel `draw_again(desc, index, n, places, counts, out) -> failed` of a distribution: the next value at each place.

    counts: how many words each place of the row has used; word 0 is its lane of a block of four, the others stand alone.
    """
    def draw_again(p, index, n, places_at, counts_at, out):
        v = view(p, 1, VALUES)[0]
        places, counts, values = view(places_at, n, np.int64), view(counts_at, MUCH, np.uint32), view(out, n, np.float64)
        k0, k1, stream, domain = np.uint32(v.k0), np.uint32(v.k1), np.uint32(v.stream), np.uint32(v.domain)
        for j in range(n):
            i = places[j]
            word = counts[i]
            while True:
                if word >= WORDS:
                    return 1
                block = np.uint32(i) if word else np.uint32(i >> 2)
                a, b, c, d = philox(block, np.uint32(index), stream, np.uint32(domain + np.uint32(16) * word), k0, k1)
                lane = 0 if word else i & 3
                x = sample(a if lane == 0 else (b if lane == 1 else (c if lane == 2 else d)), v.a, v.b)
                word += np.uint32(1)
                if v.low <= x <= v.high:
                    break
            counts[i], values[j] = word, x
        return 0
    jitable(sample)
    return kernel(draw_again, uses=(sample,))


def fill_expression(p, index, n, partners_at, out):
    """An expression's values for a row; p: its VALUES, of which array_at is the PROGRAM."""
    if n == 0:
        return 0
    v = view(p, 1, VALUES)[0]
    g = view(v.array_at, 1, PROGRAM)[0]
    words, places = np.zeros(16, np.int64), np.arange(n)
    counts = np.zeros(g.n_leaves * n if g.redraws else 1, np.uint32)
    f = view(address_of(words), 1, FRAME)[0]
    f.program_at, f.index, f.n, f.partners_at, f.out_at, f.width = v.array_at, index, n, partners_at, out, n
    f.places_at, f.counts_at, f.begin, f.end, f.again = address_of(places), address_of(counts), 0, g.n_ops, 0
    call1(g.run_at, address_of(words))
    return 0 * (len(words) + len(places) + len(counts))         # the arrays are let go of where they are last named


@register_jitable
def draw_leaf(f, leaf, leaf_at, number, x):
    """A distribution's values at the places of a frame; returns whether it failed."""
    redraws = view(f.program_at, 1, PROGRAM)[0].redraws
    counts_at = f.counts_at + 4 * f.width * number
    if not f.again and not (redraws and (leaf.low > -np.inf or leaf.high < np.inf)):
        call4(leaf.fill_at, leaf_at, f.index, f.n, address_of(x))
        if redraws:
            view(counts_at, f.width, np.uint32)[:] = 1
        return 0
    return call6(leaf.array_at, leaf_at, f.index, f.n, f.places_at, counts_at, address_of(x))


@register_jitable
def way_along(g, source, target, axis):
    """The displacement from source to target along an axis, the shortest way round where the space wraps."""
    way = view(g.targets_at, MUCH, np.float64)[target * g.dims + axis] \
        - view(g.sources_at, MUCH, np.float64)[source * g.dims + axis]
    if g.wrap_at:
        side = view(g.wrap_at, g.dims, np.float64)[axis]
        way -= side * np.floor(way / side + 0.5)
    return way


@register_jitable
def leaf_of_pairs(f, op, x):
    """Distances, displacements and entries of arrays."""
    g = view(f.program_at, 1, PROGRAM)[0]
    places, partners = view(f.places_at, f.n, np.int64), view(f.partners_at, f.width, np.int32)
    array = view(op.array_at, MUCH, np.float64)
    for j in range(f.n):
        partner = np.int64(partners[places[j]])
        source, target = (f.index, partner) if g.by_source else (partner, f.index)
        if op.code == ARRAY:
            x[j] = array[target * op.stride_t + source * op.stride_s]
        elif op.axis >= 0:
            way = way_along(g, source, target, op.axis)
            x[j] = way if op.code == SIGNED else abs(way)
        else:
            total = 0.0
            for axis in range(g.dims):
                way = way_along(g, source, target, axis)
                total += way * way
            x[j] = math.sqrt(total)


@register_jitable
def draw_until(f, op, x):
    """Run the steps of a redraw's argument again for the places at which it lies outside, until none is left."""
    g = view(f.program_at, 1, PROGRAM)[0]
    all_places = view(f.places_at, f.n, np.int64)
    n = 0
    for j in range(f.n):
        n += 0 if op.low <= x[j] <= op.high else 1
    words = np.zeros(16, np.int64)
    which, places, values = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n)
    n = 0
    for j in range(f.n):
        if not op.low <= x[j] <= op.high:
            which[n] = j
            n += 1
    rounds = 0
    while n:
        rounds += 1
        if rounds > ROUNDS or g.failed:
            g.failed = 1
            for j in range(n):
                i = which[j]                            # an error follows; until then values stay within their limits
                x[i] = op.high if x[i] > op.high else op.low
            break
        for j in range(n):
            places[j] = all_places[which[j]]
        h = view(address_of(words), 1, FRAME)[0]
        h.program_at, h.index, h.n, h.partners_at, h.width = f.program_at, f.index, n, f.partners_at, f.width
        h.places_at, h.counts_at, h.out_at = address_of(places), f.counts_at, address_of(values)
        h.begin, h.end, h.again = op.first, op.place, 1
        call1(g.run_at, address_of(words))
        left = 0
        for j in range(n):
            x[which[j]] = values[j]
            if not op.low <= values[j] <= op.high:
                which[left] = which[j]
                left += 1
        n = left
    return len(words) + len(places) + len(values) + len(which)


@register_jitable
def compute(code, x, y, z):
    """A function of connect.arithmetic, of rows x, y, z, into x."""
    n = len(x)
    if code == 10:
        for i in range(n):
            x[i] += y[i]
    elif code == 11:
        for i in range(n):
            x[i] -= y[i]
    elif code == 12:
        for i in range(n):
            x[i] *= y[i]
    elif code == 13:
        for i in range(n):
            x[i] /= y[i] + 0.0                  # -0.0 counts as 0
    elif code == 14 and y[0] == 2.0:
        for i in range(n):
            x[i] *= x[i]
    elif code == 14:
        for i in range(n):
            x[i] = x[i] ** y[i]
    elif code == 15:
        for i in range(n):
            x[i] = -x[i]
    elif code == 16:
        for i in range(n):
            x[i] = abs(x[i])
    elif code == 17:
        for i in range(n):
            x[i] = math.exp(x[i])
    elif code == 18:
        for i in range(n):
            x[i] = math.log(x[i])
    elif code == 19:
        for i in range(n):
            x[i] = math.sqrt(x[i])
    elif code == 20:
        for i in range(n):
            x[i] = math.sin(x[i])
    elif code == 21:
        for i in range(n):
            x[i] = math.cos(x[i])
    elif code == 22:
        for i in range(n):
            x[i] = min(x[i], y[i])
    elif code == 23:
        for i in range(n):
            x[i] = max(x[i], y[i])
    elif code == 24:
        for i in range(n):
            x[i] = 1.0 if x[i] < y[i] else 0.0
    elif code == 25:
        for i in range(n):
            x[i] = 1.0 if x[i] <= y[i] else 0.0
    elif code == 26:
        for i in range(n):
            x[i] = y[i] if x[i] != 0.0 else z[i]


def run_steps(p):
    """The steps of one FRAME; calls itself for redraws."""
    f = view(p, 1, FRAME)[0]
    g = view(f.program_at, 1, PROGRAM)[0]
    ops, leaves = view(g.ops_at, g.n_ops, OP), view(g.leaves_at, g.n_leaves, VALUES)
    n = f.n
    stack = np.empty((g.depth + 2) * n)
    at = 0
    for step in range(f.begin, f.end):
        op = ops[step]
        code, at = op.code, op.out * n
        x, y, z = stack[at:at + n], stack[at + n:at + 2 * n], stack[at + 2 * n:at + 3 * n]
        if code == NUMBER:
            x[:] = op.value
        elif code == DRAW:
            g.failed |= draw_leaf(f, leaves[op.leaf], g.leaves_at + VALUE_BYTES * op.leaf, op.leaf, x)
        elif code == REDRAW:
            draw_until(f, op, x)
        elif code < ADD:
            leaf_of_pairs(f, op, x)
        else:
            compute(code, x, y, z)
    out = view(f.out_at, n, np.float64)
    out[:] = stack[at:at + n]
    return 0
