"""Compiled products of sparse matrices, whose rows are stored or drawn again from a seed.

A matrix has one row a source; a row is its targets `cols`, and their values `data`, which are empty where all are 1. `spread`
is vector times matrix, `collect` matrix times vector; a batch of vectors has one a lane, and a row is drawn once for all.
All kernels release the interpreter lock. Products return how many entries of the matrix they went through.
"""
from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from numba import njit
from numba.extending import register_jitable

from nestling.models import arithmetic

from . import draws, kernels
from .batches import NORMAL, ONES
from .distributions import uniform_sample

choices = register_jitable(kernels.row_of_choices)
chances = register_jitable(kernels.row_of_chances)
register_jitable(kernels.row_of_rare_chances)
for of_models in (arithmetic.log_near_1, arithmetic.log, arithmetic.log1p):
    register_jitable(forceinline=True)(of_models)
normal = register_jitable(kernels.normal_sample)
uniform = register_jitable(uniform_sample)
_EDGES, _WEIGHTS = draws.EDGES, draws.WEIGHTS


@register_jitable(forceinline=True)
def spread_row(r, cols, data, begin, end, x, out):
    """out[lane, cols] += x[lane, r] * data, of the entries begin to end."""
    for lane in range(x.shape[0]):
        value = x[lane, r]
        if value != 0.0 and len(data):
            for j in range(begin, end):
                out[lane, cols[j]] += value * data[j]
        elif value != 0.0:
            for j in range(begin, end):
                out[lane, cols[j]] += value


@register_jitable(forceinline=True)
def collect_row(r, cols, data, begin, end, x, lanes, out):
    """out[r * lanes:] = sum of data * x[cols * lanes:], of the entries begin to end; both arrays hold `lanes` numbers a row."""
    if lanes == 1:                       # in a register
        total = 0.0
        if len(data):
            for j in range(begin, end):
                total += x[cols[j]] * data[j]
        else:
            for j in range(begin, end):
                total += x[cols[j]]
        out[r] = total
        return
    for j in range(begin, end):
        value = data[j] if len(data) else 1.0
        for lane in range(lanes):
            out[r * lanes + lane] += value * x[cols[j] * np.uint64(lanes) + np.uint64(lane)]


@register_jitable
def draw_row(r, row, values, cols, data):
    """Targets and values of row r into `cols` and `data`; returns how many.

    row: words and table of the rule, key, stream; values: the kind of values, and two parameters. The addresses of draws are
    those of a projection in a simulator: word i of row r for the i-th target's value.
    """
    words, table, k0, k1, stream = row
    kind, a, b = values
    n = chances(words, table, k0, k1, stream, _EDGES, r, cols)
    if kind != ONES:
        for i in range(n):
            if i & 3 == 0:
                u, v, w, x = kernels.philox(np.uint32(i >> 2), np.uint32(r), np.uint32(stream), np.uint32(_WEIGHTS), k0, k1)
            else:
                u, v, w = v, w, x
            data[i] = u                  # the word: a float64 holds it, so that the next loop needs no other room
    if kind == NORMAL:
        for i in range(n):
            data[i] = normal(data[i], a, b)
    elif kind != ONES:
        for i in range(n):
            data[i] = uniform(data[i], a, b)
    return n


def digest() -> int:
    """A number for the code that takes part: numba's cache watches this file only."""
    files = [Path(__file__).with_name(f"{name}.py")
             for name in ("operator_kernels", "batches", "kernels", "draws", "normal", "distributions")]
    text = "".join(file.read_text() for file in [*files, Path(arithmetic.__file__)])
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16)


@functools.cache
def compiled() -> SimpleNamespace:
    """The kernels, made at the first use; each is compiled or read from numba's cache when it is first called."""
    return make_kernels(digest())


def make_kernels(stamp: int) -> SimpleNamespace:
    """The kernels. `stamp` is a closure cell in each, and so part of its key in numba's cache."""
    jit = njit(cache=True, nogil=True, error_model="numpy")

    @jit
    def draw_choices(row, n_rows, out):
        """Rows of equal length: out (rows, length) holds the partners of each."""
        words, table, k0, k1, stream = row
        for r in range(n_rows if stamp else 0):
            choices(words, table, k0, k1, stream, _EDGES, r, out[r])

    @jit
    def exchange(partners, n_cols, cols, order):
        """Rows as columns: `cols` (entries) and `order`, where each came from; returns where rows begin (n_cols + 1)."""
        begins = np.zeros(n_cols + 1 if stamp else 0, np.int64)
        for r in range(partners.shape[0]):
            for j in range(partners.shape[1]):
                begins[partners[r, j] + 1] += 1
        begins = np.cumsum(begins)
        places = begins.copy()
        for r in range(partners.shape[0]):
            for j in range(partners.shape[1]):
                place = places[partners[r, j]]
                places[partners[r, j]] += 1
                cols[place] = r
                order[place] = r * partners.shape[1] + j
        return begins

    @jit
    def spread(rows, x, begins, cols, data, out):
        """Add rows[k] times x[:, k] to out (lanes, targets)."""
        entries = 0
        for k in range(len(rows) if stamp else 0):
            begin, end = begins[rows[k]], begins[rows[k] + 1]
            spread_row(k, cols, data, begin, end, x, out)
            entries += end - begin
        return entries

    @jit
    def collect(x, lanes, begins, cols, data, out):
        """Write every row times x (targets * lanes) to out (rows * lanes)."""
        cols = cols.view(np.uint32)      # so that no index is looked at for being negative
        for r in range(len(begins) - 1 if stamp else 0):
            collect_row(r, cols, data, begins[r], begins[r + 1], x, lanes, out)
        return begins[-1]

    @jit
    def spread_drawn(rows, x, row, values, out):
        """As spread; each of `rows` is drawn, and no other."""
        entries, longest = 0, out.shape[1]
        cols, data = np.empty(longest, np.int32), np.empty(longest if values[0] != ONES else 0)
        for k in range(len(rows) if stamp else 0):
            n = draw_row(rows[k], row, values, cols, data)
            spread_row(k, cols, data, 0, n, x, out)
            entries += n
        return entries

    @jit
    def collect_drawn(n_rows, n_cols, x, lanes, row, values, out):
        """As collect; every row is drawn."""
        entries = 0
        cols, data = np.empty(n_cols, np.int32), np.empty(n_cols if values[0] != ONES else 0)
        for r in range(n_rows if stamp else 0):
            n = draw_row(r, row, values, cols, data)
            collect_row(r, cols.view(np.uint32), data, 0, n, x, lanes, out)
            entries += n
        return entries

    @jit
    def list_drawn(row, values, n_cols, begins, all_cols, all_data):
        """All rows: their targets and values; where `all_cols` is empty only where they begin."""
        cols, data = np.empty(n_cols, np.int32), np.empty(n_cols if values[0] != ONES else 0)
        for r in range(len(begins) - 1 if stamp else 0):
            n = draw_row(r, row, values, cols, data)
            if len(all_cols):
                all_cols[begins[r]:begins[r + 1]] = cols[:n]
                if len(data):
                    all_data[begins[r]:begins[r + 1]] = data[:n]
            begins[r + 1] = begins[r] + n

    return SimpleNamespace(draw_choices=draw_choices, exchange=exchange, spread=spread, collect=collect,
                           spread_drawn=spread_drawn, collect_drawn=collect_drawn, list_drawn=list_drawn)
