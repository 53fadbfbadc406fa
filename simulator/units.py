"""Units: brainunit quantities in and out. This is the only file that imports brainunit, and it does so when asked to.

A bare number means NEST's unit of the quantity. Recognising a quantity needs no import: if one is given, the user's script
has imported brainunit already.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .errors import DimensionError

PLAIN = ("", "count")        # what has no dimension


def is_quantity(value: Any) -> bool:
    return hasattr(value, "mantissa") and hasattr(value, "unit")


def magnitude(value: Any, unit: Any, name: str) -> Any:
    """`value` in `unit`, a name or a unit, as a float or an array; a bare number is taken to be in `unit` already.

    Raises
    ------
    DimensionError
        when `value` has another dimension, or is no number.
    """
    if is_quantity(value):
        import brainunit
        plain = isinstance(unit, str) and unit in PLAIN
        wanted = brainunit.UNITLESS if plain else getattr(brainunit, unit) if isinstance(unit, str) else unit
        if value.unit.dim != wanted.dim:
            expected = "a plain number" if plain else f"a quantity in {unit}"
            raise DimensionError(f"{name} = {value}: the unit is {value.unit}, {expected} is expected")
        value = converted(np.asarray(value.mantissa), brainunit.Quantity(1.0, unit=value.unit).to_decimal(wanted))
    elif isinstance(value, (list, tuple)) and any(is_quantity(v) for v in value):
        value = [magnitude(v, unit, name) for v in value]
    try:
        array = np.asarray(value)
        if array.size and array.dtype.kind not in "iuf":         # neither None, text, True nor complex numbers
            raise TypeError
        array = array.astype(np.float64)
    except (TypeError, ValueError):
        or_quantity = "" if unit in PLAIN else f" or a quantity in {unit}"
        raise DimensionError(f"{name} = {value!r}: a number{or_quantity} is expected") from None
    return float(array) if array.ndim == 0 else array


def converted(numbers: np.ndarray, factor: float) -> np.ndarray:
    """`numbers` times `factor`, so that equal decimals give equal numbers: 1.5 nA is 1500 pA to the last bit.

    A list times a unit comes from jax in single precision (1.1 as 1.10000002), which on the grid of dt is another time; it is
    read as the shortest decimal that rounds to it.
    """
    wide = numbers.astype(np.float64)
    if numbers.dtype == np.float32:
        with np.errstate(all="ignore"):
            unit = 10.0 ** (6.0 - np.floor(np.log10(np.abs(wide))))
            short = np.rint(wide * unit) / unit
        wide = np.where(short.astype(np.float32) == numbers, short, wide)
    up, down = (float(f"{f:.12g}") for f in (factor, 1.0 / factor))      # without the rounding errors of 1e-9 / 1e-12
    return wide * up if up >= 1.0 else wide / down


def quantity(value: Any, unit: str) -> Any:
    """`value` as a brainunit quantity."""
    if unit in PLAIN:
        return value
    import brainunit
    return brainunit.Quantity(value, unit=getattr(brainunit, unit))


# --- dimensions, for expressions -------------------------------------------------------------------------------------------

NEST_UNITS = ("ms", "mV", "pA", "pF", "nS", "Hz")
Dimension = Any              # brainunit's, or None of plain numbers


def is_unit(value: Any) -> bool:
    """True of a unit by itself, such as brainunit.mV."""
    return hasattr(value, "dim") and hasattr(value, "magnitude") and not is_quantity(value)


def one(unit: Any) -> Any:
    """A unit as a quantity."""
    import brainunit
    return brainunit.Quantity(1.0, unit=unit)


def dimension(of: Any) -> Dimension:
    """The dimension of a quantity, a unit or a unit's name; None where it is plain."""
    if isinstance(of, str):
        if of in PLAIN:
            return None
        import brainunit
        of = getattr(brainunit, of)
    dim = (of.unit if is_quantity(of) else of).dim
    return None if dim.is_dimensionless else dim


def nest_unit(dim: Dimension, wanted: str) -> Any:
    """The unit in which numbers of a dimension are computed: `wanted` if it is its unit, else NEST's, else the SI unit."""
    if dim is None:
        return ""
    import brainunit
    return next((name for name in (wanted, *NEST_UNITS) if dimension(name) == dim), None) or brainunit.Unit(dim=dim)


def size_of(dim: Dimension, wanted: str) -> float:
    """That unit in SI units."""
    if dim is None:
        return 1.0
    import brainunit
    unit = nest_unit(dim, wanted)
    return float((getattr(brainunit, unit) if isinstance(unit, str) else unit).magnitude)


def product_of(a: Dimension, b: Dimension) -> Dimension:
    if a is None or b is None:
        return a if b is None else b
    return None if (a * b).is_dimensionless else a * b


def raised(dim: Dimension, power: float) -> Dimension:
    """A dimension to a power."""
    return None if dim is None or power == 0.0 else dim**power
