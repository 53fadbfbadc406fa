"""Space: where nodes are, masks, and what asks for places. `nl.spatial.grid(shape=[10, 10])`, `nl.spatial.circular(0.2)`."""
from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from .contract import BadConnection, Space
from .distance import displacement as displacement
from .distance import distance as distance
from .layers import free as free
from .layers import grid as grid
from .masks import Mask as Mask
from .masks import check_fit
from .reading import numbers
from .shapes import box as box
from .shapes import circular as circular
from .shapes import doughnut as doughnut
from .shapes import ellipsoidal as ellipsoidal
from .shapes import elliptical as elliptical
from .shapes import mask_of
from .shapes import rectangular as rectangular
from .shapes import spherical as spherical


class Placed(Protocol):
    """Nodes with positions: a view of them."""

    @property
    def positions(self) -> np.ndarray: ...

    def __len__(self) -> int: ...

    def __getitem__(self, item: Any, /) -> Any: ...

    def space_to(self, other: Any, /) -> Space: ...


def displacements(pre: Placed, post: Placed) -> np.ndarray:
    """The ways from nodes to others, one by one, or from or to a single one: (pairs, 2 or 3); the shortest where space wraps.

    Raises BadConnection, BadView
    """
    if len(pre) != len(post) and 1 not in (len(pre), len(post)):
        raise BadConnection(f"displacements from {len(pre)} nodes to {len(post)}: must be as many, or one on either side")
    pairs = np.broadcast_arrays(np.arange(len(pre)), np.arange(len(post)))
    return pre.space_to(post).displacement(*pairs)


def distances(pre: Placed, post: Placed) -> np.ndarray:
    """The lengths of the `displacements`: (pairs,)."""
    return np.asarray(np.linalg.norm(displacements(pre, post), axis=1))


def find_nearest(nodes: Placed, points: Any) -> Any:
    """The node nearest to a point (2 or 3 numbers), or to each of several points: a view (NEST's FindNearestElement).

    Raises BadConnection, BadView
    """
    positions, wrap = nodes.positions, nodes.space_to(nodes).wrap
    dimensions = positions.shape[1]
    wanted = np.atleast_2d(np.asarray(points))
    if wanted.ndim != 2 or wanted.shape[1] != dimensions or wanted.dtype.kind not in "iuf" or not np.isfinite(wanted).all():
        raise BadConnection(f"points = {points!r}: must be a point of {dimensions} finite numbers, or a list of points")
    here, there = (p if wrap is None else np.where((q := p % wrap) < wrap, q, 0.0) for p in (positions, wanted))
    from scipy.spatial import cKDTree  # where it is needed: a fifth of a second
    return nodes[np.atleast_1d(cKDTree(here, boxsize=wrap).query(there)[1])]


def select_nodes_by_mask(nodes: Placed, anchor: Any, mask: Any) -> Any:
    """The nodes within a mask that is placed at a point: a view (NEST's SelectNodesByMask).

    Raises BadConnection, BadView
    """
    mask = mask_of(mask)
    space = nodes.space_to(nodes)
    dimensions = space.sources.shape[1]
    point = numbers(anchor, "anchor", dimensions)
    check_fit(mask, point[None], space.targets, space.wrap, 1.0)
    middle = Space((point + mask.center)[None], space.targets, space.wrap)
    way = middle.displacement(np.zeros(1, np.int64), np.arange(len(nodes)))
    return nodes[mask.contains(way + mask.center)]
