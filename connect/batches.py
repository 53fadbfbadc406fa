"""Vectors and batches of them, as the compiled products take them."""
from __future__ import annotations

from typing import Any

import numpy as np

ONES, NORMAL, UNIFORM = range(3)             # how the values of a drawn row are made


def compiled() -> Any:
    """The compiled products. Their file is imported when they are first needed: most scripts never do."""
    from . import operator_kernels
    return operator_kernels.compiled()


def active(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which entries are not 0 in all lanes of x (lanes, n), and x there, as float64."""
    rows = np.flatnonzero(x[0] if len(x) == 1 else x.any(axis=0))
    return rows, np.ascontiguousarray(x[:, rows], np.float64)


def flat(x: np.ndarray) -> np.ndarray:
    """x (n, lanes) as float64, one row after another."""
    return np.ascontiguousarray(x, np.float64).ravel()
