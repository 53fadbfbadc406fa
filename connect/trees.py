"""The trees that expressions are: numbers, distances, redraws, and functions of these and of distributions."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .algebra import Expression
from .arithmetic import FUNCTIONS

SIGNS = ("+", "-", "*", "/", "**", "<", "<=")


@dataclass(frozen=True, eq=False, repr=False)
class Number(Expression):
    """A number, a quantity, or an array with one entry a target, (targets, 1), a source, (1, sources), or a pair."""

    value: Any

    def __repr__(self) -> str:
        return f"{self.value:g}" if isinstance(self.value, float) else f"<array {np.shape(self.value)}>" \
            if np.ndim(getattr(self.value, "mantissa", self.value)) else str(self.value)


@dataclass(frozen=True, eq=False, repr=False)
class Distance(Expression):
    """How far the target is from the source, in all directions or along one axis (0, 1, 2; signed: with its sign)."""

    axis: int | None = None
    signed: bool = False

    def __repr__(self) -> str:
        return ("displacement" if self.signed else "distance") + ("" if self.axis is None else f".{'xyz'[self.axis]}")


@dataclass(frozen=True, eq=False, repr=False)
class Redraw(Expression):
    """x, all of it drawn again until within [low, high]."""

    x: Expression
    low: Any
    high: Any

    def __repr__(self) -> str:
        return f"redraw({self.x!r}, {self.low!r}, {self.high!r})"


@dataclass(frozen=True, eq=False, repr=False)
class Apply(Expression):
    """A function of `arithmetic` applied to expressions."""

    name: str
    arguments: tuple[Expression, ...]

    def __repr__(self) -> str:
        if self.name in SIGNS:
            x, y = (f"({a!r})" if isinstance(a, Apply) and a.name in SIGNS else repr(a) for a in self.arguments)
            return f"{x} {self.name} {y}"
        inner = ", ".join(map(repr, self.arguments))
        return inner if self.name == "shared" else f"{self.name}({inner})"


def fold(x: Expression, leaf: Callable[[Expression], Any], of: str) -> Any:
    """The tree computed from what `leaf` makes of its leaves, by the field `of` of its functions ("of" or "limits")."""
    if isinstance(x, Apply):
        return getattr(FUNCTIONS[x.name], of)(*(fold(a, leaf, of) for a in x.arguments))
    return leaf(x)


def parts(x: Expression) -> list[Expression]:
    """All nodes of a tree."""
    inner = x.arguments if isinstance(x, Apply) else (x.x,) if isinstance(x, Redraw) else ()
    return [x, *(p for a in inner for p in parts(a))]
