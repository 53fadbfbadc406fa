"""JITCScalarR, JITCNormalR, JITCUniformR: sparse matrices of independent entries, drawn again at every use, never stored."""
from __future__ import annotations

from typing import Any

import numpy as np

from . import draws
from .batches import NORMAL, ONES, UNIFORM, active, compiled, flat
from .contract import BadConnection, Pairing
from .operators import Operator
from .pairwise_bernoulli import pairwise_bernoulli
from .quantities import split, split_two
from .sizes import probability, seed_of, size_of

STREAM = 2               # beside those of fixed_conn


class Drawn(Operator):
    """Every pair has an entry with probability `prob`, independently; rows are drawn from the seed when they are needed."""

    _factor = 1.0

    def __init__(self, num_pre: Any, num_post: Any, prob: Any, seed: Any, values: tuple[int, float, float]) -> None:
        self.shape = size_of((num_pre, num_post), ("num_pre", "num_post"))
        self.prob, self.seed = probability(prob), seed_of(seed)
        # the row of that rule's target, with the sides exchanged: its partners are the targets of one source
        everyone, nobody = np.arange(self.shape[1]), np.zeros(0, np.int64)
        row = pairwise_bernoulli(self.prob).prepare(Pairing(everyone, nobody, True, True))
        self._row = np.asarray(row.words, np.int64), np.asarray(row.table, np.uint32), *draws.key_of(self.seed), STREAM
        self._values = values

    def spread(self, x: np.ndarray) -> np.ndarray:
        out = np.zeros((len(x), self.shape[1]))
        compiled().spread_drawn(*active(x), self._row, self._values, out)
        return out if self._factor == 1.0 else out * self._factor

    def collect(self, x: np.ndarray) -> np.ndarray:
        out = np.zeros((self.shape[0], x.shape[1]))
        compiled().collect_drawn(*self.shape, flat(x), x.shape[1], self._row, self._values, out.ravel())
        return out if self._factor == 1.0 else out * self._factor

    def tocsr(self) -> Any:
        from scipy.sparse import csr_matrix
        begins, cols, data = np.zeros(self.shape[0] + 1, np.int64), np.zeros(0, np.int32), np.zeros(0)
        compiled().list_drawn(self._row, self._values, self.shape[1], begins, cols, data)
        cols, data = np.empty(begins[-1], np.int32), np.full(begins[-1], self._factor)
        compiled().list_drawn(self._row, self._values, self.shape[1], begins, cols, data)
        return csr_matrix((data, cols, begins), shape=self.shape)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(num_pre={self.shape[0]}, num_post={self.shape[1]}, prob={self.prob:g}, seed={self.seed})"


class JITCScalarR(Drawn):
    """A sparse matrix (num_pre, num_post): each pair has the weight `weight` with probability `prob`, independently.

    It takes no memory: the targets of a source are drawn again from the seed whenever it fires, in time proportional to
    prob * num_post, and are the same in every product, batch, `todense` and `tocsr`.

    Parameters
    ----------
    num_pre, num_post : whole numbers.
    prob : probability, 0 to 1.
    weight : one number, bare or a quantity.
    seed : whole number, 0 to 2^64 - 1, that everything drawn follows from; None takes one that `.seed` tells.

    Raises BadConnection for arguments out of their range.
    """

    def __init__(self, *, num_pre: int, num_post: int, prob: float, weight: Any, seed: int | None = None) -> None:
        number, self.unit = split(weight, "weight", ())
        self._factor = float(number)
        super().__init__(num_pre, num_post, prob, seed, (ONES, 0.0, 0.0))


class JITCNormalR(Drawn):
    """As JITCScalarR, with weights from a normal distribution of mean `loc` and standard deviation `scale`, redrawn alike."""

    def __init__(self, *, num_pre: int, num_post: int, prob: float, loc: Any, scale: Any, seed: int | None = None) -> None:
        mean, std, self.unit = split_two(loc, scale, ("loc", "scale"))
        if std < 0.0:
            raise BadConnection(f"scale = {scale}: must be 0 or more")
        super().__init__(num_pre, num_post, prob, seed, (NORMAL, mean, std))


class JITCUniformR(Drawn):
    """As JITCScalarR, with weights uniform between `low` and `high`, redrawn alike."""

    def __init__(self, *, num_pre: int, num_post: int, prob: float, low: Any, high: Any, seed: int | None = None) -> None:
        least, most, self.unit = split_two(low, high, ("low", "high"))
        if least > most:
            raise BadConnection(f"low = {low}, high = {high}: low must not be above high")
        super().__init__(num_pre, num_post, prob, seed, (UNIFORM, least, most))
