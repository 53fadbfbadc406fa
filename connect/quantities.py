"""Numbers with units, taken apart and put together again without knowing the package that they come from.

A quantity has a `mantissa` and a `unit`; a number times a unit is a quantity.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection


def is_quantity(value: Any) -> bool:
    return hasattr(value, "mantissa") and hasattr(value, "unit")


def split(value: Any, name: str, *shapes: tuple[int, ...]) -> tuple[np.ndarray, Any]:
    """`value` as finite float64 numbers of one of these shapes, and its unit or None."""
    allowed = " or ".join(["one number"] * (() in shapes) + [f"an array {shape}" for shape in shapes if shape])
    listed = isinstance(value, (list, tuple)) and any(is_quantity(v) for v in value)     # an array times a unit is one quantity
    try:
        array = np.asarray(None if listed else value.mantissa if is_quantity(value) else value)
    except ValueError:                       # rows of different lengths
        array = np.asarray(None)
    if array.dtype.kind not in "iuf":
        raise BadConnection(f"{name} = {value!r}: must be {allowed}, bare or a quantity")
    if array.shape not in shapes:
        raise BadConnection(f"{name} has shape {array.shape}: must be {allowed}")
    wrong = np.argwhere(~np.isfinite(array))
    if len(wrong):
        where = f" at {tuple(map(int, wrong[0]))}" if array.ndim else ""
        raise BadConnection(f"{name} = {array[tuple(wrong[0])]}{where}: must be finite")
    return array.astype(np.float64), value.unit if is_quantity(value) else None


def split_two(a: Any, b: Any, names: tuple[str, str]) -> tuple[float, float, Any]:
    """Two numbers of one dimension, both in the unit of the first; and that unit, or None of bare numbers."""
    x, unit = split(a, names[0], ())
    y, other = split(b, names[1], ())
    if (unit is None) != (other is None) or unit is not None and unit.dim != other.dim:
        raise BadConnection(f"{names[0]} = {a}, {names[1]} = {b}: both must have the same dimension")
    if unit is not None:
        y = np.asarray(b.to_decimal(unit), np.float64)
    return float(x), float(y), unit


def with_unit(numbers: Any, *units: Any) -> Any:
    """`numbers` in the product of these units, of which each may be None."""
    given = [unit for unit in units if unit is not None]
    if not given:
        return numbers
    return numbers * (given[0] if len(given) == 1 else given[0] * given[1])
