"""Compiled code that lists the candidates of rows in space piece by piece, and draws among those that are listed."""
from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numba import njit

from .space_kernels import (
    PARTNERS,
    PLACES_AT,
    ROWS,
    ROWS_AT,
    SHIFT,
    TO_TARGET,
    WRAP,
    find_partners,
    folded,
    keep_first,
    surely_found,
    words_of,
)

GUIDES = 256                 # sizes of a random number for which it is known where to begin looking


def digest() -> int:
    """A number for the code that takes part: numba's cache watches this file only."""
    text = "".join(Path(__file__).with_name(f"{name}.py").read_text()
                   for name in ("piece_kernels", "space_kernels", "kernels", "draws", "masks"))
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


@functools.cache
def compiled() -> SimpleNamespace:
    """The kernels that work on pieces, made at the first use; they release the interpreter lock."""
    return make_kernels(digest())


def make_kernels(stamp: int) -> SimpleNamespace:
    """The kernels. `stamp` is a closure cell in each, and so part of its key in numba's cache."""
    jit = njit(cache=True, nogil=True, error_model="numpy")

    @jit
    def count(words, table, axes, half, least, counts):
        """How many candidates each row has, or at least `least`; half: of a cube in the middle of the mask's box that the
        mask holds."""
        for r in range(len(counts) if stamp else 0):
            counts[r] = surely_found(words, table, r, axes, half)
            if counts[r] < least:
                counts[r] = find_partners(words, table, r)[1]

    @jit
    def list_pairs(words, table, rows, first, counts, partner, way):
        """The candidates of rows[first:], until `partner` is full: their numbers, and ways from source to target (axes,
        pairs); returns the row to go on from, and how many pairs there are."""
        f = words.view(np.float64)
        n_rows, n, pairs = words[ROWS], words[PARTNERS], 0
        for r in range(first, len(rows) if stamp else 0):
            found, m = find_partners(words, table, rows[r])
            if pairs + m > len(partner):
                return r, pairs
            counts[r - first] = m
            partner[pairs:pairs + m] = found[:m]
            for axis in range(len(way)):
                places, center = f[words[PLACES_AT] + axis * n:], f[words[ROWS_AT] + axis * n_rows + rows[r]]
                side, shift, to_target = f[WRAP + axis], f[SHIFT + axis], f[TO_TARGET]
                for i in range(m):
                    way[axis, pairs + i] = (folded(places[found[i]] - center, side) + shift) * to_target
            pairs += m
        return len(rows), pairs

    @jit
    def fill_words(rows, numbers, k0, k1, stream, domain, out):
        """The first words of rows, one row after another."""
        begin = 0
        for r in range(len(rows) if stamp else 0):
            out[begin:begin + numbers[r]] = words_of(numbers[r], k0, k1, stream, domain, rows[r])[:numbers[r]]
            begin += numbers[r]

    @jit
    def first_of_rows(time, counts, n, kept):
        """Mark the n smallest times of every row."""
        begin = 0
        for r in range(len(counts) if stamp else 0):
            keep_first(time[begin:], counts[r], min(n, counts[r]), kept[begin:])
            begin += counts[r]

    @jit
    def choose(chance, counts, number, word, partner, out):
        """`number` partners for each row, in proportion to their chances, from two words each."""
        begin, j = 0, 0
        guide = np.empty(GUIDES, np.int64)      # where to begin looking for numbers of each size
        for r in range(len(counts) if stamp else 0):
            total = np.cumsum(chance[begin:begin + counts[r]])
            i = 0
            for g in range(GUIDES if number and counts[r] else 0):
                while i < counts[r] - 1 and total[i] <= total[-1] * (g / GUIDES):
                    i += 1
                guide[g] = i
            for _ in range(number if counts[r] else 0):
                u = (np.float64(word[2 * j]) + (np.float64(word[2 * j + 1]) + 0.5) * 2.0**-32) * 2.0**-32
                point, i = total[-1] * u, guide[min(int(u * GUIDES), GUIDES - 1)]
                while i < counts[r] - 1 and total[i] <= point:
                    i += 1
                out[j] = partner[begin + i]
                j += 1
            begin += counts[r]

    @jit
    def thin(rows, counts, chance, k0, k1, stream, domain, partner, left):
        """Keep each partner with its chance: in place, of each row so many as `left` says; returns how many of all."""
        begin, kept = 0, 0
        for r in range(len(counts) if stamp else 0):
            word, before = words_of(counts[r], k0, k1, stream, domain, rows[r]), kept
            for i in range(counts[r]):
                partner[kept] = partner[begin + i]
                kept += int(np.float64(word[i]) < chance[begin + i] * 2.0**32)
            begin += counts[r]
            left[r] = kept - before
        return kept

    return SimpleNamespace(count=count, list_pairs=list_pairs, fill_words=fill_words, first_of_rows=first_of_rows,
                           choose=choose, thin=thin)
