"""Results of a run: what the recorders recorded in one window of time."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import BadRecording

DENSE_LIMIT = 2 * 1024**3     # bytes that a dense view may take


class Results:
    """What was recorded from `window[0]` to `window[1]` (ms).

    Every method takes the recorder's NodeView, or its `.segments[0].population`. Times and traces carry units; `plain=True`
    (`times_ms`) gives plain arrays in NEST's units instead. An event carries the time stamp of its spike, the end of its step.
    """

    def __init__(self, dt: float, first_step: int, last_step: int, spikes: dict[int, tuple[np.ndarray, np.ndarray]],
                 traces: dict[int, dict[str, np.ndarray]], sizes: dict[int, int], ids: dict[int, np.ndarray],
                 active: dict[int, tuple[float, float]], units: dict[str, str],
                 quantity: Callable[[Any, str], Any], names: dict[int, str]) -> None:
        self.dt = dt
        self.window = (first_step * dt, last_step * dt)
        self._first, self._last = first_step, last_step
        self._spikes, self._traces, self._sizes, self._ids = spikes, traces, sizes, ids
        self._active, self._units, self._quantity, self._names = active, units, quantity, names

    def _key(self, rec: Any) -> int:
        """The number of a recorder's population."""
        segments: Any = getattr(rec, "segments", ())
        population = segments[0].population if len(segments) == 1 else rec
        key = getattr(population, "index", None)
        if key not in self._names:
            raise BadRecording(f"{rec!r} is no recorder of this run; recorders are {self._listed()}")
        return key

    def _listed(self) -> str:
        return ", ".join(f"{name} (population {key})" for key, name in self._names.items()) or "none"

    def _spiking(self, rec: Any) -> int:
        key = self._key(rec)
        if key not in self._spikes:
            raise BadRecording(f"{self._names[key]} (population {key}) recorded no spikes: either it records states or "
                               f"nothing was connected to it")
        return key

    def size(self, rec: Any) -> int:
        """Number of recorded nodes."""
        return self._sizes[self._key(rec)]

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

        Senders are positions in the recorded view, or with `global_ids` the nodes' global ids.
        """
        key = self._spiking(rec)
        stamps, senders = self._spikes[key]
        return self._in_unit(stamps * self.dt, "ms", plain), self._ids[key][senders] if global_ids else senders

    def n_events(self, rec: Any) -> int:
        """Number of recorded spikes."""
        return len(self._spikes[self._spiking(rec)][0])

    def duration(self, rec: Any) -> float:
        """For how long (ms) the recorder was active in the window."""
        first, last = self._active[self._key(rec)]
        return max(0.0, (min(last, self._last) - max(first - 1, self._first)) * self.dt)

    def rate(self, rec: Any) -> float:
        """Mean rate of the recorded nodes, spikes/s; NaN where there is nothing to average over."""
        number, base = self.n_events(rec), self.size(rec) * self.duration(rec)
        return number / base * 1000.0 if base else float("nan")

    def rates(self, rec: Any) -> np.ndarray:
        """Rate of every recorded node, spikes/s (nodes,)."""
        key = self._spiking(rec)
        counts = np.bincount(self._spikes[key][1], minlength=self._sizes[key])
        return counts * (1000.0 / self.duration(rec)) if self.duration(rec) else np.full(len(counts), np.nan)

    def spikes(self, rec: Any) -> np.ndarray:
        """Spike counts of every step and node, (steps, nodes), made when asked for (uint8, wider if a count needs it).

        Raises
        ------
        MemoryError
            when the array would be larger than 2 GiB; `events` always works.
        """
        key = self._spiking(rec)
        stamps, senders = self._spikes[key]
        shape = (self._last - self._first, self._sizes[key])
        if shape[0] * shape[1] > DENSE_LIMIT:
            raise MemoryError(f"a dense view of {shape[0]:,} steps x {shape[1]:,} nodes would take "
                              f"{shape[0] * shape[1] / 1e9:.1f} GB (at most 2 GiB): use events(), or record fewer nodes")
        flat, counts = np.unique((stamps - self._first - 1) * shape[1] + senders, return_counts=True)
        dense = np.zeros(shape, np.min_scalar_type(max(255, int(counts.max(initial=0)))))
        dense.reshape(-1)[flat] = counts
        return dense

    def trace(self, rec: Any, name: str = "V_m", plain: bool = False) -> Any:
        """Recorded values of a state, (samples, nodes); their times are `trace_times(rec)`."""
        return self._in_unit(self._trace(rec, name), self._units.get(name, ""), plain)

    def _trace(self, rec: Any, name: str) -> np.ndarray:
        key = self._key(rec)
        recorded = [n for n in self._traces.get(key, {}) if n != "stamps"]
        if name not in recorded:
            raise BadRecording(f"{self._names[key]} (population {key}) did not record {name!r}; it recorded "
                               f"{', '.join(recorded) or 'no states'}")
        return self._traces[key][name]

    def trace_times(self, rec: Any, plain: bool = False) -> Any:
        """Times of the samples of a multimeter, (samples,)."""
        key = self._key(rec)
        if key not in self._traces:
            raise BadRecording(f"{self._names[key]} (population {key}) recorded no states")
        return self._in_unit(self._traces[key]["stamps"] * self.dt, "ms", plain)

    def __repr__(self) -> str:
        lines = [f"Results from {self.window[0]:g} to {self.window[1]:g} ms"]
        for key, name in self._names.items():
            what = f"{len(self._spikes[key][0])} spikes" if key in self._spikes else \
                ", ".join(n for n in self._traces.get(key, {}) if n != "stamps") or "nothing"
            lines.append(f"  {name} (population {key}): {what} of {self._sizes.get(key, 0)} nodes")
        return "\n".join(lines)
