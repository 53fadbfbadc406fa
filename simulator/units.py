"""Units: brainunit quantities in and out. This is the only file that imports brainunit, and it does so when asked to.

A bare number means NEST's unit of the quantity. Recognising a quantity needs no import: if one is given, the user's script
has imported brainunit already.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DimensionError


def is_quantity(value: Any) -> bool:
    return hasattr(value, "mantissa") and hasattr(value, "unit")


def magnitude(value: Any, unit: str, name: str) -> Any:
    """`value` in `unit` as a float or an array; a bare number is taken to be in `unit` already.

    Raises
    ------
    DimensionError
        when `value` has another dimension, or is no number.
    """
    if is_quantity(value):
        if unit in ("", "count"):
            raise DimensionError(f"{name} = {value}: a plain number is expected, without a unit")
        import brainunit
        wanted = getattr(brainunit, unit)
        if value.unit.dim != wanted.dim:
            raise DimensionError(f"{name} = {value}: the unit is {value.unit}, a quantity in {unit} is expected")
        value = value.to_decimal(wanted)
    elif isinstance(value, (list, tuple)) and any(is_quantity(v) for v in value):
        value = [magnitude(v, unit, name) for v in value]
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise DimensionError(f"{name} = {value!r}: a number{f' or a quantity in {unit}' if unit else ''} is expected"
                             ) from None
    return float(array) if array.ndim == 0 else array


def quantity(value: Any, unit: str) -> Any:
    """`value` as a brainunit quantity."""
    if unit in ("", "count"):
        return value
    import brainunit
    return brainunit.Quantity(value, unit=getattr(brainunit, unit))
