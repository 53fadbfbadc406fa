"""NodeView: a list of nodes as the user handles it."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nestling.connect.contract import Space

from .errors import BadView
from .network import Population, Segment, space_of
from .units import is_quantity


class NodeView:
    """Nodes in the order in which they were asked for.

    `a + b` concatenates, `a[i]`, `a[2:8]`, `a[[1, 5]]` and `a[mask]` select; length, iteration, `in` and `==` are those of
    a list of nodes. `segments` holds the parts that come from one population each.
    """

    def __init__(self, simulator: Any, segments: tuple[Segment, ...]) -> None:
        self._simulator = simulator
        self.segments = segments

    @property
    def size(self) -> int:
        """Number of nodes."""
        return sum(len(s) for s in self.segments)

    @property
    def global_id(self) -> np.ndarray:
        """Global ids (int64), counted over all nodes of the simulator in the order of creation, from 0."""
        return np.concatenate([s.ids for s in self.segments]) if self.segments else np.zeros(0, np.int64)

    @property
    def positions(self) -> np.ndarray:
        """Where the nodes are: (nodes, 2 or 3). Raises BadView where some have no position, or fewer dimensions than others."""
        return self.space_to(self).sources

    def space_to(self, other: NodeView) -> Space:
        """The positions of these nodes and of others, and the space that both lie in. Raises BadView."""
        space = space_of(self.segments, other.segments) if self.segments and other.segments else None
        if space is None:
            lost = next((s.population for s in (*self.segments, *other.segments) if s.population.layer is None), "no nodes")
            raise BadView(f"{lost} has no positions: create nodes with positions=spatial.grid(...) or spatial.free(...)")
        return space

    def __len__(self) -> int:
        return self.size

    def __add__(self, other: NodeView) -> NodeView:
        if not isinstance(other, NodeView):
            return NotImplemented
        if other._simulator is not self._simulator:
            raise BadView("the two views belong to different simulators")
        return NodeView(self._simulator, self.segments + other.segments)

    def __radd__(self, other: Any) -> NodeView:
        return self if isinstance(other, int) and other == 0 else NotImplemented   # so that sum(views) works

    def __getitem__(self, item: Any) -> NodeView:
        n, given = self.size, item
        if isinstance(item, (int, np.integer)) and not isinstance(item, bool):
            if not -n <= item < n:
                raise BadView(f"node {item} of a view of {n} nodes: must be {-n} to {n - 1}")
            picked = np.array([int(item) % n])
        elif isinstance(item, slice):
            picked = np.arange(n)[item]
        else:
            item = np.asarray(None if is_quantity(item) else item)
            if item.dtype == bool and item.ndim:
                if item.shape != (n,):
                    raise BadView(f"a mask of shape {item.shape} for a view of {n} nodes: must have one entry a node")
                picked = np.flatnonzero(item)
            elif item.ndim == 1 and (item.dtype.kind in "iu" or item.size == 0):
                if item.size and not (-n <= item.min() and item.max() < n):
                    raise BadView(f"node {item.max() if item.max() >= n else item.min()} of a view of {n} nodes: "
                                  f"must be {-n} to {n - 1}")
                picked = item.astype(np.int64) % max(n, 1)
            else:
                raise BadView(f"a view is indexed by whole numbers, slices, whole-number arrays or masks, not {given!r}")
        return NodeView(self._simulator, self._pick(picked))

    def _pick(self, picked: np.ndarray) -> tuple[Segment, ...]:
        """Segments of the picked positions, split where the population changes."""
        starts = np.cumsum([0] + [len(s) for s in self.segments])
        which = np.searchsorted(starts, picked, side="right") - 1
        parts = np.split(picked, np.flatnonzero(np.diff(which)) + 1) if len(picked) else []
        return tuple(Segment(self.segments[w].population, self.segments[w].indices[part - starts[w]])
                     for part in parts for w in [int(np.searchsorted(starts, part[0], side="right")) - 1])

    def get(self, names: str | Iterable[str] | None = None) -> Any:
        """Parameters and states of the nodes, as plain numbers in NEST's units.

        names: one name gives an array with one entry a node (one node: a number; lists of times: a list); several names give
        a dict, None a dict of all. States are those of the moment; before a run, the initial values.

        Raises
        ------
        UnknownName
        """
        from .settings import get_values
        return get_values(self._simulator, self.segments, names)

    def set(self, params: dict[str, Any] | None = None, **given: Any) -> None:
        """Change parameters and states: numbers, arrays with one entry a node of this view, or distributions.

        Parameters last until they are set again. States are initial values if set at t = 0; between `cont` calls they are the
        states of the moment, and a later `simulate` starts from the initial values. If one value is refused, none is set.

        Raises
        ------
        UnknownName, DimensionError, ParameterError
        """
        from .settings import set_values
        set_values(self._simulator, self.segments, {**(params or {}), **given})

    def __iter__(self) -> Iterator[NodeView]:
        for segment in self.segments:
            for i in range(len(segment)):
                yield NodeView(self._simulator, (Segment(segment.population, segment.indices[i:i + 1]),))

    def __contains__(self, node: Any) -> bool:
        """Whether a view's nodes (or one global id) are all among these."""
        ids = node.global_id if isinstance(node, NodeView) else np.asarray([node])
        return bool(np.isin(ids, self.global_id).all())

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, NodeView) and other._simulator is self._simulator
                and np.array_equal(self.global_id, other.global_id))

    def __hash__(self) -> int:
        return hash(self.global_id.tobytes())

    def __repr__(self) -> str:
        parts = " + ".join(f"{len(s)} {s.population.name}" for s in self.segments)
        return f"<NodeView of {parts or 'no nodes'}>"


def whole_population(simulator: Any, population: Population) -> NodeView:
    return NodeView(simulator, (Segment(population, np.arange(population.size)),))
