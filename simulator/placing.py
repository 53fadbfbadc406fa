"""Where the nodes of a population are: what `create(positions=)` says, checked and drawn."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from nestling.connect.contract import Layer, Positions
from nestling.models.contract import ParameterError

from .declare import whole_number
from .distributions import distribution_in
from .draw import draw_values

FIRST_AXIS = 0xFFFFFF00       # positions' place among the variables that are drawn for a population


def number_of_nodes(size: Any, positions: Any) -> int:
    """How many nodes `create` makes: `size`, a number or the sides of a block, or as many as there are positions."""
    if positions is not None and not isinstance(positions, Positions):
        raise TypeError(f"positions = {positions!r}: must be spatial.grid(...) or spatial.free(...)")
    known = positions.nodes if positions is not None else None
    if size is None:
        if positions is not None and known is None:
            raise ParameterError("size is not given: positions that are drawn need the number of nodes")
        size = 1 if known is None else known
    sides = size if isinstance(size, tuple) else (size,)
    name = "size" if len(sides) == 1 else f"size = {size}: a side"
    sides = tuple(whole_number(side, name, 0, 2**31 - 1) for side in sides)
    n = whole_number(math.prod(sides), "size", 0, 2**31 - 1)
    if n == 0:
        raise ParameterError(f"size = {size}: a population must have at least one node")
    if known is not None and known != n:
        raise ParameterError(f"size = {size}: positions hold {known} nodes; leave size out, or give as many")
    return n


def place(positions: Positions | None, n: int, seed: int, index: int) -> Layer | None:
    """The layer of population `index`; positions are drawn from the simulator's seed."""
    def draw(given: Any, axis: int) -> np.ndarray:
        distribution = distribution_in(given, "", "positions")
        if not hasattr(distribution, "sample"):
            return np.full(n, float(distribution))
        return draw_values(distribution, n, seed, index, FIRST_AXIS + axis)
    return None if positions is None else positions.layer(n, draw)
