"""Numbers that describe positions and masks, read from what the user gives."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection


def numbers(value: Any, name: str, length: int | tuple[int, ...] = ()) -> np.ndarray:
    """`value` as finite float64: one number, or a list of so many (or one of several lengths). Raises BadConnection."""
    lengths = (length,) if isinstance(length, int) else length
    try:
        array = np.asarray(None if hasattr(value, "unit") else value)      # lengths have no unit, as in NEST
    except ValueError:                                   # lists of different lengths
        array = np.asarray(None)
    right = array.shape == () if not lengths else array.ndim == 1 and len(array) in lengths
    if array.dtype.kind not in "iuf" or not right or not np.isfinite(array).all():
        asked = f"a list of {' or '.join(map(str, lengths))} finite plain numbers" if lengths else "one finite plain number"
        raise BadConnection(f"{name} = {value!r}: must be {asked}")
    return array.astype(np.float64)


def positive(value: Any, name: str, length: int | tuple[int, ...] = ()) -> np.ndarray:
    """The same, all above 0."""
    array = numbers(value, name, length)
    if not (array > 0).all():
        raise BadConnection(f"{name} = {value!r}: must be above 0")
    return array


def switch(value: Any, name: str) -> bool:
    """True or False. Raises BadConnection."""
    if not isinstance(value, (bool, np.bool_)):
        raise BadConnection(f"{name} = {value!r}: must be True or False")
    return bool(value)
