"""What an expression is: a value for every synapse or node, computed from distributions, distances and numbers.

Expressions are written with + - * /, powers, unary minus, abs(), comparisons and NumPy's functions; each makes a larger tree
(see `expressions`). Nothing is drawn or computed before the network is built.
"""
from __future__ import annotations

from typing import Any

import numpy as np

UFUNCS = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**", np.negative: "negative",
          np.absolute: "abs", np.exp: "exp", np.log: "log", np.sqrt: "sqrt", np.sin: "sin", np.cos: "cos",
          np.minimum: "minimum", np.maximum: "maximum", np.less: "<", np.less_equal: "<="}


class Expression:
    """Base of all that gives a value for each synapse or node: distributions, distances, and what is computed from them."""

    def at(self, displacement: np.ndarray) -> np.ndarray:
        """The values for pairs of nodes; displacement: (pairs, dimensions), from source to target. Raises BadConnection if
        some of it is drawn at random."""
        from .expressions import value_at
        return value_at(self, displacement)

    def clip(self, low: Any, high: Any) -> Any:
        """The same, set to `low` where it is below, and to `high` where it is above."""
        from .functions import clip
        return clip(self, low, high)

    def redraw(self, min: Any, max: Any) -> Any:
        """The same, all of it drawn again until within [min, max]."""
        from .functions import redraw
        return redraw(self, min, max)

    def __add__(self, other: Any) -> Any:
        return _apply("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return _apply("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply("*", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _apply("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply("/", other, self)

    def __pow__(self, power: Any) -> Any:
        return _apply("**", self, power)

    def __neg__(self) -> Any:
        return _apply("negative", self)

    def __abs__(self) -> Any:
        return _apply("abs", self)

    def __lt__(self, other: Any) -> Any:
        return _apply("<", self, other)

    def __le__(self, other: Any) -> Any:
        return _apply("<=", self, other)

    def __gt__(self, other: Any) -> Any:
        return _apply("<", other, self)

    def __ge__(self, other: Any) -> Any:
        return _apply("<=", other, self)

    def __bool__(self) -> bool:
        raise TypeError(f"{self!r} is a value for every synapse, neither true nor false: write conditional(condition, a, b)")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if ufunc in (np.greater, np.greater_equal):
            ufunc, inputs = {np.greater: np.less, np.greater_equal: np.less_equal}[ufunc], inputs[::-1]
        return NotImplemented if method != "__call__" or options or ufunc not in UFUNCS else _apply(UFUNCS[ufunc], *inputs)


def _apply(name: str, *arguments: Any) -> Any:
    from .expressions import apply
    return apply(name, *arguments)
