"""Sparse matrices that are stored: every source's targets, and their weights where these differ."""
from __future__ import annotations

from typing import Any

import numpy as np

from .batches import active, compiled, flat
from .contract import BadConnection
from .operators import Operator
from .quantities import split, with_unit
from .sizes import size_of, whole_numbers


class Stored(Operator):
    """Rows in memory: row i has the targets `indices[indptr[i]:indptr[i + 1]]`; `data` one weight for all, or one for each."""

    def __init__(self, numbers: np.ndarray, unit: Any, indices: np.ndarray, indptr: np.ndarray, shape: tuple[int, int]) -> None:
        self.shape, self.unit = shape, unit
        self.indices, self.indptr = indices, indptr
        self._factor = float(numbers) if numbers.ndim == 0 else 1.0
        self._data = np.zeros(0) if numbers.ndim == 0 else numbers

    @property
    def data(self) -> Any:
        """One weight for all entries, or one for each, in the unit of the weights."""
        return with_unit(self._data if len(self._data) else np.float64(self._factor), self.unit)

    @property
    def nnz(self) -> int:
        """The number of entries, those counted twice that have the same source and target."""
        return len(self.indices)

    def spread(self, x: np.ndarray) -> np.ndarray:
        out = np.zeros((len(x), self.shape[1]))
        compiled().spread(*active(x), self.indptr, self.indices, self._data, out)
        return out if len(self._data) else out * self._factor

    def collect(self, x: np.ndarray) -> np.ndarray:
        out = np.zeros((self.shape[0], x.shape[1]))
        compiled().collect(flat(x), x.shape[1], self.indptr, self.indices, self._data, out.ravel())
        return out if len(self._data) else out * self._factor

    def tocsr(self) -> Any:
        """As scipy.sparse.csr_matrix, of numbers in `unit`; entries of one pair are summed."""
        from scipy.sparse import csr_matrix
        data = self._data.copy() if len(self._data) else np.full(self.nnz, self._factor)
        matrix = csr_matrix((data, self.indices.copy(), self.indptr.copy()), shape=self.shape)
        matrix.sum_duplicates()
        return matrix


class CSR(Stored):
    """A sparse matrix (n_pre, n_post) from SciPy's three arrays of the CSR form.

    Parameters
    ----------
    data : the weights: one number for all entries, or one for each, (entries,); bare or a quantity.
    indices : whole numbers (entries,), the column, or target, of each entry.
    indptr : whole numbers (n_pre + 1,): row i has the entries indptr[i] to indptr[i + 1].
    shape : (n_pre, n_post).

    Raises BadConnection where these do not fit one another. A pair may come twice; its weights add up.
    """

    def __init__(self, data: Any, indices: Any, indptr: Any, *, shape: tuple[int, int]) -> None:
        n_pre, n_post = size_of(shape)
        columns, begins = whole_numbers(indices, "indices"), whole_numbers(indptr, "indptr")
        if begins.shape != (n_pre + 1,):
            raise BadConnection(f"indptr has shape {begins.shape}: must be ({n_pre + 1},), one more than the rows of {shape}")
        if begins[0] != 0 or begins[-1] != len(columns) or (np.diff(begins) < 0).any():
            raise BadConnection(f"indptr = {indptr}: must rise from 0 to the number of indices, {len(columns)}")
        wrong = np.flatnonzero((columns < 0) | (columns >= n_post))
        if len(wrong):
            raise BadConnection(f"indices[{wrong[0]}] = {columns[wrong[0]]}: must be a column, 0 to {n_post - 1}")
        numbers, unit = split(data, "data", (), columns.shape)
        super().__init__(numbers, unit, columns.astype(np.int32), begins.astype(np.int64), (n_pre, n_post))

    def __repr__(self) -> str:
        return f"CSR(shape={self.shape}, {self.nnz} entries)"
