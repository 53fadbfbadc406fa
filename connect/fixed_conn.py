"""FixedPostNumConn, FixedPreNumConn: sparse matrices of fixed out-degree or in-degree, drawn once and stored."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import draws
from .batches import compiled
from .quantities import split
from .sizes import number_of, seed_of, size_of
from .stored import Stored

TO_POST, TO_PRE = 0, 1             # streams: the same seed gives two kinds of matrix independent draws


def draw(n_rows: int, partners: int, number: int, multapses: bool, seed: int, stream: int) -> np.ndarray:
    """(n_rows, number) partners, every row drawn uniformly as by fixed_outdegree and fixed_indegree."""
    out = np.empty((n_rows, number), np.int32)
    words, table = np.array([partners, number, 0, not multapses], np.int64), np.zeros(1, np.uint32)
    compiled().draw_choices((words, table, *draws.key_of(seed), stream), n_rows, out)
    return out


def drawn_as(conn: Any) -> str:
    return (f"{type(conn).__name__}(num_pre={conn.shape[0]}, num_post={conn.shape[1]}, conn_num={conn.conn_num}, "
            f"seed={conn.seed})")


class FixedPostNumConn(Stored):
    """Every presynaptic neuron has `conn_num` targets, drawn uniformly: a sparse matrix (num_pre, num_post).

    Targets are drawn with replacement, as brainstate's EventFixedProb does by default: a pair that is drawn twice has twice
    the weight. `allow_multapses=False` draws without.

    Parameters
    ----------
    num_pre, num_post : whole numbers.
    conn_num : targets a presynaptic neuron, a whole number; or as a float the fraction of num_post, rounded down.
    weight : one number, or (num_pre, conn_num) in the order of `indices` as drawn; bare or a quantity.
    seed : whole number, 0 to 2^64 - 1, that everything drawn follows from; None takes one that `.seed` tells.

    Raises BadConnection for arguments out of their range, and arrays of another shape.
    """

    def __init__(self, *, num_pre: int, num_post: int, conn_num: int | float, weight: Any, seed: int | None = None,
                 allow_multapses: bool = True) -> None:
        n_pre, n_post = size_of((num_pre, num_post), ("num_pre", "num_post"))
        self.conn_num = number_of(conn_num, n_post, "targets", allow_multapses)
        numbers, unit = split(weight, "weight", (), (n_pre, self.conn_num))
        self.seed = seed_of(seed)
        targets = draw(n_pre, n_post, self.conn_num, allow_multapses, self.seed, TO_POST)
        begins = np.arange(n_pre + 1, dtype=np.int64) * self.conn_num
        super().__init__(numbers.ravel() if numbers.ndim else numbers, unit, targets.ravel(), begins, (n_pre, n_post))

    def __repr__(self) -> str:
        return drawn_as(self)


class FixedPreNumConn(Stored):
    """Every postsynaptic neuron has `conn_num` sources, drawn uniformly: a sparse matrix (num_pre, num_post).

    As FixedPostNumConn, with the sides exchanged: a fraction `conn_num` is one of num_pre, an array of weights is
    (num_post, conn_num). It is stored by source, so that products with spikes cost in proportion to these.
    """

    def __init__(self, *, num_pre: int, num_post: int, conn_num: int | float, weight: Any, seed: int | None = None,
                 allow_multapses: bool = True) -> None:
        n_pre, n_post = size_of((num_pre, num_post), ("num_pre", "num_post"))
        self.conn_num = number_of(conn_num, n_pre, "sources", allow_multapses)
        numbers, unit = split(weight, "weight", (), (n_post, self.conn_num))
        self.seed = seed_of(seed)
        sources = draw(n_post, n_pre, self.conn_num, allow_multapses, self.seed, TO_PRE)
        targets, order = np.empty(sources.size, np.int32), np.empty(sources.size, np.int64)
        begins = compiled().exchange(sources, n_pre, targets, order)
        super().__init__(numbers.ravel()[order] if numbers.ndim else numbers, unit, targets, begins, (n_pre, n_post))

    def __repr__(self) -> str:
        return drawn_as(self)
