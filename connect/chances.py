"""The chances of pairs: a number, or an expression of the way from source to target."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection, Expression
from .trees import Distance, Number, fold


def varies(p: Any) -> bool:
    """Whether p is an expression of where the nodes are."""
    return isinstance(p, Expression)


def chances(p: Any, displacement: np.ndarray) -> np.ndarray:
    """p of every pair. Raises BadConnection where it is no number."""
    values = np.asarray(p.at(displacement) if varies(p) else 1.0 if p is None else p, np.float64)
    values = np.broadcast_to(values, len(displacement))
    wrong = np.flatnonzero(~np.isfinite(values))
    if len(wrong):
        raise BadConnection(f"p = {p!r}: is {values[wrong[0]]} at the displacement {displacement[wrong[0]].tolist()}: "
                            f"must be finite")
    return values


def above_zero(p: Any, farthest: float) -> bool:
    """Whether an expression is above 0 wherever its distances are at most `farthest`."""
    def leaf(x: Any) -> tuple[float, float]:
        if isinstance(x, Distance):
            return -farthest if x.signed else 0.0, farthest
        return (x.value, x.value) if isinstance(x, Number) and isinstance(x.value, float) else (-np.inf, np.inf)
    try:
        return bool(fold(p, leaf, "limits")[0] > 0.0)
    except BadConnection:                   # it can be no number, at distances that may not come
        return False
