"""Compiled code of the rules that ask where nodes are: it looks for the candidates of a row in cells, and draws among them.

The pool's nodes are sorted by the cell that they lie in (`cells` says how `words` and `table` hold all this); a row looks
through the cells that its mask's box meets, tests each node by the arithmetic of `Body.contains`, and sorts what it finds by
number. Nothing of it is kept, so that rows can be drawn by any thread, and again when a source fires.
"""
from __future__ import annotations

import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.extending import register_jitable

from .kernels import philox, row_of_list
from .masks import EDGE

# places in `words`; those from HALF on hold float64, as do the arrays that begin at ROWS_AT, POOL_AT, PLACES_AT and PROGRAM_AT
(RULE, PARTNERS, ROWS, OWN, NUMBER, LIMIT, CELLS, PROGRAM_AT, OPS, ROWS_AT, POOL_AT, PLACES_AT, STARTS_AT, IDS_AT, HALF, LOW,
 SCALE, WRAP, SHIFT, SIGN, TO_TARGET, ONCE, END) = (0, 1, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 15, 16, 19, 22, 25, 28, 31, 32,
                                                    33, 34)
# what is drawn among candidates, as words[RULE]; a list, which has its rows there, is none of these
EACH, SOME, DIFFERENT = -1, -2, -3
# one step of a mask's program: a body, or how the last two results are combined; then, as float64, of the body whether it is
# rounded, whether turned, its middle, half axes, their reciprocals, and its axes
BODY, BOTH, EITHER, FIRST_ONLY = 0, 1, 2, 3
STEP = 21
FULL = (1 + EDGE) ** 2
FLAT = 1 + EDGE
CLOSE = 1e-9                # where rounding might decide, the test is made as `Body.contains` makes it
MARKED = 1 << 15            # nodes of a pool: a bit for each is soon looked through
NEAR = 0.49                 # of the box's sides: no shorter way round


@register_jitable
def in_body(f, at, x, y, z):
    """Whether a displacement lies in the body of which the program's step begins at f[at]."""
    x, y, z = x - f[at + 3], y - f[at + 4], z - f[at + 5]
    if f[at + 2]:
        t = at + 12
        x, y, z = x * f[t] + y * f[t + 3] + z * f[t + 6], x * f[t + 1] + y * f[t + 4] + z * f[t + 7], \
            x * f[t + 2] + y * f[t + 5] + z * f[t + 8]
    hx, hy, hz = f[at + 6], f[at + 7], f[at + 8]
    if f[at + 1]:
        x, y, z = x / hx, y / hy, z / hz
        return x * x + y * y + z * z <= FULL
    return abs(x) <= hx * FLAT and abs(y) <= hy * FLAT and abs(z) <= hz * FLAT


@register_jitable
def in_mask(f, at, ops, x, y, z):
    """Whether a displacement lies in a mask; the results of steps are kept as bits."""
    bits = np.int64(0)
    for i in range(ops):
        step = at + STEP * i
        code = np.int64(f[step])
        if code == BODY:
            bits = bits << 1 | np.int64(in_body(f, step, x, y, z))
        else:
            b, a = bits & 1, bits >> 1 & 1
            bits = bits >> 2 << 1 | (a & b if code == BOTH else (a | b if code == EITHER else a & (1 - b)))
    return bits & 1


@register_jitable(forceinline=True)
def folded(way, side):
    """The shortest way round; side: infinite where the space does not wrap."""
    return way - side * np.floor(way / side + 0.5) if abs(way) >= NEAR * side else way


@register_jitable
def cells_along(words, f, axis, center):
    """First and last cell that the box meets along an axis; where space wraps they may lie beyond the ends, and stand for
    cells at the other one."""
    n = words[CELLS + axis]
    middle, half, scale = center - f[LOW + axis], f[HALF + axis], f[SCALE + axis]
    first, last = np.floor((middle - half) * scale), np.floor((middle + half) * scale)
    if f[WRAP + axis] == np.inf:
        return np.int64(min(max(first, 0.0), n)), np.int64(max(min(last, n - 1.0), -1.0))
    if last - first >= n - 1.0:
        return np.int64(0), n - 1
    turn = np.floor(first / n) * n
    return np.int64(first - turn), np.int64(last - turn)


@register_jitable
def find_partners(words, table, index):
    """The candidates of a row, ascending, in an array that may be longer; and how many there are."""
    f = words.view(np.float64)
    n_rows, n, at = words[ROWS], words[PARTNERS], words[ROWS_AT]
    cx, cy, cz = f[at + index], f[at + n_rows + index], f[at + 2 * n_rows + index]
    x0, x1 = cells_along(words, f, 0, cx)
    y0, y1 = cells_along(words, f, 1, cy)
    z0, z1 = cells_along(words, f, 2, cz)
    nx, ny, nz = words[CELLS], words[CELLS + 1], words[CELLS + 2]
    starts, ids = table[words[STARTS_AT]:], table[words[IDS_AT]:]
    runs = np.empty((max(0, z1 - z0 + 1) * max(0, x1 - x0 + 1) * 2, 2), np.int64)
    n_runs, room = 0, np.int64(0)
    for z in range(z0, z1 + 1):
        for x in range(x0, x1 + 1):
            row = ((z - nz if z >= nz else z) * nx + (x - nx if x >= nx else x)) * ny
            for part in range(2):           # a run of cells, and what of it lies at the other end of the box
                a, b = (y0, min(y1, ny - 1)) if part == 0 else (np.int64(0), y1 - ny)
                if a <= b:
                    runs[n_runs, 0], runs[n_runs, 1] = starts[row + a], starts[row + b + 1]
                    room += runs[n_runs, 1] - runs[n_runs, 0]
                    n_runs += 1
    keys, skip = np.empty(room + 1, np.uint32), np.int64(table[index]) - 1 if words[OWN] else np.int64(-1)
    found, p = 0, words[PROGRAM_AT]
    easy = words[ONCE] and words[OPS] == 1 and f[p + 1] != 0.0 and f[p + 2] == 0.0
    for axis in range(3):                   # then all nodes of a run are as far round
        easy = easy and f[HALF + axis] + 1.0 / f[SCALE + axis] < NEAR * f[WRAP + axis]
    q = np.empty(room)
    for r in range(n_runs):
        begin, end = runs[r]
        if easy:
            found = balls_in_run(words, f, begin, end, cx, cy, cz, ids[begin:end], skip, keys, found, q)
        else:
            found = nodes_in_run(words, f, begin, end, cx, cy, cz, ids[begin:end], skip, keys, found)
    if n <= MARKED:
        sort_marks(keys, found, n)
    else:
        sort_keys(keys, found)
    return keys, found


@register_jitable
def surely_found(words, table, index, axes, half):
    """How many nodes lie in the cells that lie in a cube in the middle of the mask's box; `half` its side, in 2 or 3 axes."""
    f, first, last = words.view(np.float64), np.zeros(3, np.int64), np.zeros(3, np.int64)
    for axis in range(axes):
        n, middle = words[CELLS + axis], f[words[ROWS_AT] + axis * words[ROWS] + index] - f[LOW + axis]
        if f[SCALE + axis] * half * 2.0 >= n:
            return 0                        # it may go round
        low, high = np.ceil((middle - half) * f[SCALE + axis]), np.floor((middle + half) * f[SCALE + axis]) - 1.0
        turn = np.floor(low / n) * n if f[WRAP + axis] < np.inf else 0.0
        first[axis], last[axis] = np.int64(max(low - turn, 0.0)), np.int64(max(min(high - turn, 2.0 * n - 1.0), -1.0))
        if f[WRAP + axis] == np.inf:
            last[axis] = min(last[axis], n - 1)
    nx, ny, nz = words[CELLS], words[CELLS + 1], words[CELLS + 2]
    starts, found = table[words[STARTS_AT]:], np.int64(0)
    for z in range(first[2], last[2] + 1):
        for x in range(first[0], last[0] + 1):
            row = ((z - nz if z >= nz else z) * nx + (x - nx if x >= nx else x)) * ny
            for y in range(first[1], last[1] + 1):
                cell = row + (y - ny if y >= ny else y)
                found += np.int64(starts[cell + 1]) - np.int64(starts[cell])
    return found


@register_jitable
def nodes_in_run(words, f, begin, end, cx, cy, cz, ids, skip, keys, found):
    """Add the nodes of a run that the mask contains to keys[found:]; returns how many there are then."""
    n, at, sign = words[PARTNERS], words[POOL_AT], f[SIGN]
    for j in range(begin, end):
        x = sign * (folded(f[at + j] - cx, f[WRAP]) + f[SHIFT])
        y = sign * (folded(f[at + n + j] - cy, f[WRAP + 1]) + f[SHIFT + 1])
        z = sign * (folded(f[at + 2 * n + j] - cz, f[WRAP + 2]) + f[SHIFT + 2])
        keys[found] = ids[j - begin]
        found += in_mask(f, words[PROGRAM_AT], words[OPS], x, y, z) if keys[found] != skip else 0
    return found


@register_jitable
def balls_in_run(words, f, begin, end, cx, cy, cz, ids, skip, keys, found, q):
    """The same for a mask that is one ball, in a run of which all nodes are as far round; q: room for squares of distances."""
    n, at, p = words[PARTNERS], words[POOL_AT], words[PROGRAM_AT]
    if begin == end:
        return found
    xs, ys, zs = f[at + begin:at + end], f[at + n + begin:at + n + end], f[at + 2 * n + begin:at + 2 * n + end]
    wx, wy, wz = round_of(xs[0] - cx, f[WRAP]), round_of(ys[0] - cy, f[WRAP + 1]), round_of(zs[0] - cz, f[WRAP + 2])
    sx, sy, sz, sign, mx, my, mz = f[SHIFT], f[SHIFT + 1], f[SHIFT + 2], f[SIGN], f[p + 3], f[p + 4], f[p + 5]
    hx, hy, hz, ix, iy, iz = f[p + 6], f[p + 7], f[p + 8], f[p + 9], f[p + 10], f[p + 11]
    for j in range(end - begin):
        x = (sign * (xs[j] - cx - wx + sx) - mx) * ix
        y = (sign * (ys[j] - cy - wy + sy) - my) * iy
        z = (sign * (zs[j] - cz - wz + sz) - mz) * iz
        q[j] = x * x + y * y + z * z
    for j in range(end - begin):
        keys[found] = ids[j]
        inside = q[j] < FULL
        if abs(q[j] - FULL) <= CLOSE:
            x, y, z = ((sign * (xs[j] - cx - wx + sx) - mx) / hx, (sign * (ys[j] - cy - wy + sy) - my) / hy,
                       (sign * (zs[j] - cz - wz + sz) - mz) / hz)
            inside = x * x + y * y + z * z <= FULL
        found += np.int64(inside and ids[j] != skip)
    return found


@register_jitable
def round_of(way, side):
    """What `folded` takes off a way."""
    return side * np.floor(way / side + 0.5) if abs(way) >= NEAR * side else 0.0


@register_jitable
def sort_marks(keys, n, below):
    """Sort keys[:n], all different and below a limit, by marking them in a row of bits."""
    bits = np.zeros((below + 63) // 64, np.uint64)
    for i in range(n):
        bits[keys[i] >> np.uint32(6)] |= np.uint64(1) << np.uint64(keys[i] & np.uint32(63))
    i = 0
    for w in range(len(bits)):
        rest = bits[w]
        while rest:
            keys[i] = np.uint32(64 * w + trailing_zeros(rest))
            rest &= rest - np.uint64(1)
            i += 1


@register_jitable
def sort_keys(keys, n):
    """Sort keys[:n], by digits of 8 bits."""
    low, high = np.uint32(0xFFFFFFFF), np.uint32(0)
    for i in range(n):
        low, high = min(low, keys[i]), max(high, keys[i])
    if n < 2:
        return
    other, begins = np.empty(n, np.uint32), np.empty(257, np.int64)
    source, target, shift = keys, other, np.uint32(0)
    while (high - low) >> shift:
        begins[:] = 0
        for i in range(n):
            begins[((source[i] - low) >> shift & np.uint32(255)) + 1] += 1
        for d in range(256):
            begins[d + 1] += begins[d]
        for i in range(n):
            digit = (source[i] - low) >> shift & np.uint32(255)
            target[begins[digit]] = source[i]
            begins[digit] += 1
        source, target = target, source
        shift += np.uint32(8)
        if shift == 32:
            break
    if (shift >> np.uint32(3)) & np.uint32(1):
        for i in range(n):
            keys[i] = other[i]


@register_jitable
def words_of(n, k0, k1, stream, domain, index):
    """At least the first n words of a row."""
    out = np.empty((n + 3) // 4 * 4, np.uint32)
    for block in range((n + 3) // 4):
        a, b, c, d = philox(np.uint32(block), np.uint32(index), np.uint32(stream), np.uint32(domain), k0, k1)
        out[4 * block], out[4 * block + 1], out[4 * block + 2], out[4 * block + 3] = a, b, c, d
    return out


@register_jitable
def smallest_but(values, n):
    """The n-th smallest of values, from 0; they are moved about (Hoare's selection)."""
    low, high = 0, len(values) - 1
    while low < high:
        pivot, i, j = values[(low + high) // 2], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while pivot < values[j]:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i += 1
                j -= 1
        if n <= j:
            high = j
        elif n >= i:
            low = i
        else:
            break
    return values[n]


@register_jitable
def keep_first(time, m, n, kept):
    """Mark the n smallest of m times; of equal ones those that stand first."""
    kept[:m] = n >= m
    if 0 < n < m:
        last, room = smallest_but(time[:m].copy(), n - 1), n
        for i in range(m):
            kept[i] = time[i] < last
            room -= np.int64(kept[i])
        for i in range(m):
            if time[i] == last and room > 0:
                kept[i] = True
                room -= 1


def row_near(words, table, k0, k1, stream, domain, index, out):
    """Partners among the candidates of a row: each with the same probability, or a number of them, different or not; or those
    that stand in the table, if words[0] is 0 or above."""
    rule, number = words[RULE], words[NUMBER]
    if rule >= 0:
        return row_of_list(words, table, k0, k1, stream, domain, index, out)
    partners, m = find_partners(words, table, index)
    n = np.int64(0)
    if rule == EACH:
        limit = words[LIMIT:LIMIT + 1].view(np.float64)[0]
        drawn = words_of(m if limit < 2.0**32 else 0, k0, k1, stream, domain, index)
        for i in range(m):
            out[n] = np.int32(partners[i])
            n += np.int64(limit >= 2.0**32 or np.float64(drawn[i]) < limit)
    elif rule == SOME:
        drawn = words_of(number, k0, k1, stream, domain, index)
        for i in range(number if m else 0):
            out[i] = np.int32(partners[(np.uint64(drawn[i]) * np.uint64(m)) >> np.uint64(32)])
            n += 1
    elif number > 0:
        kept = np.empty(m, np.bool_)
        keep_first(words_of(m, k0, k1, stream, domain, index).astype(np.uint64), m, min(number, m), kept)
        for i in range(m):
            if kept[i]:
                out[n] = np.int32(partners[i])
                n += 1
    return n
