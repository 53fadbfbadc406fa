"""Distributions that the user gives: checked, and with their numbers in the unit of what they are for."""
from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, Distribution, Expression

from .units import is_quantity, magnitude

RAREST = 1e-4                         # the smallest share of draws that truncation may leave: the others are drawn again


@dataclass(frozen=True, eq=False, repr=False)
class Formula(Distribution):
    """An expression with its numbers in the unit of what it is for, and its limits."""

    tree: Expression
    low: float
    high: float

    def limits(self) -> tuple[float, float]:
        return self.low, self.high

    def __repr__(self) -> str:
        return repr(self.tree)


def distribution_in(d: Distribution, unit: str, name: str, error: type[ValueError] = BadConnection) -> Any:
    """A distribution with its numbers in `unit`; a Constant becomes a number. Raises `error` where it cannot be drawn from."""
    if not is_dataclass(d):
        raise error(f"{name} = {d!r}: a distribution is expected (Normal, LogNormal, Uniform, Exponential, Constant)")
    given, changes = getattr(d, "unit", None), {}
    if given is not None and not hasattr(given, "dim"):
        raise error(f"{name} = {d!r}: unit must be a unit of brainunit, such as brainunit.mV")
    for f in fields(d):
        if f.name != "unit":
            value = getattr(d, f.name)
            if f.name in d.plain:
                changes[f.name] = magnitude(value, "", f"{name}: {f.name}")
            else:
                bare = not is_quantity(value) and not (isinstance(value, float) and math.isinf(value))
                value = magnitude(value, "", f"{name}: {f.name}") * given if given is not None and bare else value
                changes[f.name] = magnitude(value, unit, f"{name}: {f.name}")
    if "value" in changes:
        return changes["value"]
    d = replace(d, unit=None, **changes)
    for key, number in changes.items():
        if np.ndim(number) or math.isnan(number) or (math.isinf(number) and key not in ("min", "max")):
            raise error(f"{name} = {d!r}: {key} must be a finite number")
    try:
        d.check()
    except BadConnection as problem:
        raise error(f"{name} = {d!r}: {problem}") from None
    if changes.get("std", 0.0) < 0:
        raise error(f"{name} = {d!r}: std must be 0 or more")
    try:
        low, high = d.limits()
    except OverflowError:
        raise error(f"{name} = {d!r}: it can give values beyond the range of floating-point numbers") from None
    if not low <= high or changes.get("low", 0.0) > changes.get("high", math.inf):
        raise error(f"{name} = {d!r}: it can give no value, since its smallest ({low:g}) is above its largest ({high:g})")
    if share_within(d) < RAREST:
        raise error(f"{name} = {d!r}: fewer than one in {1 / RAREST:,.0f} of its values lies within [{d.min:g}, {d.max:g}], "
                    f"and all others would be drawn again: choose wider limits or another distribution")
    return d


def share_within(d: Distribution) -> float:
    """The share of draws that truncation leaves. Values rise with the word that they are made from, so its ends are found
    by bisection."""
    a, b = d.parameters()
    words = range(2**32)
    first = bisect_left(words, d.min, key=lambda u: type(d).sample(u, a, b))
    return (bisect_right(words, d.max, key=lambda u: type(d).sample(u, a, b)) - first) / 2**32
