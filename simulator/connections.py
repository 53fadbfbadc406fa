"""Connections: some of a network's connections as the user handles them, read out of the tables when they are asked for."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from nestling.connect.contract import positions

from .edits import set_connections
from .errors import BadView, unknown
from .finding import count, find
from .network import Projection
from .plan import Plan
from .table_reader import Found, Reader, joined
from .views import NodeView

NAMES = ("source", "target", "weight", "delay", "receptor", "synapse")
FURTHER = ("receptor_name",)
DIGITS = 12                   # of delays in ms: 3 steps of 0.1 ms are 0.3 ms, not 0.30000000000000004


class Connections:
    """Connections between nodes, in the order of source, target, connect call, delay, receptor and drawing.

    Made by `Simulator.get_connections`; nothing is read before it is asked for. `a + b` concatenates, `a[i]`, `a[2:8]`,
    `a[[1, 5]]` and `a[mask]` select; length, iteration and `==` are those of a list of connections. They outlive new calls of
    create() and connect(); once delays were set or connections removed, ask for them again.
    """

    def __init__(self, simulator: Any, reader: Reader, query: tuple[Any, Any, Any] | None, found: Found | None = None) -> None:
        self._simulator, self._reader, self._query, self._found = simulator, reader, query, found
        self._remade = simulator._remade

    # --- reading -----------------------------------------------------------------------------------------------------------

    def get(self, names: str | Iterable[str] | None = None, output: str = "numpy") -> Any:
        """What the connections have: an array with one entry a connection; of several names, or None for all, a dict of them.

        names: "source" and "target" (global ids), "weight" (in the receptor's NEST unit, as set or drawn), "delay" (ms),
        "receptor" (the number that receptor_type stands for), "receptor_name", "synapse" (number of the connect call).
        output: "numpy", or "pandas" for a DataFrame.

        Raises
        ------
        UnknownName, BadView, ImportError
        """
        if output not in ("numpy", "pandas"):
            raise ValueError(f"output = {output!r}: must be 'numpy' or 'pandas'")
        if output == "pandas":
            return self._frame([names] if isinstance(names, str) else names)
        if isinstance(names, str):
            return self._read([names])[names]
        if names is not None and not isinstance(names, Iterable):
            raise TypeError(f"names = {names!r}: must be a name, or a list of names")
        return self._read(NAMES if names is None else list(names))

    def _read(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        for name in names:
            if name not in NAMES + FURTHER:
                raise unknown("value", name, "a connection", NAMES + FURTHER)
        reader, found = self._now()
        of = {"source": lambda: found.source.astype(np.int64), "target": lambda: reader.target(found).astype(np.int64),
              "weight": lambda: reader.weight(found, self._simulator._constants()),
              "delay": lambda: np.round(reader.steps(found) * self._simulator.dt, DIGITS),
              "receptor": lambda: np.array([r[1] for r in reader.receptors] or [0], np.int64)[reader.receptor(found)],
              "receptor_name": lambda: np.array([r[0] for r in reader.receptors] or [""])[reader.receptor(found)],
              "synapse": lambda: reader.projection(found)}
        return {name: of[name]() for name in names}

    @property
    def source(self) -> np.ndarray:
        """Global ids of the sources (int64)."""
        return self.get("source")

    @property
    def target(self) -> np.ndarray:
        """Global ids of the targets (int64)."""
        return self.get("target")

    @property
    def weight(self) -> np.ndarray:
        """Weights, in the receptors' NEST units (float64)."""
        return self.get("weight")

    @weight.setter
    def weight(self, value: Any) -> None:
        self.set(weight=value)

    @property
    def weight_unit(self) -> str:
        """NEST's unit of the weights; "" where there are no connections, or receptors differ in it."""
        reader, found = self._now()
        units = {reader.receptors[i][3] for i in np.flatnonzero(np.bincount(reader.receptor(found)))}
        return units.pop() if len(units) == 1 else ""

    @property
    def delay(self) -> np.ndarray:
        """Delays (ms), on the grid of dt."""
        return self.get("delay")

    @delay.setter
    def delay(self, value: Any) -> None:
        self.set(delay=value)

    def set(self, params: dict[str, Any] | None = None, **given: Any) -> None:
        """Change weights and delays: numbers, arrays with one entry a connection of this collection, or distributions.

        They last: new calls of connect() and simulate() keep them. Between `cont` calls spikes that are on their way keep the
        weights and delays that they were sent with, except those of generators, of which what arrives has the new weights;
        delays of generators' connections can be set before a run only. Weights go into the tables as they are, unless one is
        too large for the scale of its receptor or has another sign where each sign has a receptor; then, and for other delays,
        tables are built anew. If one value is refused, none is set.

        Raises
        ------
        UnknownName, DimensionError, BadConnection, BadView, NotAvailable
        """
        set_connections(self, {**(params or {}), **given})

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row a connection; raises ImportError where pandas is not installed."""
        return self._frame(None)

    def _frame(self, names: Iterable[str] | None) -> Any:
        try:
            import pandas
        except ImportError as error:
            raise ImportError("a DataFrame of connections needs pandas, which is not installed: pip install pandas") from error
        return pandas.DataFrame(self.get(names))

    def in_degree(self, nodes: NodeView) -> np.ndarray:
        """How many of these connections end in each node of a view (int64)."""
        return self._degree(nodes, "target")

    def out_degree(self, nodes: NodeView) -> np.ndarray:
        """How many of these connections begin in each node of a view (int64)."""
        return self._degree(nodes, "source")

    def _degree(self, nodes: NodeView, end: str) -> np.ndarray:
        check_view(self._simulator, nodes, "nodes")
        counts = np.bincount(self.get(end), minlength=self._reader.n_ids)
        return counts[nodes.global_id]

    def to_scipy(self, source: NodeView, target: NodeView) -> Any:
        """A sparse matrix (targets, sources) of weights, summed where there are several between two nodes.

        source, target: the nodes that its columns and rows stand for, each once; connections of other nodes are left out.
        Returns a scipy.sparse.csr_array of float64. Raises BadView where a node stands twice.
        """
        from scipy.sparse import coo_array
        given = self.get(["source", "target", "weight"])
        at = []
        for name, nodes in (("source", source), ("target", target)):
            check_view(self._simulator, nodes, name)
            ids = nodes.global_id
            if len(np.unique(ids)) < len(ids):
                raise BadView(f"{name}: a node stands twice in {nodes!r}: a matrix has one column or row for each")
            at.append(positions(given[name], ids))
        mine = (at[0] >= 0) & (at[1] >= 0)
        return coo_array((given["weight"][mine], (at[1][mine], at[0][mine])), shape=(len(target), len(source))).tocsr()

    def _check_changeable(self) -> None:
        """Raise where these connections cannot be changed."""

    # --- a list of connections ---------------------------------------------------------------------------------------------

    def _now(self) -> tuple[Reader, Found]:
        """Where these connections stand today. Raises BadView where that cannot be told."""
        if self._found is None:
            assert self._query is not None
            self._found = find(self._reader, *self._query)
            self._query = None
        if self._remade != self._simulator._remade:
            raise BadView("delays were set or connections removed since these were found: call get_connections() again")
        reader = self._simulator._read()
        if reader is not self._reader:
            if not same_places(reader.plan, self._reader.plan):
                self._found = moved(self._found, self._reader, reader)
            self._reader = reader
        return self._reader, self._found

    def __len__(self) -> int:
        if self._found is None and self._query is not None and self._query[1] is None:
            n = count(self._reader, self._query[0], self._query[2])
            if n is not None:
                return n
        return len(self._now()[1].source)

    def __getitem__(self, item: Any) -> Connections:
        reader, found = self._now()
        return type(self)(self._simulator, reader, None, found.picked(picked(item, len(found.source))))

    def __iter__(self) -> Iterator[Connections]:
        return (self[i] for i in range(len(self)))

    def __add__(self, other: Connections) -> Connections:
        if not isinstance(other, Connections):
            return NotImplemented
        if other._simulator is not self._simulator:
            raise BadView("the two collections belong to different simulators")
        if type(other) is not type(self):
            raise BadView("one of the two collections holds procedural synapses: ask for both in one get_connections()")
        return type(self)(self._simulator, self._now()[0], None, joined([self._now()[1], other._now()[1]]))

    def __eq__(self, other: object) -> bool:
        return (type(other) is type(self) and other._simulator is self._simulator
                and np.array_equal(self._now()[1].place, other._now()[1].place))

    __hash__ = None                 # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<Connections: {len(self):,}>"


def find_connections(sim: Any, source: Any, target: Any, synapse: Any) -> Connections:
    """See Simulator.get_connections."""
    for name, view in (("source", source), ("target", target)):
        if view is not None:
            check_view(sim, view, name)
    calls = None if synapse is None else calls_of(sim, synapse)
    ids = [None if view is None else view.global_id for view in (source, target)]
    if any(p.procedural and (calls is None or p.index in calls) for p in sim.network.projections):
        from .drawn_connections import DrawnConnections, read_as_stored
        return DrawnConnections(sim, read_as_stored(sim), (ids[0], ids[1], calls))
    return Connections(sim, sim._read(), (ids[0], ids[1], calls))


def check_view(sim: Any, view: Any, name: str) -> None:
    if not isinstance(view, NodeView):
        raise TypeError(f"{name} = {view!r}: must be nodes that create() returned, or a selection of them")
    if view._simulator is not sim:
        raise BadView(f"{name} belongs to another simulator")


def calls_of(sim: Any, synapse: Any) -> set[int]:
    """Numbers of the projections that connect() returned."""
    given = list(synapse) if isinstance(synapse, (list, tuple)) else [synapse]
    known = sim.network.projections
    for p in given:
        if not isinstance(p, Projection):
            raise TypeError(f"synapse = {p!r}: must be what connect() returned, or a list of such")
        if p.index >= len(known) or known[p.index].targets is not p.targets:
            raise BadView("synapse belongs to another simulator")
    return {p.index for p in given}


def picked(item: Any, n: int) -> np.ndarray | slice:
    """Which of n connections are meant: by number, slice, list of numbers or mask. Raises BadView."""
    if isinstance(item, slice):
        return item
    array = np.asarray(item)
    if array.dtype == bool and array.ndim:
        if array.shape != (n,):
            raise BadView(f"a mask of shape {array.shape} for {n} connections: must have one entry a connection")
        return np.flatnonzero(array)
    if array.ndim > 1 or array.dtype.kind not in "iu" and array.size:
        raise BadView(f"connections are indexed by whole numbers, slices, whole-number arrays or masks, not {item!r}")
    array = np.atleast_1d(array).astype(np.int64)
    wrong = (array < -n) | (array >= n)
    if wrong.any():
        raise BadView(f"connection {array[wrong.argmax()]} of {n}: must be {-n} to {n - 1}")
    return array % max(n, 1)


def same_places(one: Plan, other: Plan) -> bool:
    """Whether connections stand at the same places in two plans."""
    return (len(one.tables) == len(other.tables) and all(a.targets is b.targets for a, b in zip(one.tables, other.tables))
            and [d.size for d in one.drives] == [d.size for d in other.drives])


def moved(found: Found, before: Reader, after: Reader) -> Found:
    """Where connections stand in another plan of the same network, or of one to which calls were added."""
    sources, calls = np.unique(found.source), set(np.unique(before.projection(found)).tolist())
    old, new = (find(reader, sources, None, calls) for reader in (before, after))
    order = np.argsort(old.place)
    return new.picked(order[np.searchsorted(old.place, found.place, sorter=order)])
