"""BinaryArray: which neurons fired, as one side of a product with a sparse matrix."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection


class BinaryArray:
    """Spikes: an entry is an event where the value given is True or above 0; how far above is of no account.

    `spikes @ conn` and `conn @ spikes` are products with a sparse matrix: the sum of its rows, or columns, at the events.
    Slicing and indexing give a BinaryArray again. `np.asarray(spikes)` is an array of bool.

    Parameters
    ----------
    value : array of bool, whole or real numbers, (n,) or a batch of vectors (batch, n); it is copied.

    Raises BadConnection where `value` holds no such numbers or has other than one or two dimensions.
    """

    __array_ufunc__ = None                   # array @ spikes comes to __rmatmul__

    def __init__(self, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf" or array.ndim not in (1, 2):
            raise BadConnection(f"BinaryArray of {array.dtype} and shape {array.shape}: must be bool or real numbers, (n,) or "
                                f"(batch, n)")
        self.value = array > 0

    @classmethod
    def _of(cls, events: np.ndarray) -> BinaryArray:
        """One that holds these bools."""
        new = cls.__new__(cls)
        new.value = events
        return new

    @property
    def shape(self) -> tuple[int, ...]:
        """(n,) or (batch, n); () of a single entry."""
        return self.value.shape

    @property
    def ndim(self) -> int:
        """1, 2 of a batch, 0 of a single entry."""
        return self.value.ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.value.size

    @property
    def T(self) -> BinaryArray:
        """Transposed: a batch as columns, as `conn @ spikes` takes it."""
        return self._of(self.value.T)

    def sum(self, axis: int | None = None) -> Any:
        """The number of events: of all, or along an axis."""
        return self.value.sum(axis=axis) if axis is not None else int(self.value.sum())

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __getitem__(self, index: Any) -> BinaryArray:
        return self._of(np.asarray(self.value[index.value if isinstance(index, BinaryArray) else index]))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.value, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        return f"BinaryArray({self.sum()} events in {self.shape})"

    def __matmul__(self, other: Any) -> Any:
        if hasattr(other, "spread"):         # a sparse matrix
            return NotImplemented
        return self.value.astype(np.float64) @ other

    def __rmatmul__(self, other: Any) -> Any:
        return other @ self.value.astype(np.float64)
