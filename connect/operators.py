"""What the sparse matrices share that are multiplied with spikes and vectors."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection
from .events import BinaryArray
from .quantities import is_quantity, with_unit


class Operator:
    """A sparse matrix (n_pre, n_post): `spikes @ conn` is (n_post,), `conn @ spikes` of n_post entries is (n_pre,).

    Spikes are a BinaryArray, or a vector of real numbers; a batch of them is (batch, n_pre) on the left and (n_post, batch) on
    the right, as for matrices. `spikes @ conn` goes through the rows of those that fired (or are not 0), and through no others;
    `conn @ spikes` goes through the whole matrix. Results are float64, in the unit of the weights if these have one, times that
    of the vector. (Where both have units the vector must stand on the right, since brainunit keeps its unit on the left to
    itself: `conn.T @ x` is `x @ conn`.)
    """

    __array_ufunc__ = None                   # array @ conn comes to __rmatmul__
    shape: tuple[int, int]
    unit: Any = None                         # the unit of the weights; None of bare numbers

    def spread(self, x: np.ndarray) -> np.ndarray:
        """(lanes, n_pre) times the matrix, in numbers: (lanes, n_post)."""
        raise NotImplementedError

    def collect(self, x: np.ndarray) -> np.ndarray:
        """The matrix times (n_post, lanes), in numbers: (n_pre, lanes)."""
        raise NotImplementedError

    def tocsr(self) -> Any:
        """As scipy.sparse.csr_matrix, of numbers in `unit`; entries of one pair are summed."""
        raise NotImplementedError

    def todense(self) -> Any:
        """As an array (n_pre, n_post), in the unit of the weights."""
        return with_unit(self.tocsr().toarray(), self.unit)

    @property
    def T(self) -> Operator:
        """The transposed matrix; it holds nothing of its own."""
        return Transposed(self)

    def __matmul__(self, x: Any) -> Any:
        numbers, unit = self._operand(x, 1)
        out = self.collect(numbers if numbers.ndim == 2 else numbers[:, None])
        return with_unit(out if numbers.ndim == 2 else out[:, 0], self.unit, unit)

    def __rmatmul__(self, x: Any) -> Any:
        numbers, unit = self._operand(x, 0)
        out = self.spread(np.atleast_2d(numbers))
        return with_unit(out if numbers.ndim == 2 else out[0], self.unit, unit)

    def _operand(self, x: Any, side: int) -> tuple[np.ndarray, Any]:
        """What the matrix is multiplied with, as numbers, and its unit; `side` is the matrix's axis that it meets."""
        unit = x.unit if is_quantity(x) else None
        array = np.asarray(x.value if isinstance(x, BinaryArray) else x.mantissa if is_quantity(x) else x)
        n = self.shape[side]
        allowed = f"({n},) or " + (f"({n}, batch)" if side else f"(batch, {n})")
        text = f"{self!r} @ x" if side else f"x @ {self!r}"
        if array.dtype.kind not in "biuf":
            raise BadConnection(f"{text}: x = {x!r}: must be a BinaryArray or real numbers, {allowed}")
        if array.ndim not in (1, 2) or array.shape[0 if side else -1] != n:
            raise BadConnection(f"{text}: x has shape {array.shape}: must be {allowed}")
        return array, unit


class Transposed(Operator):
    """A sparse matrix with its sides exchanged."""

    def __init__(self, matrix: Operator) -> None:
        self._matrix, self.shape, self.unit = matrix, (matrix.shape[1], matrix.shape[0]), matrix.unit

    def __repr__(self) -> str:
        return f"{self._matrix!r}.T"

    @property
    def T(self) -> Operator:
        """The matrix itself."""
        return self._matrix

    def spread(self, x: np.ndarray) -> np.ndarray:
        return self._matrix.collect(x.T).T

    def collect(self, x: np.ndarray) -> np.ndarray:
        return self._matrix.spread(x.T).T

    def tocsr(self) -> Any:
        return self._matrix.tocsr().T.tocsr()
