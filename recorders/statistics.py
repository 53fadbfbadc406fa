"""Statistics of recorded spikes: rate over time, irregularity (CV) and synchrony (correlation of counts).

Functions of (res, rec) read a recorder's spikes from results, or take plain arrays, (times, senders); each is a thin face of
a function on arrays. Every time and duration is a plain number in ms, every rate is in spikes/s and per neuron. The window
is (start, stop]: of results it is where the recorder was active, unless `start=` or `stop=` cut it, to leave out a
transient. Plain arrays have none: it begins at 0 ms unless `start=` is given, and ends at `stop=`, which they need; `size=`
is how many neurons there are, the silent ones too (the largest sender + 1 unless given).
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadRecording
from .trains import (
    LARGEST,
    NEAR,
    Spikes,
    Window,
    bin_of,
    binned,
    cells,
    duration,
    intervals_of,
    number_of_bins,
    spikes_of,
    whole,
)

DENSE_CELLS = 50_000_000      # of a matrix of counts that is held at a time


def firing_rate(res: Any, rec: Any, width: float = 5.0, *, start: float | None = None, stop: float | None = None,
                size: int | None = None, dt: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Population rate, of the mean neuron, at every step, smoothed by a boxcar of `width` ms (brainpy's `firing_rate`).

    The boxcar is int(width / 2 / dt) * 2 + 1 steps wide, centred; at the ends of the window it covers fewer steps and is
    normalised by these. dt: ms, the grid of plain arrays, 0.1 unless given. res, rec, start, stop, size: as in `mean_rates`.

    Returns the steps' time stamps, (steps,) ms, and rates, (steps,) spikes/s, NaN without neurons. Raises BadRecording.
    """
    s = spikes_of(res, rec, start, stop, size)
    if not hasattr(res, "events"):
        duration("dt", 0.1 if dt is None else dt)
        s = s._replace(window=s.window._replace(dt=0.1 if dt is None else float(dt)))
    elif dt is not None:
        raise BadRecording(f"dt = {dt!r}: is of plain arrays; the grid of results is known")
    return boxcar_rate(s.times, s.n, s.window, width)


def rate_histogram(res: Any, rec: Any, bin: float = 5.0, *, start: float | None = None, stop: float | None = None,
                   size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Population rate, of the mean neuron, in bins (edge, next edge] of `bin` ms; the last one may be shorter.

    Bins are best a multiple of dt, else some of them hold a step more than others.
    res, rec, start, stop, size: as in `mean_rates`.

    Returns edges, (bins + 1,) ms, and rates, (bins,) spikes/s, NaN without neurons. Raises BadRecording, also for a bin
    below dt.
    """
    s = spikes_of(res, rec, start, stop, size)
    return binned_rate(s.times, s.n, s.window, bin)


def isi_cv(res: Any, rec: Any, min_spikes: int = 5, *, start: float | None = None, stop: float | None = None,
           size: int | None = None) -> np.ndarray:
    """CV of each neuron, (n,): standard deviation over mean of its inter-spike intervals (Softky and Koch 1993).

    (Elephant's `cv` of `isi`, of all neurons at once.) 1 for Poisson trains, 0 for regular. NaN where a neuron has fewer
    than `min_spikes` spikes, or only spikes at one time: `np.nanmean` averages over the others.
    res, rec, start, stop, size: as in `mean_rates`. Plain arrays need no stop.

    Raises BadRecording unless min_spikes is a whole number, at least 3.
    """
    s = spikes_of(res, rec, start, stop, size, needs_stop=False)
    return interval_cv(s.times, s.senders, s.n, min_spikes)


def count_correlation(res: Any, rec: Any, bin: float = 2.0, n: int = 100, *, start: float | None = None,
                      stop: float | None = None, size: int | None = None) -> float:
    """Mean over all pairs of the first `n` neurons (all, if fewer) of Pearson's correlation of spike counts.

    Counts are those of whole bins of `bin` ms. Neurons whose count never changes (silent ones above all) are left out; NaN
    if fewer than two remain. res, rec, start, stop, size: as in `mean_rates`.

    Raises BadRecording unless bin is a number, at least dt, and n a whole number, at least 2.
    """
    s = first_neurons(spikes_of(res, rec, start, stop, size), n)
    return mean_correlation(s.times, s.senders, s.n, s.window, bin)


def count_correlation_matrix(res: Any, rec: Any, bin: float = 2.0, n: int = 100, *, start: float | None = None,
                             stop: float | None = None, size: int | None = None) -> np.ndarray:
    """Pearson's correlation of spike counts of every pair of the first `n` neurons (all, if fewer), (n, n).

    (Elephant's `correlation_coefficient`.) Counts are those of whole bins of `bin` ms. Ones stand in the diagonal; rows and
    columns of neurons whose count never changes are NaN. res, rec, start, stop, size: as in `mean_rates`.

    Raises BadRecording, also where the matrix would take more than 2 GiB.
    """
    s = first_neurons(spikes_of(res, rec, start, stop, size), n)
    if 8 * s.n**2 > LARGEST:
        raise BadRecording(f"n = {n!r}: the matrix of {s.n:,} neurons would take {8 * s.n**2 / 1e9:.1f} GB, at most 2 GiB; "
                           f"count_correlation gives its mean")
    return correlations(s.times, s.senders, s.n, s.window, bin)


def first_neurons(s: Spikes, n: int) -> Spikes:
    whole("n", n, 2)
    first = s.senders < n
    return Spikes(s.times[first], s.senders[first], min(n, s.n), s.window)


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
    step = np.maximum(np.rint((times - end) / dt).astype(np.int64) + steps - 1, 0)
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
    begin, end, _ = window
    bins = number_of_bins(window, bin)
    edges = np.append(begin + bin * np.arange(bins), end)
    counts = np.bincount(bin_of(times, window, bin), minlength=bins)
    return edges, per_neuron_second(counts, np.diff(edges), n)


def interval_cv(times: np.ndarray, senders: np.ndarray, n: int, min_spikes: int = 5) -> np.ndarray:
    """Standard deviation over mean of each neuron's inter-spike intervals (Softky and Koch, 1993), (n,).

    The standard deviation is the population's (divided by the number of intervals); below the rounding error of times it
    is 0. NaN where a neuron has fewer than min_spikes spikes, or only spikes at one and the same time.

    times: (spikes,) ms, ascending; senders: (spikes,) int, 0..n-1.
    Raises BadRecording unless min_spikes is a whole number, at least 3: a single interval has no spread.
    """
    whole("min_spikes", min_spikes, 3)
    interval, owner = intervals_of(times, senders, n)
    number = np.bincount(owner, minlength=n)
    mean = np.bincount(owner, interval, n) / np.maximum(number, 1)
    spread = np.sqrt(np.bincount(owner, (interval - mean[owner]) ** 2, n) / np.maximum(number, 1))
    spread[spread < 4 * np.spacing(np.abs(times).max(initial=0.0))] = 0.0         # rounding errors of regular trains
    valid = (number + 1 >= min_spikes) & (mean > 0)
    cv = np.full(n, np.nan)
    np.divide(spread, mean, out=cv, where=valid)
    return cv


def mean_correlation(times: np.ndarray, senders: np.ndarray, n: int, window: Window, bin: float) -> float:
    """Mean over all pairs of n neurons of Pearson's correlation of spike counts in bins of `bin` ms.

    Neurons whose count never changes (silent ones above all) have no correlation and are left out; NaN if fewer than
    two remain. Only whole bins (edge, next edge] count: a shorter one, in which all have fewer spikes, would correlate them.

    With z the counts of a neuron, standardised, the sum over all ordered pairs is mean((sum of z over neurons)^2), so
    the cost is that of the spikes, not of the pairs; neither the counts nor the matrix are ever stored.

    times: (spikes,) ms, within the window; senders: (spikes,) int, 0..n-1.
    Raises BadRecording unless bin is a number, at least dt.
    """
    spikes, owners, bins = binned(Spikes(times, senders, n, window), bin)
    neuron, index, count = cells(spikes, owners, bins)
    total, spread = spread_of(neuron, count, n, bins)
    active = int(np.count_nonzero(spread))
    if active < 2:
        return float("nan")
    weight = np.divide(bins, np.sqrt(spread), out=np.zeros(n), where=spread > 0)   # 1 / standard deviation
    z = np.bincount(index, count * weight[neuron], bins) - total @ weight / bins
    return float((np.mean(z * z) - active) / (active * (active - 1)))


def correlations(times: np.ndarray, senders: np.ndarray, n: int, window: Window, bin: float) -> np.ndarray:
    """Pearson's correlation of the spike counts of n neurons in whole bins of `bin` ms, (n, n), with ones in the diagonal.

    (Elephant's `correlation_coefficient`.) Rows and columns of neurons whose count never changes are NaN. The mean off the
    diagonal is `mean_correlation`. times, senders, errors: as there.
    """
    spikes, owners, bins = binned(Spikes(times, senders, n, window), bin)
    neuron, index, count = cells(spikes, owners, bins)
    total, spread = spread_of(neuron, count, n, bins)
    both = bins * products(neuron, index, count, n, bins) - np.outer(total, total)
    scale = np.sqrt(np.where(spread > 0, spread, np.nan))
    both /= scale[:, None]
    both /= scale
    np.fill_diagonal(both, np.where(spread > 0, 1.0, np.nan))
    return both


def spread_of(neuron: np.ndarray, count: np.ndarray, n: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Each neuron's spikes, and the variance of its counts times bins^2: whole, so exactly 0 where counts are constant."""
    total, squares = np.bincount(neuron, count, n), np.bincount(neuron, count * count, n)
    return total, bins * squares - total * total


def products(neuron: np.ndarray, index: np.ndarray, count: np.ndarray, n: int, bins: int) -> np.ndarray:
    """The sum over bins of the product of the counts of every two neurons, (n, n)."""
    from scipy.sparse import csr_array

    table = csr_array((count.astype(np.float64), (neuron, index)), shape=(n, max(bins, 1)))
    busy = np.bincount(index, minlength=bins).astype(np.float64)
    if 50 * (busy @ busy) < float(n) * n * bins:           # a product of few counts costs less without the zeros
        return (table @ table.T).toarray()
    out, columns, step = np.zeros((n, n)), table.tocsc(), max(DENSE_CELLS // max(n, 1), 1)
    for first in range(0, bins, step):
        part = columns[:, first:first + step].toarray()
        out += part @ part.T
    return out


def per_neuron_second(counts: np.ndarray, width_ms: np.ndarray, n: int) -> np.ndarray:
    rate: np.ndarray = counts / width_ms * (1e3 / n if n else np.nan)
    return rate
