"""The pairs of nodes that a mask allows, found through a spatial index and handed out in pieces that bound memory."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .cells import cells_of
from .contract import Space
from .indexed import cell_pieces, indexed_pieces
from .lists import Piece
from .masks import Mask
from .piece_kernels import compiled

PIECE = 1 << 16              # pairs that are looked at together: their arrays stay in the cache


class Candidates:
    """For every row (a target, or a source if `by_source`) the partners that the mask allows; None allows all.

    The mask lies at the node of the row, or if `at_partner` at the partner. In a space that wraps each partner comes once, at
    the nearest of its places within the mask's box.
    """

    def __init__(self, space: Space, mask: Mask | None, by_source: bool, at_partner: bool = False) -> None:
        self.rows, self.pool = (space.sources, space.targets) if by_source else (space.targets, space.sources)
        self.mask, self.wrap, self.sign = mask, space.wrap, -1.0 if at_partner else 1.0
        self.to_target = 1.0 if by_source else -1.0
        self.shift = np.zeros(self.pool.shape[1]) if mask is None else self.sign * mask.center
        self._tree: Any = None

    def inside(self, way: np.ndarray) -> np.ndarray:
        """A point in the box that wraps."""
        return way if self.wrap is None else np.where((folded := way % self.wrap) < self.wrap, folded, 0.0)

    @property
    def tree(self) -> Any:
        if self._tree is None:
            from scipy.spatial import cKDTree
            self._tree = cKDTree(self.inside(self.pool), boxsize=self.wrap)
        return self._tree

    def farthest(self) -> float:
        """No pair is farther apart."""
        if self.mask is not None:
            return float(np.linalg.norm(self.shift)) + self.mask.reach
        both = np.concatenate([self.rows, self.pool])
        return float(np.linalg.norm(np.ptp(both, axis=0)))

    def numbers(self, least: int) -> np.ndarray:
        """How many partners each row has, or fewer where only those near the middle of the mask's box are counted: `least` or
        more are as many as there are."""
        counts: np.ndarray = np.full(len(self.rows), len(self.pool))
        if self.mask is not None and (cells := cells_of(self)) is not None:
            axes = self.pool.shape[1]
            compiled().count(cells.words, cells.table, axes, 0.999 * self.mask.inner / np.sqrt(axes), least, counts)
        elif self.mask is not None:
            counts[:] = self.tree.query_ball_point(self.inside(self.rows + self.shift), self.mask.inner, return_length=True)
        return counts

    def pair(self, rows: np.ndarray, row: np.ndarray, partner: np.ndarray) -> Piece:
        """The pairs that the mask contains."""
        way = self.pool.take(partner, axis=0)                               # from the middle of the box
        way -= (self.rows[rows] + self.shift).take(row, axis=0)
        if self.wrap is not None:
            way -= self.wrap * np.floor(way / self.wrap + 0.5)
        within = np.ones(len(way), bool) if self.mask is None else self.mask.contains(self.sign * (way + self.shift))
        way = (way[within] + self.shift) * self.to_target
        return Piece(rows, row[within], partner[within].astype(np.uint32), way)

    def pieces(self, only: np.ndarray | None = None) -> Iterator[Piece]:
        """The candidates of all rows, or of some: each row in one piece."""
        n = len(self.pool)
        if self.mask is None:
            rows = np.arange(len(self.rows)) if only is None else only
            step = max(1, PIECE // n)
            for begin in range(0, len(rows), step):
                some = rows[begin:begin + step]
                yield self.pair(some, np.repeat(np.arange(len(some)), n), np.tile(np.arange(n), len(some)))
            return
        cells = cells_of(self, places=True)
        yield from indexed_pieces(self, only, PIECE) if cells is None else cell_pieces(self, cells, only, PIECE)

    def sample(self, rows: int = 64, partners: int = 4096) -> tuple[Piece, float]:
        """Pairs of a few rows with all or some partners, evenly spread, that the mask contains; and how many were looked at."""
        golden = 0.6180339887498949
        cells = cells_of(self, places=True) if self.mask is not None else None
        if cells is not None:
            rows, partners = min(rows, max(1, (1 << 17) // max(cells.most, 1))), len(self.pool)
        some, others = (np.unique((np.arange(min(k, n)) * golden % 1.0 * n).astype(np.int64))
                        for k, n in ((rows, len(self.rows)), (partners, len(self.pool))))
        if cells is not None:
            parts = list(cell_pieces(self, cells, some, PIECE))
            rest = (np.concatenate([getattr(p, name) for p in parts]) for name in ("partner", "displacement"))
            piece = Piece(some, np.repeat(np.arange(len(some)), np.concatenate([p.counts for p in parts])), *rest)
        else:
            piece = self.pair(some, np.repeat(np.arange(len(some)), len(others)), np.tile(others, len(some)))
        return piece, float(len(some) * len(others))
