"""Spike trains as statistics read them: of a recorder in results, or plain arrays of times and senders.

Every time and duration is a plain number in ms. Windows and bins are (begin, end]: a spike stamped t was found in the step
(t - dt, t].
"""
from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from .contract import BadRecording

NEAR = 1e-3   # in steps: stamps are multiples of dt in floating point, so one this near to an edge lies on the edge
GRID = 1e-3   # ms, the step of plain arrays, whose grid is not known: a spike within 1e-6 ms of an edge lies on it
LARGEST = 2 * 1024**3     # bytes of an array that has a column a neuron


class SpikeSource(Protocol):
    """What these functions need of the results of a run."""

    @property
    def window(self) -> tuple[float, float]: ...

    @property
    def dt(self) -> float: ...

    def events(self, rec: Any, /, *, plain: bool) -> tuple[Any, Any]: ...

    def size(self, rec: Any, /) -> int: ...


class Window(NamedTuple):
    """A stretch of time (begin, end] on a grid of step dt, in ms."""

    begin: float
    end: float
    dt: float


class Spikes(NamedTuple):
    """The spikes of n neurons in a window: times in ms, ascending, and senders 0..n-1, both of shape (spikes,)."""

    times: np.ndarray
    senders: np.ndarray
    n: int
    window: Window


def spikes_of(res: Any, rec: Any, start: float | None = None, stop: float | None = None, size: int | None = None, *,
              needs_stop: bool = True) -> Spikes:
    """The spikes of results and a recorder, or of arrays of times and senders, in (start, stop].

    Of results the window ends where the recorder was no longer active, and begins likewise; of arrays it begins at 0, a spike
    at 0 included. Arrays need `stop` where `needs_stop`, and may tell how many neurons there are: `size`.
    Raises BadRecording.
    """
    if not hasattr(res, "events"):
        return plain_spikes(res, rec, start, stop, size, needs_stop)
    if size is not None:
        raise BadRecording(f"size = {size!r}: is of plain arrays; how many neurons a recorder has is known")
    s = recorded_spikes(res, rec, start, stop)
    if not hasattr(res, "active"):
        return s
    active, (begin, end, dt) = res.active(rec), s.window
    begin = min(max(active[0], begin), end)
    return s._replace(window=Window(begin, max(begin, min(active[1], end)), dt))


def recorded_spikes(res: SpikeSource, rec: Any, start: float | None = None, stop: float | None = None) -> Spikes:
    """The spikes of a recorder in (start, stop], in ms; None stands for the begin and the end of the results' window.

    Raises BadRecording where they lie outside the window, and for a recorder of weights.
    """
    begin, end = window_of(res.window, res.dt, start, stop)
    if hasattr(res, "records") and res.records(rec) == "weights":
        raise BadRecording(f"rec = {rec!r}: records weights, a spike once for each connection that it goes through; give a "
                           f"spike recorder")
    times, senders = part_of(res, begin, end).events(rec, plain=True)
    kept = within(times, begin, end, res.dt)
    return Spikes(times[kept], senders[kept], res.size(rec), Window(begin, end, res.dt))


def window_of(window: tuple[float, float], dt: float, start: float | None, stop: float | None) -> tuple[float, float]:
    """start and stop (ms); None stands for the begin and the end of the window, in which they must lie: BadRecording."""
    (t0, t1), near = window, NEAR * dt                  # a window may begin at 3 * 0.1, which is more than 0.3
    if start is not None and not (is_number(start) and t0 - near <= start < t1 - near):
        raise BadRecording(f"start = {start!r}: must be a plain number of ms, at least {t0:g} and less than {t1:g}")
    begin = t0 if start is None else max(float(start), t0)
    if stop is not None and not (is_number(stop) and begin + near < stop <= t1 + near):
        raise BadRecording(f"stop = {stop!r}: must be a plain number of ms, more than {begin:g} and at most {t1:g}")
    return begin, t1 if stop is None else min(float(stop), t1)


def within(times: np.ndarray, begin: float, end: float, dt: float) -> slice:
    """Which of ascending times on a grid of step dt lie in (begin, end]."""
    return slice(*np.searchsorted(times, np.array([begin, end]) + NEAR * dt))


def part_of(res: Any, begin: float, end: float) -> Any:
    """The results of the steps that (begin, end] lies in: of files no more than these is read."""
    if (begin, end) == tuple(res.window) or not hasattr(res, "between"):
        return res
    first, last = np.floor(begin / res.dt + NEAR), np.ceil(end / res.dt - NEAR)
    return res.between(max(first * res.dt, res.window[0]), min(max(last, first + 1) * res.dt, res.window[1]))


def positions_of(nodes: Any, n: int) -> list[int]:
    """nodes as positions in a view of n: BadRecording."""
    given = np.asarray(None if hasattr(nodes, "segments") else nodes)        # a view of nodes has no positions of its own
    if given.ndim != 1 or not len(given) or given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= n:
        raise BadRecording(f"nodes = {nodes!r}: must be positions in the recorded view, 0 to {n - 1}")
    return [int(i) for i in given]


def plain_spikes(times: Any, senders: Any, start: float | None, stop: float | None, size: int | None,
                 needs_stop: bool) -> Spikes:
    """The spikes of arrays: times in ms, in any order, and senders 0..size-1, of the same length or one for all."""
    times, senders = plain_array("times", times, "iuf", "results, or "), plain_array("senders", senders, "iu")
    times = times.astype(np.float64)
    if times.ndim != 1 or senders.shape not in ((), times.shape):
        raise BadRecording(f"times of shape {times.shape}, senders of shape {senders.shape}: both must be (spikes,)")
    if not np.isfinite(times).all():
        raise BadRecording("times: must be finite, and some are not")
    senders = np.broadcast_to(senders, times.shape).astype(np.int64)
    if size is not None:
        whole("size", size, 0)
    n = int(senders.max(initial=-1)) + 1 if size is None else int(size)
    if senders.size and not (senders.min() >= 0 and senders.max() < n):
        raise BadRecording(f"senders = {senders.min()} to {senders.max()}: must be 0 to size - 1 = {n - 1}")
    begin = 0.0 if start is None else given_time("start", start)
    if start is None and times.size and times.min() < 0:
        raise BadRecording(f"start = None: some times are negative, the first is {times.min():g} ms; give start")
    if stop is None and needs_stop:
        raise BadRecording("stop = None: plain arrays do not tell where their window ends; give stop, in ms")
    end = max(begin, float(times.max(initial=begin))) if stop is None else given_time("stop", stop)
    if stop is not None and not end > begin:
        raise BadRecording(f"stop = {stop!r}: must be more than start, {begin:g} ms")
    if (np.diff(times) < 0).any():
        order = np.argsort(times, kind="stable")
        times, senders = times[order], senders[order]
    low = 0 if start is None else int(np.searchsorted(times, begin + NEAR * GRID))
    high = int(np.searchsorted(times, end + NEAR * GRID))
    return Spikes(times[low:high], senders[low:high], n, Window(begin, end, GRID))


def plain_array(name: str, value: Any, kinds: str, instead: str = "") -> np.ndarray:
    """value as an array of plain numbers; units would be lost on the way, so what has some is refused. instead: what else it
    may be, for the message."""
    if hasattr(value, "unit") or hasattr(value, "units"):
        raise BadRecording(f"{name}: carry units; give plain numbers in NEST's units (ms, mV), as plain=True returns")
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.asarray(None)
    if array.dtype.kind not in kinds and array.size:
        raise BadRecording(f"{name} = {value!r}: must be {instead}an array of {'' if 'f' in kinds else 'whole '}numbers")
    return array if array.size else np.zeros(array.shape, np.float64 if "f" in kinds else np.int64)


def intervals_of(times: np.ndarray, senders: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Inter-spike intervals (ms) and whose they are, neuron by neuron, each neuron's in the order of time."""
    # NumPy sorts small integers by radix, several times faster; being stable it keeps the times ascending.
    order = np.argsort(senders.astype(np.min_scalar_type(n)), kind="stable")
    senders, times = senders[order], times[order]
    same = senders[1:] == senders[:-1]
    return np.diff(times)[same], senders[1:][same]


def bin_of(times: np.ndarray, window: Window, bin: float) -> np.ndarray:
    """The bin (edge, next edge] of each spike, counted from the window's begin; a spike at the begin itself is in the first."""
    return np.maximum(np.ceil((times - window.begin - NEAR * window.dt) / bin).astype(np.int64) - 1, 0)


def number_of_bins(window: Window, bin: float) -> int:
    """How many bins the window has; the last one may be shorter."""
    return max(int(np.ceil((window.end - window.begin - NEAR * window.dt) / bin)), 0)


def whole_bins(window: Window, bin: float) -> int:
    """How many whole bins the window has."""
    return max(int(np.floor((window.end - window.begin + NEAR * window.dt) / bin)), 0)


def binned(s: Spikes, bin: float) -> tuple[np.ndarray, np.ndarray, int]:
    """The bin and the sender of each spike in a whole bin, and the number of whole bins. Raises BadRecording for a bad bin."""
    duration("bin", bin, s.window.dt)
    bins = whole_bins(s.window, bin)
    index = bin_of(s.times, s.window, bin)
    kept = index < bins
    return index[kept], s.senders[kept], bins


def cells(index: np.ndarray, senders: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Neuron, bin and number of spikes of all counts that are not 0, by neuron and bin."""
    cell, count = np.unique(senders * np.int64(max(bins, 1)) + index, return_counts=True)
    neuron, index = np.divmod(cell, max(bins, 1))
    return neuron, index, count


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def given_time(name: str, value: Any) -> float:
    if not (is_number(value) and np.isfinite(value)):
        raise BadRecording(f"{name} = {value!r}: must be a plain number of ms")
    return float(value)


def duration(name: str, value: Any, least: float = 0.0) -> None:
    """Raise BadRecording unless value is a positive, finite number of ms, at least `least`."""
    if not (is_number(value) and 0 < value < np.inf and value >= least * (1 - NEAR)):
        allowed = f"at least the step of {least:g} ms" if least else "more than 0"
        raise BadRecording(f"{name} = {value!r}: must be a plain number of ms, {allowed}")


def whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise BadRecording(f"{name} = {value!r}: must be a whole number, {least} or more")
