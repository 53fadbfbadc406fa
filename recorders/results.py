"""Results of a run: what the recorders recorded in one window of time."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import handover
from .contract import BadRecording
from .recorded import Recorded as Recorded
from .trains import NEAR, positions_of, window_of

DENSE_LIMIT = 2 * 1024**3     # bytes that a dense view may take


class Results:
    """What was recorded from `window[0]` to `window[1]` (ms).

    Every method takes the recorder's NodeView, or its `.segments[0].population`. Times and traces carry units; `plain=True`
    (`times_ms`) gives plain arrays in NEST's units instead. An event carries the time stamp of its spike, the end of its step.
    Of a recorder with time_in_steps, times are whole numbers of steps unless plain=True asks for ms. What a recorder wrote to
    a file is read from there whenever it is asked for: BadRecording where the file is gone, or was overwritten. A pickle (and
    a deep copy) holds all of it; `recorders` gives the recorders that its methods take. All methods raise BadRecording for
    what is no recorder of this run, and for a recorder that recorded something else.
    """

    def __init__(self, dt: float, first_step: int, last_step: int, recorded: list[Recorded],
                 quantity: Callable[[Any, str], Any]) -> None:
        self.dt = dt
        self.window = (first_step * dt, last_step * dt)
        self._first, self._last = first_step, last_step
        self._recorded, self._quantity = recorded, quantity
        self._cut: dict[int, Recorded] | None = None    # of a part of results: what was asked for of it, by id

    def __reduce__(self) -> Any:
        return Results, (self.dt, self._first, self._last, [self._within(r) for r in self._recorded], self._quantity)

    def between(self, start: float | None = None, stop: float | None = None) -> Results:
        """The results of (start, stop], in ms, multiples of dt; None: from the begin, or to the end. A window like any other.

        Of what is in files only the part that is asked for is read, so that hours can be looked at piece by piece.
        Raises BadRecording for a window that is not within this one.
        """
        edges = window_of(self.window, self.dt, start, stop)
        steps = [round(edge / self.dt) for edge in edges]
        for name, edge, step in zip(("start", "stop"), edges, steps):
            if abs(step * self.dt - edge) > NEAR * self.dt:
                raise BadRecording(f"{name} = {edge:g} ms: must be a multiple of dt = {self.dt:g} ms")
        part = Results(self.dt, steps[0], steps[1], self._recorded, self._quantity)
        part._cut = {}
        return part

    def _within(self, r: Recorded) -> Recorded:
        """What a recorder recorded in this window."""
        if self._cut is None:
            return r
        if id(r) not in self._cut:
            self._cut[id(r)] = r.between(self._first + 1, self._last)
        return self._cut[id(r)]

    def _of(self, rec: Any) -> Recorded:
        segments: Any = getattr(rec, "segments", ())
        population = segments[0].population if len(segments) == 1 else rec
        for r in self._recorded:
            if r.recorder is population:
                return self._within(r)
        raise BadRecording(f"{rec!r} is no recorder of this run; recorders are "
                           f"{', '.join(str(r) for r in self._recorded) or 'none'}")

    def _spikes(self, rec: Any) -> tuple[np.ndarray, np.ndarray]:
        """Time stamps in steps, and senders."""
        columns = self._events(rec, "spikes").read("stamps", "senders")
        return columns["stamps"], columns["senders"]

    def _events(self, rec: Any, *kinds: str) -> Recorded:
        r = self._of(rec)
        if r.records not in (kinds or ("spikes", "weights")):
            raise BadRecording(f"{r} recorded no spikes: "
                               f"{'it records ' + r.records if r.records else 'nothing was connected to it'}")
        return r

    def size(self, rec: Any) -> int:
        """Number of recorded nodes."""
        return len(self._of(rec).ids)

    @property
    def times(self) -> Any:
        """The time stamps of all steps of the window, with units (steps,)."""
        return self._quantity(self.times_ms, "ms")

    @property
    def times_ms(self) -> np.ndarray:
        """The time stamps of all steps of the window in ms (steps,)."""
        return np.arange(self._first + 1, self._last + 1) * self.dt

    def _in_unit(self, values: np.ndarray, unit: str, plain: bool) -> Any:
        return values if plain else self._quantity(values, unit)

    def events(self, rec: Any, plain: bool = False, global_ids: bool = False) -> tuple[Any, np.ndarray]:
        """Times (events,) in ms and senders (events,), in the order of time.

        Senders are positions in the recorded view, or with `global_ids` the nodes' global ids. Of a recorder of weights there
        is an event for each connection that a spike goes through, and positions are those in `ids(rec)`.
        """
        r = self._events(rec)
        columns = r.read("stamps", "senders")
        senders = columns["senders"]
        return self._times_of(rec, columns["stamps"], plain), r.ids[senders] if global_ids else senders

    def weights(self, rec: Any) -> np.ndarray:
        """Of a recorder of weights, that of each event's connection, in its receptor's NEST unit (events,)."""
        return self._of_connections(rec, "weights")

    def receptors(self, rec: Any) -> np.ndarray:
        """Of a recorder of weights, the number that receptor_type stands for of each event's connection (events,)."""
        return self._of_connections(rec, "receptors")

    def targets(self, rec: Any, global_ids: bool = False) -> np.ndarray:
        """Of a recorder of weights, the target of each event's connection (events,): its position in `target_ids(rec)`, or
        with `global_ids` its global id."""
        found = self._of_connections(rec, "targets")
        return self.target_ids(rec)[found] if global_ids else found

    def target_ids(self, rec: Any) -> np.ndarray:
        """Of a recorder of weights, the global ids of all targets, each once, in the order of connecting (targets,)."""
        ids = self._of(rec).target_ids
        if ids is None:
            raise BadRecording(f"{self._of(rec)} recorded no weights")
        return ids

    def _of_connections(self, rec: Any, name: str) -> np.ndarray:
        self.target_ids(rec)
        return self._of(rec).read(name)[name]

    def _times_of(self, rec: Any, stamps: np.ndarray, plain: bool) -> Any:
        return stamps if self._of(rec).in_steps and not plain else self._in_unit(stamps * self.dt, "ms", plain)

    def n_events(self, rec: Any) -> int:
        """Number of recorded spikes; of a recorder of weights, of spikes and connections that they went through."""
        return self._events(rec).count

    def active(self, rec: Any) -> tuple[float, float]:
        """Begin and end (ms) of the time in the window for which the recorder was active; equal where it never was."""
        r = self._of(rec)
        begin = min(max(r.first - 1, self._first), self._last)
        return begin * self.dt, max(begin, min(r.last, self._last)) * self.dt

    def duration(self, rec: Any) -> float:
        """For how long (ms) the recorder was active in the window."""
        r = self._of(rec)
        return max(0.0, (min(r.last, self._last) - max(r.first - 1, self._first)) * self.dt)

    def ids(self, rec: Any) -> np.ndarray:
        """Global ids of the recorded nodes, in the order of the recorded view (nodes,); of a recorder of weights those of all
        senders, each once, in the order of connecting."""
        return self._of(rec).ids

    def populations(self, rec: Any) -> dict[str, np.ndarray]:
        """Populations that the recorded nodes are of: their names, and the nodes' positions in the recorded view."""
        found: dict[str, list[np.ndarray]] = {}
        begin = 0
        for name, n in self._of(rec).parts:
            found.setdefault(name, []).append(np.arange(begin, begin + n))
            begin += n
        return {name: np.concatenate(positions) for name, positions in found.items()}

    def recorders(self, records: str) -> list[Any]:
        """The recorders that recorded "spikes", "states" or "weights", in the order of creation; all methods take these."""
        if records not in ("spikes", "states", "weights"):
            raise BadRecording(f"records = {records!r}: must be 'spikes', 'states' or 'weights'")
        return [r.recorder for r in self._recorded if r.records == records]

    def rate(self, rec: Any) -> float:
        """Mean rate of the recorded nodes, spikes/s; NaN where there is nothing to average over."""
        number, base = self._events(rec, "spikes").count, self.size(rec) * self.duration(rec)
        return number / base * 1000.0 if base else float("nan")

    def rates(self, rec: Any) -> np.ndarray:
        """Rate of every recorded node, spikes/s (nodes,)."""
        counts = np.bincount(self._spikes(rec)[1], minlength=self.size(rec))
        return counts * (1000.0 / self.duration(rec)) if self.duration(rec) else np.full(len(counts), np.nan)

    def spikes(self, rec: Any) -> np.ndarray:
        """Spike counts of every step and node, (steps, nodes), made when asked for (uint8, wider if a count needs it).

        Raises
        ------
        MemoryError
            when the array would be larger than 2 GiB; `events` always works.
        """
        stamps, senders = self._spikes(rec)
        shape = (self._last - self._first, self.size(rec))
        if shape[0] * shape[1] > DENSE_LIMIT:
            raise MemoryError(f"a dense view of {shape[0]:,} steps x {shape[1]:,} nodes would take "
                              f"{shape[0] * shape[1] / 1e9:.1f} GB (at most 2 GiB): use events(), or record fewer nodes")
        flat, counts = np.unique((stamps - self._first - 1) * shape[1] + senders, return_counts=True)
        dense = np.zeros(shape, np.min_scalar_type(max(255, int(counts.max(initial=0)))))
        dense.reshape(-1)[flat] = counts
        return dense

    def trace(self, rec: Any, name: str = "V_m", plain: bool = False, nodes: Any = None) -> Any:
        """Recorded values of a state, (samples, nodes), in its NEST unit (see `states`); their times are `trace_times(rec)`.

        nodes: positions in the recorded view, all unless given; of a file no more of the others is in memory than at once.
        """
        r = self._of(rec)
        picked = None if nodes is None else positions_of(nodes, len(r.ids))
        if name not in (r.states or ()):
            raise BadRecording(f"{r} did not record {name!r}; it recorded {', '.join(r.states or ()) or 'no states'}")
        return self._in_unit(r.values(name, picked), r.units[name], plain)

    def trace_times(self, rec: Any, plain: bool = False) -> Any:
        """Times of the samples of a multimeter, (samples,) ms."""
        r = self._of(rec)
        if not r.states:
            raise BadRecording(f"{r} recorded no states")
        return self._times_of(rec, r.read("stamps")["stamps"], plain)

    def records(self, rec: Any) -> str:
        """What a recorder recorded: "spikes", "states" or "weights"; "" where nothing was connected to it."""
        return self._of(rec).records

    def states(self, rec: Any) -> dict[str, str]:
        """The states that a multimeter recorded, and their units."""
        r = self._of(rec)
        return {name: r.units[name] for name in r.states or ()}

    def to_dataframe(self, rec: Any = None) -> Any:
        """A pandas DataFrame: a row a spike, or a row for each sample of each node, in the order of time.

        Columns: times (ms), senders, global_id, population (categorical), and of a multimeter one a state, in NEST's units; of
        a recorder of weights targets, weights, receptors and target_global_id. `attrs["units"]` names the units. rec: a
        recorder; or a list of them, or None for all that recorded something: their rows one after another, with a categorical
        column recorder (senders are positions in each recorder's view; NaN are states that a multimeter did not record).
        Spikes, states and weights do not fit one table: give `recorders("spikes")`.

        Raises ImportError where pandas is not installed, BadRecording where there is nothing, or nothing that fits together.
        """
        return handover.to_dataframe(self, rec)

    def to_neo(self, rec: Any = None) -> Any:
        """A neo Segment: of a spike recorder a SpikeTrain for each recorded node (ms, t_start to t_stop while the recorder was
        active), of a multimeter an AnalogSignal for each state, (samples, nodes), with its unit.

        rec: a recorder, a list of them, or None for all that recorded something: one Segment of everything. Annotations name
        the global id and population of each node, and the recorder. Recorders of weights are left out of None, since neo has
        no place for weights. Raises ImportError where neo is not installed, BadRecording for a recorder of weights, and where
        nothing was recorded.
        """
        return handover.to_neo(self, rec)

    def to_xarray(self, rec: Any = None) -> Any:
        """An xarray Dataset of what a multimeter recorded: each state, (time, node), with its unit in `attrs["units"]`.

        Coordinates: time (ms), node, and of each node global_id and population. rec: a recorder; or a list of them, or None for
        all that recorded states: their nodes one after another, with a coordinate recorder. Raises ImportError where xarray is
        not installed, BadRecording where a recorder took no states, or recorders took them at different times.
        """
        return handover.to_xarray(self, rec)

    def __repr__(self) -> str:
        lines = [f"Results from {self.window[0]:g} to {self.window[1]:g} ms"]
        for r in map(self._within, self._recorded):
            what = f"{r.count} {r.records}" if r.states is None else ", ".join(r.states) or "nothing"
            where = "" if isinstance(r.columns, dict) else f" in {r.columns.file.path}"
            lines.append(f"  {r}: {what} of {len(r.ids)} nodes{where}")
        return "\n".join(lines)
