"""Compiled code that draws the rows of a rule."""
from __future__ import annotations

from typing import Any

import numpy as np

from .compile import Kernel, jitable, kernel
from .layout import ROW
from .native import address_of, call3, view


def make_row(row: Any, checked: bool = False) -> Kernel:
    """The kernel `draw_row(desc, index, out) -> n` of a rule; checked: it raises what it cannot do, and writes nowhere else."""
    def draw_row(p, index, out):
        r = view(p, 1, ROW)[0]
        return row(view(r.words_at, r.n_words, np.int64), view(r.table_at, r.n_table, np.uint32), np.uint32(r.k0),
                   np.uint32(r.k1), r.stream, r.domain, index, view(out, r.longest, np.int32))
    jitable(row, **dict(boundscheck=True) if checked else {})
    return kernel(draw_row, uses=(row,))


def make_tally(tally: Any) -> Kernel:
    """The kernel `tally_rows(desc) -> longest` of a rule that draws something for all its rows together."""
    def tally_rows(p):
        r = view(p, 1, ROW)[0]
        return tally(view(r.words_at, r.n_words, np.int64), view(r.table_at, r.n_table, np.uint32), np.uint32(r.k0),
                     np.uint32(r.k1), r.stream, r.domain)
    jitable(tally)
    return kernel(tally_rows, uses=(tally,))


def find_longest_row(row_kernel, row_at, first, last):
    """How many partners the longest of the rows first .. last - 1 has."""
    partners, most = np.empty(view(row_at, 1, ROW)[0].longest + 1, np.int32), 0
    for index in range(first, last):
        most = max(most, call3(row_kernel, row_at, index, address_of(partners)))
    return most + 0 * len(partners)                     # the array is let go of where it is last named


def find_wrong_row(row_kernel, row_at, n_rows, wrong_at):
    """The first row that its row function refuses: its index, or -1; wrong_at: what was wrong, and with which number, or the
    number of all partners."""
    wrong = view(wrong_at, 2, np.int64)
    partners = np.empty(view(row_at, 1, ROW)[0].longest + 1, np.int32)
    for index in range(n_rows):
        n = call3(row_kernel, row_at, index, address_of(partners))
        if n < 0:
            wrong[0], wrong[1] = n, partners[0]
            return index
        wrong[1] += n
    return -1
