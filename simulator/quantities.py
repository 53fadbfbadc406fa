"""Units within expressions: every number of a tree in NEST's unit of its dimension, and dimensions checked on the way.

A bare number in a sum takes the unit of the other side; a product or quotient with one keeps the other's. Where units multiply
to something else than NEST's unit of the product, as ms * Hz, the factor becomes part of the tree.
"""
from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from nestling.connect.arithmetic import FUNCTIONS
from nestling.connect.contract import Distribution, Expression
from nestling.connect.expressions import apply
from nestling.connect.trees import Apply, Number, Redraw

from .distributions import Formula, distribution_in
from .errors import DimensionError
from .units import Dimension, dimension, is_quantity, is_unit, magnitude, nest_unit, one, product_of, raised, size_of

Found = tuple[Expression, Dimension]


class Units:
    """The pass over one tree: `unit` is what the whole must be in, `name` what the user calls it."""

    def __init__(self, tree: Expression, unit: str, name: str, error: type[ValueError]) -> None:
        self.whole, self.unit, self.name, self.error = tree, unit, name, error
        self.done: dict[int, Found] = {}

    def result(self) -> Expression:
        """The tree in `unit`. Raises DimensionError, or `error` for a distribution that cannot be drawn from."""
        tree, dim = self.go(self.whole)
        if dim is not None and dim != dimension(self.unit):
            self.refuse(f"the unit is {nest_unit(dim, self.unit)}, "
                        + (f"a quantity in {self.unit} is expected" if dimension(self.unit) else "a plain number is expected"))
        return tree

    def refuse(self, why: str) -> None:
        raise DimensionError(f"{self.name} = {self.whole!r}: {why}")

    def go(self, x: Expression) -> Found:
        """A part in the units of its dimension, and that dimension, None of plain numbers; what is shared stays so."""
        if id(x) not in self.done:
            self.done[id(x)] = self.changed(x)
        return self.done[id(x)]

    def changed(self, x: Expression) -> Found:
        if isinstance(x, Number):
            number, dim = self.number(x.value)
            return Number(number), dim
        if isinstance(x, Formula):
            return self.go(x.tree)
        if isinstance(x, Distribution):
            return self.distribution(x)
        if isinstance(x, Redraw):
            inner, dim = self.go(x.x)
            low, high = (self.number(v) for v in (x.low, x.high))
            ends: list[Found] = [(Number(low[0]), low[1]), (Number(high[0]), high[1])]
            return Redraw(inner, low[0], high[0]), self.same([(inner, dim), *ends])
        return self.function(x) if isinstance(x, Apply) else (x, None)

    def number(self, value: Any) -> tuple[Any, Dimension]:
        value = one(value) if is_unit(value) else value
        if not is_quantity(value):
            return magnitude(value, "", self.name), None
        dim = dimension(value)
        return magnitude(value, "" if dim is None else nest_unit(dim, self.unit), self.name), dim

    def distribution(self, d: Distribution) -> Found:
        given: list[Any] = [getattr(d, f.name) for f in fields(d)] if is_dataclass(d) else []
        dim = next((dimension(v) for v in given if is_quantity(v) or is_unit(v)), None)
        made = distribution_in(d, "" if dim is None else nest_unit(dim, self.unit), self.name, self.error)
        return made if isinstance(made, Distribution) else Number(made), dim

    def same(self, found: list[Found]) -> Dimension:
        """The dimension of what must be alike; plain numbers go with everything."""
        known = [(x, dim) for x, dim in found if dim is not None]
        for x, dim in known[1:]:
            if dim != known[0][1]:
                self.refuse(f"{known[0][0]!r} is in {nest_unit(known[0][1], self.unit)}, {x!r} in {nest_unit(dim, self.unit)}")
        return known[0][1] if known else None

    def function(self, x: Apply) -> Found:
        found = [self.go(a) for a in x.arguments]
        kind, dims = FUNCTIONS[x.name].units, [dim for _, dim in found]
        made, factor, dim = apply(x.name, *(a for a, _ in found)), 1.0, dims[0]
        if x.name == "shared":
            made = Apply(x.name, (found[0][0],))
        if kind in ("same", "chosen"):
            dim = self.same(found if kind == "same" else found[1:])
        elif kind == "compared":
            self.same(found)
            dim = None
        elif kind == "plain" and dim is not None:
            self.refuse(f"{x.name} takes a plain number, not a quantity in {nest_unit(dim, self.unit)}")
        elif kind in ("product", "quotient") and any(d is not None for d in dims):
            power = 1.0 if kind == "product" else -1.0
            dim = product_of(dims[0], raised(dims[1], power))
            factor = size_of(dims[0], self.unit) * size_of(dims[1], self.unit) ** power / size_of(dim, self.unit)
        elif kind in ("power", "root") and dim is not None:
            power = 0.5 if kind == "root" else float(found[1][0].value)         # type: ignore[attr-defined]
            dim = raised(dim, power)
            factor = size_of(dims[0], self.unit) ** power / size_of(dim, self.unit)
        return times(float(f"{factor:.12g}"), made), dim


def times(factor: float, x: Expression) -> Expression:
    """factor * x, without factors of 1."""
    x = x if factor == 1.0 else apply("*", factor, x)
    if isinstance(x, Apply) and x.name == "*":
        ones = [isinstance(a, Number) and np.ndim(a.value) == 0 and a.value == 1.0 for a in x.arguments]
        return x.arguments[1] if ones[0] else x.arguments[0] if ones[1] else x
    return x
