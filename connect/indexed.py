"""Candidates found through an index of the pool's nodes: cells, or a tree for masks that compiled code does not know."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from .cells import Cells
from .lists import Piece
from .piece_kernels import compiled

if TYPE_CHECKING:
    from .candidates import Candidates

WIDER = 1 + 1e-7             # the tree looks a little farther than the mask reaches, and the mask decides


def indexed_pieces(near: Candidates, only: np.ndarray | None, size: int) -> Iterator[Piece]:
    """The candidates of all rows, or of some, in pieces of about `size` pairs: neighbours in space together."""
    from scipy.spatial import cKDTree
    assert near.mask is not None
    reach, bits = near.mask.reach * WIDER, len(near.pool).bit_length()
    centers = near.inside((near.rows if only is None else near.rows[only]) + near.shift)
    numbers = np.asarray(near.tree.query_ball_point(centers, reach, return_length=True))
    order = cKDTree(centers).indices
    part = np.cumsum(numbers[order]) // size
    for some in np.split(order, np.flatnonzero(np.diff(part)) + 1):
        found = cKDTree(centers[some], boxsize=near.wrap).sparse_distance_matrix(near.tree, reach, output_type="ndarray")
        pairs = (found["i"] << bits | found["j"]).astype(np.uint32 if len(some) << bits < 2**32 else np.int64)
        pairs.sort()                                       # by row, then by partner
        yield near.pair(some if only is None else only[some], pairs >> bits, pairs & ((1 << bits) - 1))


def cell_pieces(near: Candidates, cells: Cells, only: np.ndarray | None, size: int) -> Iterator[Piece]:
    """The same in the order of rows, found in compiled code; a piece holds no more than `size` pairs, or one row."""
    rows, first = np.arange(len(near.rows)) if only is None else only, 0
    while first < len(rows):
        counts: np.ndarray = np.zeros(len(rows) - first, np.int64)
        partner: np.ndarray = np.empty(max(size, cells.most), np.uint32)
        way = np.empty((near.pool.shape[1], len(partner)))
        last, n = compiled().list_pairs(cells.words, cells.table, rows, first, counts, partner, way)
        yield Piece(rows[first:last], np.repeat(np.arange(last - first), counts[:last - first]), partner[:n], way[:, :n].T)
        first = last
