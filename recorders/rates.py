"""Rates of recorded spikes: of each neuron, over time by a kernel, and around stimuli. Windows and units: as in statistics."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .contract import BadRecording, switch
from .trains import LARGEST, NEAR, Spikes, duration, is_number, plain_array, spikes_of

KERNELS: dict[str, tuple[float, float, Callable[[np.ndarray], np.ndarray]]] = {
    # first and last time in widths, beyond which less than 1e-5 of the kernel's mass lies, and its form
    "gaussian": (-5.0, 5.0, lambda x: np.exp(-0.5 * x * x)),
    "alpha": (0.0, 15.0, lambda x: x * np.exp(-x)),
}
BLOCK = 1_000_000         # samples that are smoothed at a time


def mean_rates(res: Any, rec: Any, *, start: float | None = None, stop: float | None = None,
               size: int | None = None) -> np.ndarray:
    """Mean rate of each neuron, (n,) spikes/s: its spikes over the time. A window of no time has NaN.

    res, rec: results and a recorder of spikes, or plain arrays: times (spikes,) ms, and senders (spikes,), 0..size-1.
    (Times in steps, of a recorder with time_in_steps, are no ms: take events(rec, plain=True).)
    start, stop: plain numbers of ms; spikes in (start, stop] count. Of results the window is where the recorder was active
    unless they are given; that of arrays begins at 0 unless start is given, and needs stop. size: of arrays, how many neurons
    there are, silent ones too; the largest sender + 1 unless given.
    Raises BadRecording for a bad window, arrays with units, and for another recorder than one of spikes.
    """
    return rates_of(spikes_of(res, rec, start, stop, size))


def rates_of(s: Spikes) -> np.ndarray:
    """See `mean_rates`."""
    counts, time = np.bincount(s.senders, minlength=s.n), s.window.end - s.window.begin
    return counts * (1e3 / time) if time > 0 else np.full(s.n, np.nan)


def instantaneous_rate(res: Any, rec: Any, width: float = 10.0, kernel: str = "gaussian", *, step: float | None = None,
                       each: bool = False, start: float | None = None, stop: float | None = None,
                       size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Rate over time: spikes convolved with a kernel (Elephant's `instantaneous_rate`).

    kernel: "gaussian", of standard deviation `width` (ms), or "alpha", t exp(-t / width), which looks back only. step: ms
    between samples, 1 ms unless given (the simulation's, if that is longer), at most `width`; spikes are rounded to it. At
    the ends of the window the rate is that over the part of the kernel that lies within, so that a constant rate stays
    constant; NaN where this is less than half of it. res, rec, start, stop, size: as in `mean_rates`.

    Returns times, (samples,) ms, the first one step after the window's begin; and rates, spikes/s, (samples,) of the mean
    neuron, or (samples, n) with `each`. NaN if n is 0.
    Raises BadRecording, also where an array of `each` would take more than 2 GiB.
    """
    s = spikes_of(res, rec, start, stop, size)
    begin, end, dt = s.window
    duration("width", width, dt)
    if not isinstance(kernel, str) or kernel not in KERNELS:
        raise BadRecording(f"kernel = {kernel!r}: must be {' or '.join(map(repr, KERNELS))}")
    if step is None:
        step = min(max(1.0, dt), width)
    duration("step", step, dt)
    if step > width * (1 + NEAR):
        raise BadRecording(f"step = {step!r}: must be at most width = {width:g} ms")
    samples = int(np.floor((end - begin + NEAR * dt) / step))
    columns = s.n if switch("each", each) else 1
    if 8 * samples * columns > LARGEST:
        raise BadRecording(f"each = True: {samples:,} samples of {columns:,} neurons would take more than 2 GiB; choose a "
                           f"longer step, or a window")
    low, high, form = KERNELS[kernel]
    lags = np.arange(round(low * width / step), round(high * width / step) + 1)
    weights = form(lags * (step / width))
    weights /= weights.sum()
    times = begin + step * np.arange(1, samples + 1)
    if not samples or not s.n:
        return times, np.full((samples, s.n) if each else samples, np.nan)
    index = np.clip(np.rint((s.times - begin) / step).astype(np.int64) - 1, 0, None)
    rate = np.empty((samples, columns))
    row, rows = s.senders if each else np.zeros(len(index), np.int64), max(BLOCK // samples, 1)
    for first in range(0, columns, rows):
        n = min(rows, columns - first)
        kept = (index < samples) & (row >= first) & (row < first + n)
        counts = np.bincount((row[kept] - first) * samples + index[kept], minlength=n * samples).reshape(n, samples)
        rate[:, first:first + n] = smoothed(counts, weights, int(lags[0])).T
    rate *= 1e3 / (step if each else step * s.n)
    return times, rate if each else rate[:, 0]


def smoothed(counts: np.ndarray, weights: np.ndarray, first: int) -> np.ndarray:
    """Rows of counts, convolved with weights of lags first, first + 1, ...; over the weights that lie within."""
    from scipy.signal import fftconvolve

    samples = counts.shape[1]
    whole = fftconvolve(counts.astype(np.float64), weights[None, :], axes=1)
    out = np.maximum(whole[:, -first:samples - first], 0.0)                # a Fourier transform leaves tiny negative values
    mass, k = np.concatenate([[0.0], np.cumsum(weights)]), np.arange(samples)
    # the sample k takes lags from k - (samples - 1) to k
    low, high = (np.clip(edge - first, 0, len(weights)) for edge in (k - samples + 1, k + 1))
    within = mass[high] - mass[low]
    out /= np.where(within > 0.5 - 1e-9, within, np.nan)
    return out


def psth(res: Any, rec: Any, triggers: Any, before: float = 50.0, after: float = 100.0, bin: float = 1.0, *,
         start: float | None = None, stop: float | None = None, size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Peri-stimulus time histogram: the mean rate around triggers, over all of them and all neurons.

    triggers: (trials,) ms. before, after: ms, of which `bin` is a divisor of the sum. Bins are (edge, next edge]: a spike
    stamped with a trigger's own time was found in the step before it. res, rec, start, stop, size: as in `mean_rates`.

    Returns edges, (bins + 1,) ms from the trigger, and rates, (bins,) spikes/s; NaN without triggers or neurons.
    Raises BadRecording, also where the window does not hold all that lies around a trigger.
    """
    s = spikes_of(res, rec, start, stop, size)
    begin, end, dt = s.window
    at = np.sort(plain_array("triggers", triggers, "iuf").astype(np.float64).ravel())
    for name, value in (("before", before), ("after", after)):
        if not (is_number(value) and 0 <= value < np.inf):
            raise BadRecording(f"{name} = {value!r}: must be a plain number of ms, 0 or more")
    duration("bin", bin, dt)
    bins = round((before + after) / bin)
    if bins < 1 or abs(bins * bin - before - after) > NEAR * bin:
        raise BadRecording(f"bin = {bin!r}: must divide before + after = {before + after:g} ms")
    outside = at[~((at - before >= begin - NEAR * dt) & (at + after <= end + NEAR * dt))]
    if outside.size:
        raise BadRecording(f"triggers: {outside[0]:g} ms - {before:g} to + {after:g} ms is not within the window, {begin:g} "
                           f"to {end:g} ms; leave out {'this trigger' if outside.size == 1 else f'these {outside.size}'}")
    edges = -before + bin * np.arange(bins + 1)
    if not at.size or not s.n:
        return edges, np.full(bins, np.nan)
    until = np.array([np.searchsorted(s.times, at + edge + NEAR * dt).sum() for edge in edges])
    return edges, np.diff(until) / (bin * len(at)) * (1e3 / s.n)
