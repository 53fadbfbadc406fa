"""The shapes of masks, under NEST's names and with its arguments."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .bodies import ball, block, ellipsoid, written
from .contract import BadConnection
from .masks import Mask


def circular(radius: float, *, anchor: Any = None) -> Mask:
    """A disc about the node, or about `anchor` (x, y) from there. Raises BadConnection."""
    return ball("circular", 2, radius, anchor)


def spherical(radius: float, *, anchor: Any = None) -> Mask:
    """A ball about the node, or about `anchor` (x, y, z) from there. Raises BadConnection."""
    return ball("spherical", 3, radius, anchor)


def doughnut(inner_radius: float, outer_radius: float, *, anchor: Any = None) -> Mask:
    """A disc without the disc of `inner_radius` (and its edge) in its middle. Raises BadConnection."""
    inner, outer = (ball("circular", 2, r, anchor, what)
                    for r, what in ((inner_radius, "inner_radius"), (outer_radius, "outer_radius")))
    if not inner_radius < outer_radius:
        raise BadConnection(f"inner_radius = {inner_radius:g}: must be below outer_radius = {outer_radius:g}")
    mask = outer - inner
    mask.text = written("doughnut", dict(inner_radius=inner_radius, outer_radius=outer_radius, anchor=anchor))
    return mask


def rectangular(lower_left: Any, upper_right: Any, *, azimuth_angle: float = 0.0, anchor: Any = None) -> Mask:
    """A rectangle between two corners, relative to the node, turned about its middle. Raises BadConnection."""
    return block("rectangular", 2, lower_left, upper_right, azimuth_angle, 0.0, anchor)


def box(lower_left: Any, upper_right: Any, *, azimuth_angle: float = 0.0, polar_angle: float = 0.0, anchor: Any = None) -> Mask:
    """A box between two corners, relative to the node, turned about its middle. Raises BadConnection."""
    return block("box", 3, lower_left, upper_right, azimuth_angle, polar_angle, anchor)


def elliptical(major_axis: float, minor_axis: float, *, azimuth_angle: float = 0.0, anchor: Any = None) -> Mask:
    """An ellipse about the node with axes (diameters) along x and y, turned by the angle. Raises BadConnection."""
    return ellipsoid("elliptical", dict(major_axis=major_axis, minor_axis=minor_axis), azimuth_angle, 0.0, anchor)


def ellipsoidal(major_axis: float, minor_axis: float, polar_axis: float, *, azimuth_angle: float = 0.0,
                polar_angle: float = 0.0, anchor: Any = None) -> Mask:
    """An ellipsoid about the node with axes (diameters) along x, y and z, turned by the angles. Raises BadConnection."""
    axes = dict(major_axis=major_axis, minor_axis=minor_axis, polar_axis=polar_axis)
    return ellipsoid("ellipsoidal", axes, azimuth_angle, polar_angle, anchor)


SHAPES: dict[str, Callable[..., Mask]] = dict(
    circular=circular, spherical=spherical, doughnut=doughnut, rectangular=rectangular, box=box, elliptical=elliptical,
    ellipsoidal=ellipsoidal)


def mask_of(value: Any) -> Mask:
    """A mask, or one in NEST's form {"circular": {"radius": 0.2}, "anchor": [0.1, 0.0]}. Raises BadConnection."""
    if isinstance(value, Mask):
        return value
    names = [name for name in value if name != "anchor"] if isinstance(value, dict) else []
    if len(names) != 1 or names[0] not in SHAPES or not isinstance(value[names[0]], dict):
        raise BadConnection(f"mask = {value!r}: must be a mask, such as circular(0.2), or a dict with one of "
                            f"{', '.join(SHAPES)}")
    try:
        return SHAPES[names[0]](**{**value[names[0]], **({"anchor": value["anchor"]} if "anchor" in value else {})})
    except TypeError as error:
        raise BadConnection(f"mask = {value!r}: {error}") from None
