"""Statistics of recorded spikes: rate over time, irregularity (CV) and synchrony (correlation of counts).

Functions of (res, rec) read a recorder's spikes from results; each is a thin face of a function on plain arrays.
Every time and duration is a plain number in ms, every rate is in spikes/s and per neuron. The window is (begin, end]: a
spike stamped t was found in the step (t - dt, t]. `start=` moves its begin, to leave out a transient or the time before
the recorder itself started.
"""
from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from .contract import BadRecording

NEAR = 1e-3   # in steps: stamps are multiples of dt in floating point, so one this near to an edge lies on the edge


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


def firing_rate(res: SpikeSource, rec: Any, width: float = 5.0, *,
                start: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Population rate on the simulation grid, smoothed by a boxcar of `width` ms; see `boxcar_rate`."""
    s = recorded_spikes(res, rec, start)
    return boxcar_rate(s.times, s.n, s.window, width)


def rate_histogram(res: SpikeSource, rec: Any, bin: float = 5.0, *,
                   start: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Edges (ms) and population rate of bins of `bin` ms; see `binned_rate`."""
    s = recorded_spikes(res, rec, start)
    return binned_rate(s.times, s.n, s.window, bin)


def isi_cv(res: SpikeSource, rec: Any, min_spikes: int = 5, *, start: float | None = None) -> np.ndarray:
    """Coefficient of variation of the inter-spike intervals of each neuron; see `interval_cv`."""
    s = recorded_spikes(res, rec, start)
    return interval_cv(s.times, s.senders, s.n, min_spikes)


def count_correlation(res: SpikeSource, rec: Any, bin: float = 2.0, n: int = 100, *,
                      start: float | None = None) -> float:
    """Mean pairwise correlation of spike counts of the first `n` neurons (all, if fewer); see `mean_correlation`."""
    whole("n", n, 2)
    s = recorded_spikes(res, rec, start)
    first = s.senders < n
    return mean_correlation(s.times[first], s.senders[first], min(n, s.n), s.window, bin)


def recorded_spikes(res: SpikeSource, rec: Any, start: float | None = None) -> Spikes:
    """The spikes of a recorder after `start` (ms, the begin of the results' window if None).

    Raises BadRecording where `start` lies outside the window.
    """
    t0, t1 = res.window
    if start is not None and not (is_number(start) and t0 <= start < t1):
        raise BadRecording(f"start = {start!r}: must be a plain number of ms, at least {t0:g} and less than {t1:g}")
    begin = t0 if start is None else float(start)
    times, senders = res.events(rec, plain=True)
    kept = slice(*np.searchsorted(times, np.array([begin, t1]) + NEAR * res.dt))
    return Spikes(times[kept], senders[kept], res.size(rec), Window(begin, t1, res.dt))


def boxcar_rate(times: np.ndarray, n: int, window: Window, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Rate of n neurons at every step: spikes within a boxcar centred on the step, over the time that it covers.

    The boxcar is int(width / 2 / dt) * 2 + 1 steps wide (as brainpy's `firing_rate`); at the ends of the window it
    covers fewer steps and is normalised by these, so that a constant rate stays constant.

    times: (spikes,) ms, within the window. Returns the steps' time stamps, (steps,) ms, and rates, (steps,), NaN if n
    is 0.
    Raises BadRecording unless width is a positive number.
    """
    duration("width", width)
    begin, end, dt = window
    steps = max(int(np.ceil((end - begin) / dt - NEAR)), 0)
    # Counted from the end, which is on the grid; the begin need not be.
    step = np.rint((times - end) / dt).astype(np.int64) + steps - 1
    total = np.concatenate([[0], np.cumsum(np.bincount(step, minlength=steps))])
    k, half = np.arange(steps), int(width / 2 / dt + NEAR)
    low, high = np.maximum(k - half, 0), np.minimum(k + half + 1, steps)
    return end + dt * (k - (steps - 1)), per_neuron_second(total[high] - total[low], (high - low) * dt, n)


def binned_rate(times: np.ndarray, n: int, window: Window, bin: float) -> tuple[np.ndarray, np.ndarray]:
    """Rate of n neurons in bins (edge, next edge] of `bin` ms; the last one ends with the window and may be shorter.

    Bins are best a multiple of dt, else some of them hold a step more than others.

    times: (spikes,) ms, within the window. Returns edges, (bins + 1,) ms, and rates, (bins,), NaN if n is 0.
    Raises BadRecording unless bin is a number, at least dt.
    """
    duration("bin", bin, window.dt)
    begin, end, dt = window
    bins = number_of_bins(window, bin)
    edges = np.append(begin + bin * np.arange(bins), end)
    index = np.ceil((times - begin - NEAR * dt) / bin).astype(np.int64) - 1
    return edges, per_neuron_second(np.bincount(index, minlength=bins), np.diff(edges), n)


def interval_cv(times: np.ndarray, senders: np.ndarray, n: int, min_spikes: int = 5) -> np.ndarray:
    """Standard deviation over mean of each neuron's inter-spike intervals (Softky and Koch, 1993), (n,).

    The standard deviation is the population's (divided by the number of intervals). NaN where a neuron has fewer than
    min_spikes spikes, or only spikes at one and the same time.

    times: (spikes,) ms, ascending; senders: (spikes,) int, 0..n-1.
    Raises BadRecording unless min_spikes is a whole number, at least 3: a single interval has no spread.
    """
    whole("min_spikes", min_spikes, 3)
    # NumPy sorts small integers by radix, several times faster; being stable it keeps the times ascending.
    order = np.argsort(senders.astype(np.min_scalar_type(n)), kind="stable")
    senders, times = senders[order], times[order]
    same = senders[1:] == senders[:-1]
    owner, interval = senders[1:][same], np.diff(times)[same]
    number = np.bincount(owner, minlength=n)
    mean = np.bincount(owner, interval, n) / np.maximum(number, 1)
    variance = np.bincount(owner, (interval - mean[owner]) ** 2, n) / np.maximum(number, 1)
    valid = (number + 1 >= min_spikes) & (mean > 0)
    cv = np.full(n, np.nan)
    np.divide(np.sqrt(variance), mean, out=cv, where=valid)
    return cv


def mean_correlation(times: np.ndarray, senders: np.ndarray, n: int, window: Window, bin: float) -> float:
    """Mean over all pairs of n neurons of Pearson's correlation of spike counts in bins of `bin` ms.

    Neurons whose count never changes (silent ones above all) have no correlation and are left out; NaN if fewer than
    two remain. Bins are [edge, next edge) and the last one includes its end, as in NumPy's histogram.

    With z the counts of a neuron, standardised, the sum over all ordered pairs is mean((sum of z over neurons)^2), so
    the cost is that of the spikes, not of the pairs; neither the counts nor the matrix are ever stored.

    times: (spikes,) ms, within the window; senders: (spikes,) int, 0..n-1.
    Raises BadRecording unless bin is a number, at least dt.
    """
    duration("bin", bin, window.dt)
    begin, _, dt = window
    bins = number_of_bins(window, bin)
    index = np.minimum(((times - begin + NEAR * dt) / bin).astype(np.int64), bins - 1)
    cell, count = np.unique(senders * np.int64(bins) + index, return_counts=True)
    neuron, index = np.divmod(cell, max(bins, 1))
    total, squares = np.bincount(neuron, count, n), np.bincount(neuron, count * count, n)
    spread = bins * squares - total * total   # variance times bins^2: whole, so exactly 0 where counts are constant
    active = int(np.count_nonzero(spread))
    if active < 2:
        return float("nan")
    weight = np.divide(bins, np.sqrt(spread), out=np.zeros(n), where=spread > 0)   # 1 / standard deviation
    z = np.bincount(index, count * weight[neuron], bins) - total @ weight / bins
    return float((np.mean(z * z) - active) / (active * (active - 1)))


def number_of_bins(window: Window, bin: float) -> int:
    return max(int(np.ceil((window.end - window.begin - NEAR * window.dt) / bin)), 0)


def per_neuron_second(counts: np.ndarray, width_ms: np.ndarray, n: int) -> np.ndarray:
    rate: np.ndarray = counts / width_ms * (1e3 / n if n else np.nan)
    return rate


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def duration(name: str, value: Any, least: float = 0.0) -> None:
    """Raise BadRecording unless value is a positive, finite number of ms, at least `least`."""
    if not (is_number(value) and 0 < value < np.inf and value >= least * (1 - NEAR)):
        allowed = f"at least the step of {least:g} ms" if least else "more than 0"
        raise BadRecording(f"{name} = {value!r}: must be a plain number of ms, {allowed}")


def whole(name: str, value: Any, least: int) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
        raise BadRecording(f"{name} = {value!r}: must be a whole number, {least} or more")
