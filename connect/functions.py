"""Functions of expressions, as users write them."""
from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from .contract import BadConnection, Distribution
from .expressions import apply, as_expression
from .trees import Apply, Number, Redraw, parts


def _made(name: str, *arguments: Any) -> Any:
    found = apply(name, *arguments)
    if found is NotImplemented:
        wrong = next(a for a in arguments if as_expression(a) is None)
        raise BadConnection(f"{name}: {wrong!r} must be a number, a quantity, an array or an expression")
    return found


def shared(x: Any) -> Any:
    """x, drawn once wherever the result stands in an expression: without this, what stands twice is drawn twice."""
    tree = as_expression(x)
    drawn = tree is not None and any(isinstance(p, (Distribution, Redraw)) for p in parts(tree))
    return Apply("shared", (tree,)) if drawn and tree is not None else x


def exp(x: Any) -> Any:
    """e to the power x (NEST's nest.math.exp)."""
    return _made("exp", x)


def log(x: Any) -> Any:
    """Natural logarithm of x, which must be above 0."""
    return _made("log", x)


def sqrt(x: Any) -> Any:
    """Square root of x, which must be 0 or more."""
    return _made("sqrt", x)


def sin(x: Any) -> Any:
    """Sine of x in radians (NEST's nest.math.sin)."""
    return _made("sin", x)


def cos(x: Any) -> Any:
    """Cosine of x in radians (NEST's nest.math.cos)."""
    return _made("cos", x)


def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y (NEST's nest.math.min)."""
    return _made("minimum", x, y)


def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y (NEST's nest.math.max)."""
    return _made("maximum", x, y)


def clip(x: Any, low: Any, high: Any) -> Any:
    """x, set to `low` where it is below, and to `high` where it is above."""
    return minimum(maximum(x, low), high)


def conditional(condition: Any, if_true: Any, if_false: Any) -> Any:
    """`if_true` where the condition holds (is not 0), else `if_false` (NEST's nest.logic.conditional)."""
    return _made("conditional", condition, if_true, if_false)


def redraw(x: Any, min: Any, max: Any) -> Any:
    """x, all of it drawn again until within [min, max] (NEST's nest.math.redraw)."""
    tree = as_expression(x)
    limits = [as_expression(v) for v in (min, max)]
    if tree is None or not all(isinstance(v, Number) and np.ndim(v.value) == 0 for v in limits):
        raise BadConnection(f"redraw({x!r}, min={min!r}, max={max!r}): takes an expression and two numbers")
    plain = isinstance(tree, Distribution) and math.isinf(tree.min) and math.isinf(tree.max)
    return replace(tree, min=min, max=max) if plain else Redraw(tree, *(v.value for v in limits))   # type: ignore
