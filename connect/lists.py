"""Pairs of nodes by rows, connections as lists of partners, and the random words that they are drawn with."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import kernels
from .contract import BadConnection, Pairing, Row
from .piece_kernels import compiled

TOO_MANY = 2**32


class Piece(NamedTuple):
    """Some rows and their candidates. rows: numbers of the rows; row: for each pair its place among these, ascending; partner:
    by number, ascending in each row; displacement: from source to target (pairs, 2 or 3)."""

    rows: np.ndarray
    row: np.ndarray
    partner: np.ndarray
    displacement: np.ndarray

    def picked(self, which: np.ndarray) -> Piece:
        return Piece(self.rows, self.row[which], self.partner[which], self.displacement[which])

    @property
    def counts(self) -> np.ndarray:
        """Candidates of every row."""
        return np.bincount(self.row, minlength=len(self.rows))


def listed(n: int, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> Row:
    """The Row for `kernels.row_of_list`; parts: rows, how many partners each has, and these. Empties `parts`."""
    number: np.ndarray = np.zeros(n, np.int64)
    for rows, counts, _ in parts:
        number[rows] = counts
    starts = np.concatenate([[0], np.cumsum(number)])
    if starts[-1] >= TOO_MANY:
        raise BadConnection(f"{starts[-1]:,} connections of one call: at most 2^32 - 1 can be kept; split the targets")
    table: np.ndarray = np.empty(n + 1 + starts[-1], np.uint32)
    table[:n + 1] = starts
    while parts:
        rows, counts, partners = parts.pop()
        table[np.repeat(n + 1 + starts[rows] - (np.cumsum(counts) - counts), counts) + np.arange(len(partners))] = partners
    return Row(np.array([n]), table, int(number.max(initial=0)), each=(kernels.length_of_list, kernels.partner_of_list))


def words(pairing: Pairing, rows: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The first numbers[i] 32-bit words of rows[i], of all rows: what `kernels.word` gives."""
    out: np.ndarray = np.empty(numbers.sum(), np.uint32)
    compiled().fill_words(rows, numbers, *pairing.key, pairing.stream, pairing.domain, out)
    return out
