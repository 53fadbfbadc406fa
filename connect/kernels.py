"""The row functions of the rules: the code that draws, compiled by the engine for CPU cores.

`words` are the numbers that `prepare` of a rule states, `table` its uint32 table; the row's counter is its index.
"""
from __future__ import annotations

import numpy as np
from numba.extending import register_jitable

from nestling.models.arithmetic import log1p

from . import draws
from .normal import normal_sample as normal_sample

# inlined before loops are vectorised: a call of philox in a loop costs ten times what its arithmetic does
philox = register_jitable(forceinline=True)(draws.philox)
alias_pick = register_jitable(forceinline=True)(draws.alias_pick)
packed_pick = register_jitable(forceinline=True)(draws.packed_pick)


@register_jitable
def words_into(out, n, low, k0, k1, stream, domain, index):
    """Fill out[:n] with whole numbers, uniform in 0 .. low - 1."""
    span = np.uint64(low)
    half = np.uint64(32)
    for block in range(n // 4):
        a, b, c, d = philox(np.uint32(block), np.uint32(index), np.uint32(stream), np.uint32(domain), k0, k1)
        out[4 * block] = np.int32((np.uint64(a) * span) >> half)
        out[4 * block + 1] = np.int32((np.uint64(b) * span) >> half)
        out[4 * block + 2] = np.int32((np.uint64(c) * span) >> half)
        out[4 * block + 3] = np.int32((np.uint64(d) * span) >> half)
    for i in range(n - n % 4, n):
        out[i] = np.int32((np.uint64(word(i, k0, k1, stream, domain, index)) * span) >> half)


@register_jitable
def word(i, k0, k1, stream, domain, index):
    """The i-th 32-bit word of a row."""
    a, b, c, d = philox(np.uint32(i >> 2), np.uint32(index), np.uint32(stream), np.uint32(domain), k0, k1)
    lane = i & 3
    return a if lane == 0 else (b if lane == 1 else (c if lane == 2 else d))


@register_jitable(forceinline=True)
def uniform(draw, i):
    """The i-th random number of a row, between 0 and 1, both excluded; draw: what a rule's function is given."""
    return (float(word(i, draw[0], draw[1], draw[2], draw[3], draw[4])) + 0.5) * 2.0**-32


@register_jitable(forceinline=True)
def integer(draw, i, n):
    """The i-th random number of a row as a whole number, 0 to n - 1; draw: what a rule's function is given."""
    return np.int64((np.uint64(word(i, draw[0], draw[1], draw[2], draw[3], draw[4])) * np.uint64(n)) >> np.uint64(32))


@register_jitable
def sort_bits(bits, n, out):
    """Write the positions of the set bits below n to `out`, ascending, and clear them; returns how many."""
    found = 0
    for w in range((n + 63) // 64):
        rest = bits[w]
        bits[w] = np.uint64(0)
        position = 64 * w
        while rest != np.uint64(0):
            if rest & np.uint64(1):
                out[found] = np.int32(position)
                found += 1
            rest >>= np.uint64(1)
            position += 1
    return found


def row_of_choices(words, table, k0, k1, stream, domain, index, out):
    """A given number of partners, uniform among all; words: partners, number (or -1: in table), own (0/1), distinct (0/1).

    With own, table[2 * index] is 1 + the position that must not be chosen, or 0; table[2 * index + 1] the number.
    """
    number, partners, skip = number_of_choices(words, table, index), words[0], words[0]
    if words[2] and table[2 * index] > 0:
        skip = np.int64(table[2 * index]) - 1
        partners -= 1
    if words[3]:
        number = different_choices(number, partners, k0, k1, stream, domain, index, out,
                                   np.zeros((partners + 63) // 64, np.uint64))
    else:
        words_into(out, number, partners, k0, k1, stream, domain, index)
    if skip < partners + 1 and words[2]:
        for i in range(number):
            out[i] += 1 if out[i] >= skip else 0
    return number


def bare_row_of_choices(words, table, k0, k1, stream, domain, index, out, room):
    """The same of different partners, with room for a bit for each of them."""
    number, partners, skip = number_of_choices(words, table, index), words[0], words[0]
    if words[2] and table[2 * index] > 0:
        skip = np.int64(table[2 * index]) - 1
        partners -= 1
    for i in range((partners + 63) // 64):
        room[i] = np.uint64(0)
    number = different_choices(number, partners, k0, k1, stream, domain, index, out, room)
    for i in range(number):
        out[i] += 1 if out[i] >= skip else 0
    return number


@register_jitable(forceinline=True)
def number_of_choices(words, table, index):
    """How many partners the row has."""
    return words[1] if words[1] >= 0 else np.int64(table[2 * index + 1])


def choice(words, table, index, i, u):
    """The partner of such a row that a word chooses, if partners need not differ."""
    own = np.int64(table[2 * index]) if words[2] else np.int64(0)
    partners = words[0] - (1 if own > 0 else 0)
    x = np.int64((np.uint64(u) * np.uint64(partners)) >> np.uint64(32))
    return x + 1 if own > 0 and x >= own - 1 else x


@register_jitable
def different_choices(number, partners, k0, k1, stream, domain, index, out, bits):
    """Choose without repetition: the smaller of the set and its complement, redrawing what is taken. bits: zeros."""
    complement = 2 * number > partners
    chosen = partners - number if complement else number
    done, i = 0, 0
    while done < chosen:
        x = (np.uint64(word(i, k0, k1, stream, domain, index)) * np.uint64(partners)) >> np.uint64(32)
        i += 1
        bit = np.uint64(1) << (x & np.uint64(63))
        if not bits[x >> np.uint64(6)] & bit:
            bits[x >> np.uint64(6)] |= bit
            done += 1
    if complement:
        for j in range(partners):
            bits[j >> 6] ^= np.uint64(1) << np.uint64(j & 63)
    return sort_bits(bits, partners, out)


@register_jitable
def first_above(ends, x):
    """Where the first of ascending numbers above x stands. (numba's searchsorted takes a tenth of a second to load.)"""
    low, high = 0, ends.size
    while low < high:
        middle = (low + high) // 2
        if ends[middle] <= x:
            low = middle + 1
        else:
            high = middle
    return low


def tally_of_targets(words, table, k0, k1, stream, domain):
    """How many of words[4] connections end in each of words[5] targets, written to table[1::2]; returns the most.

    words[6:]: where the targets are not equally likely, the running sum of their weights.
    """
    number, targets = words[4], words[5]
    ends = words[6:]
    drawn = np.empty(4096, np.uint32)
    for begin in range(0, number, 4096):
        for i in range(1024):
            drawn[4 * i], drawn[4 * i + 1], drawn[4 * i + 2], drawn[4 * i + 3] = philox(
                np.uint32(begin // 4 + i), np.uint32(0xFFFFFFFF), np.uint32(stream), np.uint32(domain), k0, k1)
        for i in range(min(4096, number - begin)):
            if ends.size:
                target = first_above(ends, drawn[i] * (ends[-1] / 2.0**32))
            else:
                target = np.int64((np.uint64(drawn[i]) * np.uint64(targets)) >> np.uint64(32))
            table[2 * target + 1] += np.uint32(1)
    most = np.int64(0)
    for target in range(targets):
        most = max(most, np.int64(table[2 * target + 1]))
    return most


def row_of_chances(words, table, k0, k1, stream, domain, index, out):
    """Each partner with the same probability; words: partners, own (0/1), bits of the gap table, its offset.

    The gap to the next partner is geometric. The table gives gaps 0 .. last - 1 and, as outcome `last`, "none of these":
    a geometric gap has no memory, so that one goes on from there.
    """
    partners, own, bits, first = words[0], words[1], words[2], words[3]
    if bits == 0:
        return row_of_rare_chances(words, table, k0, k1, stream, domain, index, out)
    cells = np.int64(1) << bits
    last = cells - 1
    thresholds, aliases = table[first:first + cells], table[first + cells:first + 2 * cells]
    skip = np.int64(-1)
    if own:
        skip = np.int64(table[index]) - 1
    n, position, i = np.int64(0), np.int64(0), np.int64(0)
    while True:
        a, b, c, d = philox(np.uint32(i), np.uint32(index), np.uint32(stream), np.uint32(domain), k0, k1)
        i += 1
        for lane in range(4):
            u = a if lane == 0 else (b if lane == 1 else (c if lane == 2 else d))
            gap = np.int64(alias_pick(u, thresholds, aliases, np.uint32(0), bits))
            position += gap
            if position >= partners:
                return n
            if gap < last:
                if position != skip:
                    out[n] = np.int32(position)
                    n += 1
                position += 1


def row_of_rare_chances(words, table, k0, k1, stream, domain, index, out):
    """The same for small probabilities p: gaps by inversion, from 64 bits each. words: partners, own, 0, and -log(1 - p) as a
    float64."""
    partners, own, rate = words[0], words[1], words[3:4].view(np.float64)[0]
    skip = np.int64(-1)
    if own:
        skip = np.int64(table[index]) - 1
    n, position, i = np.int64(0), np.int64(0), np.int64(0)
    while True:
        a, b, c, d = philox(np.uint32(i >> 1), np.uint32(index), np.uint32(stream), np.uint32(domain), k0, k1)
        high, low = (c, d) if i & 1 else (a, b)
        u = (float(high) + (float(low) + 0.5) * 2.0**-32) * 2.0**-32
        e = -log1p(-min(u, 1.0 - 2.0**-53))                # exponential, of mean 1
        i += 1
        if e >= rate * (partners - position):
            return n
        position += np.int64(e / rate)
        if position >= partners:                                # by rounding
            return n
        if position != skip:
            out[n] = np.int32(position)
            n += 1
        position += 1


def row_of_all(words, table, k0, k1, stream, domain, index, out):
    """Every partner; words: partners, own (0/1)."""
    partners, own = words[0], words[1]
    skip = np.int64(-1)
    if own:
        skip = np.int64(table[index]) - 1
    n = np.int64(0)
    for i in range(partners):
        if i != skip:
            out[n] = np.int32(i)
            n += 1
    return n


def row_of_one(words, table, k0, k1, stream, domain, index, out):
    """The partner of the same position; words: own (0/1)."""
    if words[0] and np.int64(table[index]) - 1 == index:
        return np.int64(0)
    out[0] = np.int32(index)
    return np.int64(1)


def row_of_list(words, table, k0, k1, stream, domain, index, out):
    """The partners that stand in the table; words: rows. The table: where each row begins and the last one ends, partners."""
    first = words[0] + 1
    begin, end = np.int64(table[index]), np.int64(table[index + 1])
    for i in range(begin, end):
        out[i - begin] = np.int32(table[first + i])
    return end - begin


def length_of_list(words, table, index):
    """How many partners stand in the table for a row."""
    return np.int64(table[index + 1]) - np.int64(table[index])


def partner_of_list(words, table, index, i, u):
    """The i-th of them."""
    return np.int64(table[words[0] + 1 + np.int64(table[index]) + i])
