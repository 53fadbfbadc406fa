"""Making expressions of what the user writes, and computing those that hold nothing random."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from .arithmetic import FUNCTIONS
from .contract import BadConnection, Expression
from .trees import Apply, Distance, Number, fold


def as_expression(x: Any) -> Expression | None:
    """Numbers, quantities, units, arrays and expressions as an expression; None of anything else."""
    if type(x).__name__ == "Constant" and isinstance(x, Expression):
        return Number(x.value if x.unit is None else x.value * x.unit)      # type: ignore[attr-defined]
    if isinstance(x, Expression):
        return x
    if isinstance(getattr(x, "mantissa", None), Expression):                # a quantity times an expression
        return apply("*", x.mantissa, x.unit)
    if hasattr(x, "mantissa") or hasattr(x, "dim"):
        return Number(x)
    if isinstance(x, (bool, np.bool_)) or not isinstance(x, (int, float, np.number, np.ndarray)):
        return None
    return Number(float(x) if np.ndim(x) == 0 else x)


def apply(name: str, *arguments: Any) -> Any:
    """A function of expressions; NotImplemented where an argument is none. Plain numbers are computed at once."""
    parts = tuple(as_expression(a) for a in arguments)
    if any(p is None for p in parts):
        return NotImplemented
    numbers = [p.value for p in parts if isinstance(p, Number) and isinstance(p.value, float)]
    if name == "**" and not (isinstance(parts[1], Number) and isinstance(parts[1].value, float)):
        raise BadConnection(f"{arguments[0]!r} ** {arguments[1]!r}: the power must be a plain number")
    if len(numbers) == len(parts):
        with np.errstate(all="ignore"):
            value = float(FUNCTIONS[name].of(*numbers))
        if math.isfinite(value):
            return Number(value)
    return Apply(name, parts)                                               # type: ignore[arg-type]


def value_at(x: Any, displacement: np.ndarray) -> np.ndarray:
    """A number or an expression for pairs of nodes; displacement: (pairs, dimensions), from source to target.

    Raises BadConnection where it is drawn at random, holds arrays, or asks for an axis that there is not.
    """
    tree = as_expression(x)
    if tree is None:
        raise BadConnection(f"{x!r}: must be a number or an expression")

    def leaf(p: Expression) -> Any:
        if isinstance(p, Distance):
            return way(p, displacement)
        if isinstance(p, Number) and isinstance(p.value, float):
            return p.value
        raise BadConnection(f"{x!r}: must be computed from distances and plain numbers alone, not from {p!r}")
    with np.errstate(all="ignore"):
        return np.broadcast_to(np.asarray(fold(tree, leaf, "of"), np.float64), len(displacement)).copy()


def way(p: Distance, displacement: np.ndarray) -> np.ndarray:
    """A distance, or a displacement along an axis."""
    if p.axis is None:
        total = displacement[:, 0] ** 2
        for i in range(1, displacement.shape[1]):
            total = total + displacement[:, i] ** 2
        return np.sqrt(total)
    if p.axis >= displacement.shape[1]:
        raise BadConnection(f"{p!r}: the nodes have positions in {displacement.shape[1]} dimensions")
    return displacement[:, p.axis] if p.signed else np.abs(displacement[:, p.axis])
