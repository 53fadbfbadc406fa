"""grid and free: where the nodes of a population are, for `create(positions=)`."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import BadConnection, Distribution, Layer, Positions
from .reading import numbers, positive, switch


class grid(Positions):
    """Nodes on a regular grid (NEST's spatial.grid).

    shape: nodes along x and y, or x, y and z; extent: the sides of the box that the grid fills, 1 each unless given; center:
    its middle, 0 unless given; edge_wrap: whether opposite sides of the box are the same place. Nodes are numbered from the
    upper left (least x, greatest y), column by column; in 3-D by z within a column. Raises BadConnection.
    """

    def __init__(self, shape: Any, center: Any = None, extent: Any = None, edge_wrap: bool = False) -> None:
        try:
            sides = tuple(shape)
        except TypeError:
            sides = ()
        if len(sides) not in (2, 3) or not all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0
                                               for n in sides):
            raise BadConnection(f"shape = {shape!r}: must be a list of 2 or 3 whole numbers, 1 or more each")
        self.shape, self.nodes = tuple(int(n) for n in sides), math.prod(int(n) for n in sides)
        self.extent = positive(np.ones(len(sides)) if extent is None else extent, "extent", len(sides))
        self.center = numbers(np.zeros(len(sides)) if center is None else center, "center", len(sides))
        self.wrap = switch(edge_wrap, "edge_wrap")

    def layer(self, n: int, draw: Callable[[Any, int], np.ndarray]) -> Layer:
        axes = [c - e / 2 + e / k * (np.arange(k) + 0.5) for c, e, k in zip(self.center, self.extent, self.shape)]
        axes[1] = axes[1][::-1]
        points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))
        return Layer(points, self.extent, self.center, self.wrap)


class free(Positions):
    """Nodes at given or drawn positions (NEST's spatial.free).

    pos: positions (nodes, 2 or 3), a distribution for all axes, or a list of one for each; extent: the sides of the box that
    holds them, about the middle between the outermost; unless given, their span rounded up to whole numbers. A distribution
    for all axes needs `num_dimensions` or `extent`, and `create` the number of nodes. edge_wrap: whether opposite sides of the
    box are the same place. Raises BadConnection.
    """

    def __init__(self, pos: Any, extent: Any = None, edge_wrap: bool = False, num_dimensions: int | None = None) -> None:
        axes = list(pos) if isinstance(pos, (list, tuple)) else []
        drawn = isinstance(pos, Distribution) or bool(axes) and all(isinstance(d, Distribution) for d in axes)
        if num_dimensions is not None and (extent is not None or not isinstance(pos, Distribution)):
            raise BadConnection(f"num_dimensions = {num_dimensions!r}: is for one distribution for all axes, without extent")
        if isinstance(pos, Distribution):
            if extent is None and num_dimensions not in (2, 3):
                raise BadConnection(f"num_dimensions = {num_dimensions!r}: must be 2 or 3, where extent does not say so")
            axes = [pos] * (num_dimensions or np.size(extent))
        if drawn and len(axes) not in (2, 3):
            raise BadConnection(f"pos = {pos!r}: must be a distribution for each of 2 or 3 axes")
        self.axes, self.points = axes, None if drawn else given_points(pos)
        self.nodes = None if self.points is None else len(self.points)
        dimensions = len(axes) if self.points is None else self.points.shape[1]
        self.extent = None if extent is None else positive(extent, "extent", dimensions)
        self.wrap = switch(edge_wrap, "edge_wrap")

    def layer(self, n: int, draw: Callable[[Any, int], np.ndarray]) -> Layer:
        points, extent = self.points, self.extent
        if points is None:
            points = np.stack([draw(d, i) for i, d in enumerate(self.axes)], axis=-1)
        low, high = points.min(axis=0), points.max(axis=0)
        if extent is None:
            extent = np.ceil(high - low)
            if not (extent > 0).all():
                raise BadConnection(f"all nodes lie at {low[extent == 0][0]:g} on an axis: give extent, above 0")
        elif (high - low > extent * (1 + 1e-12)).any():
            axis = int(np.argmax(high - low - extent))
            raise BadConnection(f"extent = {extent.tolist()}: the positions span {high[axis] - low[axis]:g} on axis {axis}, "
                                f"from {low[axis]:g} to {high[axis]:g}: must be that or more")
        return Layer(points, extent, (low + high) / 2, self.wrap)


def given_points(pos: Any) -> np.ndarray:
    """Positions as (nodes, 2 or 3). Raises BadConnection."""
    try:
        points = np.asarray(pos)
        right = points.dtype.kind in "iuf" and points.ndim == 2 and points.shape[1] in (2, 3) and len(points) > 0
    except ValueError:                                   # positions of different lengths
        right = False
    if not right:
        raise BadConnection(f"pos = {pos!r}: must be positions (nodes, 2 or 3), a distribution, or one for each axis")
    wrong = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if len(wrong):
        raise BadConnection(f"pos = {points[wrong[0]].tolist()} (entry {wrong[0]}): must be finite")
    return points.astype(np.float64)
