"""Balls, ellipsoids and boxes: what the shapes of masks are made of."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadConnection
from .masks import EDGE, Mask
from .reading import numbers, positive


class Body(Mask):
    """A ball or an ellipsoid (`rounded`), or a box: half axes along the columns of `turn`, about `middle`."""

    def __init__(self, text: str, middle: np.ndarray, half: np.ndarray, turn: np.ndarray, rounded: bool) -> None:
        way = np.abs(turn) * half
        side = np.sqrt((way**2).sum(axis=1)) if rounded else way.sum(axis=1)
        reach = float(half.max() if rounded else np.linalg.norm(half))
        super().__init__(text, (middle - side, middle + side), reach, float(half.min()))
        self.middle, self.turn, self.half, self.rounded = middle, turn, half, rounded

    def contains(self, displacement: np.ndarray) -> np.ndarray:
        part = [displacement[:, i] - m for i, m in enumerate(self.middle)]
        if (self.turn != np.eye(len(part))).any():
            part = [sum(p * t for p, t in zip(part, column)) for column in self.turn.T]     # a product of matrices is slower
        if self.rounded:
            return np.asarray(sum((p / h) ** 2 for p, h in zip(part, self.half)) <= (1 + EDGE) ** 2)
        return np.logical_and.reduce([np.abs(p) <= h * (1 + EDGE) for p, h in zip(part, self.half)])


def rotation(azimuth: Any, polar: Any, dimensions: int) -> np.ndarray:
    """Columns: the axes of a shape that is turned by NEST's angles (degrees)."""
    a, p = np.deg2rad([float(numbers(azimuth, "azimuth_angle")), float(numbers(polar, "polar_angle"))])
    about_z = np.array([[np.cos(a), -np.sin(a), 0.0], [np.sin(a), np.cos(a), 0.0], [0.0, 0.0, 1.0]])
    about_y = np.array([[np.cos(p), 0.0, np.sin(p)], [0.0, 1.0, 0.0], [-np.sin(p), 0.0, np.cos(p)]])
    return (about_z @ about_y)[:dimensions, :dimensions]


def moved(anchor: Any, dimensions: int) -> np.ndarray:
    return np.zeros(dimensions) if anchor is None else numbers(anchor, "anchor", dimensions)


def written(name: str, given: dict[str, Any]) -> str:
    """A mask as it would be written, without what is left out."""
    return f"{name}({', '.join(f'{k}={np.asarray(v).tolist()}' for k, v in given.items() if v is not None)})"


def ball(name: str, dimensions: int, radius: Any, anchor: Any, argument: str = "radius") -> Mask:
    half = np.full(dimensions, positive(radius, argument))
    middle = moved(anchor, dimensions)
    return Body(written(name, {argument: radius, "anchor": anchor}), middle, half, np.eye(dimensions), True)


def block(name: str, dimensions: int, lower_left: Any, upper_right: Any, azimuth: Any, polar: Any, anchor: Any) -> Mask:
    lower, upper = numbers(lower_left, "lower_left", dimensions), numbers(upper_right, "upper_right", dimensions)
    if not (lower < upper).all():
        raise BadConnection(f"lower_left = {lower.tolist()}, upper_right = {upper.tolist()}: must be below it on every axis")
    turn = rotation(azimuth, polar, dimensions)
    text = written(name, dict(lower_left=lower_left, upper_right=upper_right, azimuth_angle=azimuth or None,
                              polar_angle=polar or None, anchor=anchor))
    return Body(text, (lower + upper) / 2 + moved(anchor, dimensions), (upper - lower) / 2, turn, False)


def ellipsoid(name: str, axes: dict[str, Any], azimuth: Any, polar: Any, anchor: Any) -> Mask:
    half = np.array([positive(value, key) for key, value in axes.items()]) / 2
    if half[0] < half[1]:
        raise BadConnection(f"major_axis = {2 * half[0]:g}: must be minor_axis = {2 * half[1]:g} or more")
    turn = rotation(azimuth, polar, len(half))
    text = written(name, {**axes, "azimuth_angle": azimuth or None, "polar_angle": polar or None, "anchor": anchor})
    return Body(text, moved(anchor, len(half)), half, turn, True)
