"""explicit_edges: connections that the user lists."""
from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from . import kernels
from .contract import BadConnection, Pairing, Row, Rule
from .edges import read_edges


class explicit_edges(Rule):
    """The edges that are listed, and no others; an edge that is listed twice is made twice.

    ``explicit_edges(pre, post)``: from the pre[i]-th node of the one view to the post[i]-th of the other.
    ``explicit_edges(matrix)``: a SciPy sparse matrix (targets, sources): an edge for every stored entry, its weight.
    ``explicit_edges(mask)``: a dense matrix (targets, sources) of True and False.
    ``explicit_edges(table)``: a pandas DataFrame, or a dict of arrays, with columns pre and post, or source and target (global
    ids), and weight and delay if you like.

    weight, delay: as connect() takes them, and used where connect() is given none. An array has one value an edge, in the
    order of the list (of a matrix: of its entries; of a mask: row by row).
    """

    row = staticmethod(kernels.row_of_list)

    def __init__(self, pre: Any, post: Any = None, *, weight: Any = None, delay: Any = None) -> None:
        self.edges = read_edges(pre, post, weight, delay)
        self.weight, self.delay = self.edges.weight, self.edges.delay

    def without_values(self) -> Rule:
        bare = copy(self)
        bare.edges, bare.weight, bare.delay = replace(self.edges, weight=None, delay=None), None, None
        return bare

    def __repr__(self) -> str:
        return f"explicit_edges({len(self.edges.pre):,} edges)"

    def check(self, pairing: Pairing) -> None:
        n_sources, n_targets = len(pairing.sources), len(pairing.targets)
        if self.edges.shape and self.edges.shape != (n_targets, n_sources):
            raise BadConnection(f"explicit_edges: a matrix of shape {self.edges.shape} for {n_sources} sources and {n_targets} "
                                f"targets: must be (targets, sources) = {(n_targets, n_sources)}")
        pre, post = self.edges.in_views(pairing)
        if not pairing.allow_autapses:
            self._refuse(pairing.sources[pre] == pairing.targets[post], "connects a node to itself, and allow_autapses=False")
        if not pairing.allow_multapses:
            pairs = post.astype(np.int64) * n_sources + pre
            order = np.argsort(pairs, kind="stable")
            again = np.zeros(len(pairs), bool)
            again[order[1:]] = pairs[order[1:]] == pairs[order[:-1]]
            self._refuse(again, "connects a pair that an edge before it connects, and allow_multapses=False")

    def _refuse(self, wrong: np.ndarray, why: str) -> None:
        if wrong.any():
            first = int(wrong.argmax())
            raise BadConnection(f"explicit_edges: entry {first}, from {self.edges.pre[first]} to {self.edges.post[first]}, "
                                f"{why} forbids it: leave it out, or allow it")

    def prepare(self, pairing: Pairing) -> Row:
        """Edges sorted by target, stably, by counting: a sparse matrix with one entry an edge, turned to columns."""
        from scipy.sparse import csr_array
        pre, post = self.edges.in_views(pairing)
        n, n_rows = len(pre), len(pairing.targets)
        rows = csr_array((np.ones(n, np.int8), post, np.arange(n + 1)), shape=(n, n_rows)).tocsc()
        table = np.empty(n_rows + 1 + n, np.uint32)
        table[:n_rows + 1] = rows.indptr
        table[n_rows + 1:] = pre[rows.indices]
        return Row(np.array([n_rows]), table, int(np.diff(rows.indptr).max(initial=0)), rows.indptr, rows.indices)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(len(self.edges.pre))

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (len(self.edges.pre),)
