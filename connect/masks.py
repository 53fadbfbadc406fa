"""Masks: which displacements from a node a connection may have, NEST's shapes and their combinations.

A mask is placed at the node that draws; `anchor` moves it from there. Combine masks with ``&``, ``|`` and ``-``. Angles are in
degrees, lengths in the unit of the positions. A node on the edge of a mask lies within it (to a billionth of its size).
"""
from __future__ import annotations

import numpy as np

from .contract import BadConnection

EDGE = 1e-9                 # of the size: what rounding may move a node that lies on the edge


class Mask:
    """A region around a node: `box` (lower, upper) and the ball of radius `reach` about the box's centre hold it, the ball of
    radius `inner` lies within it."""

    def __init__(self, text: str, box: tuple[np.ndarray, np.ndarray], reach: float, inner: float = 0.0) -> None:
        self.text, self.box, self.inner = text, box, inner
        self.reach = min(reach, float(np.linalg.norm(self.size)) / 2)

    @property
    def size(self) -> np.ndarray:
        """The sides of the box that holds the mask."""
        return self.box[1] - self.box[0]

    @property
    def center(self) -> np.ndarray:
        """The middle of that box, as a displacement from the node."""
        return (self.box[0] + self.box[1]) / 2

    def contains(self, displacement: np.ndarray) -> np.ndarray:
        """Whether displacements (pairs, 2 or 3) lie within: (pairs,), bool."""
        raise NotImplementedError

    def __and__(self, other: Mask) -> Mask:
        return Combined("&", self, other)

    def __or__(self, other: Mask) -> Mask:
        return Combined("|", self, other)

    def __sub__(self, other: Mask) -> Mask:
        return Combined("-", self, other)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return self.text


class Combined(Mask):
    """Two masks combined: in both, in either, or in the first and not in the second."""

    def __init__(self, how: str, a: Mask, b: Mask) -> None:
        if not isinstance(b, Mask) or len(a.size) != len(b.size):
            raise BadConnection(f"{a!r} {how} {b!r}: masks are combined with masks of as many dimensions")
        text = f"({a!r} {how} {b!r})"
        ends = [np.array([m.box[i] for m in (a, b)]) for i in (0, 1)]
        if how == "-":
            box = a.box
        elif how == "|":
            box = ends[0].min(axis=0), ends[1].max(axis=0)
        else:
            box = ends[0].max(axis=0), ends[1].min(axis=0)
            if (box[0] > box[1]).any():
                raise BadConnection(f"{text}: the masks have nothing in common")
        reaches = [float(np.linalg.norm((box[0] + box[1]) / 2 - m.center)) + m.reach for m in (a, b)]
        super().__init__(text, box, reaches[0] if how == "-" else max(reaches) if how == "|" else min(reaches))
        self.how, self.parts = how, (a, b)

    def contains(self, displacement: np.ndarray) -> np.ndarray:
        first, second = (m.contains(displacement) for m in self.parts)
        return first & second if self.how == "&" else first | second if self.how == "|" else first & ~second


def check_fit(mask: Mask, rows: np.ndarray, pool: np.ndarray, wrap: np.ndarray | None, sign: float) -> None:
    """Raise BadConnection where a mask does not fit the layers; sign: 1 where it lies at the rows' nodes, else -1."""
    size, (lower, upper) = mask.size, mask.box
    if len(size) != pool.shape[1]:
        raise BadConnection(f"mask = {mask!r}: has {len(size)} dimensions, the nodes' positions have {pool.shape[1]}")
    if wrap is not None:
        if (size > wrap * (1 + EDGE)).any():
            raise BadConnection(f"mask = {mask!r}: its sides are {size.tolist()}, must be at most the extent {wrap.tolist()} "
                                f"of a layer with edge_wrap=True")
        return
    ends = pool.min(axis=0) - rows.max(axis=0), pool.max(axis=0) - rows.min(axis=0)
    low, high = ends if sign > 0 else (-ends[1], -ends[0])
    if ((lower > high + EDGE * size) | (upper < low - EDGE * size)).any():
        raise BadConnection(f"mask = {mask!r}: leaves the layer wherever it is placed: it spans {lower.tolist()} to "
                            f"{upper.tolist()} from a node, the others lie within {low.tolist()} to {high.tolist()}")
