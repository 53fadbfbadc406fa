"""Synchrony and rhythms of populations, from spikes and from membrane potentials. Windows and units: as in statistics."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadRecording
from .trains import Spikes, binned, duration, part_of, plain_array, spikes_of, window_of, within


def power_spectrum(res: Any, rec: Any, bin: float = 1.0, segment: float | None = None, *, start: float | None = None,
                   stop: float | None = None, size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Power spectral density of the population's activity, the rate of the mean neuron, by Welch's method (Welch 1967).

    The rate in whole bins of `bin` ms is cut into segments of `segment` ms (1000, or the window if that is shorter) that
    overlap by half; their mean is taken off, a Hann window put on, and the one-sided densities averaged (Elephant's
    `welch_psd`). Independent Poisson trains of rate r have 2 r / n everywhere.
    res, rec, start, stop, size: as in `mean_rates`.

    Returns frequencies, (f,) Hz, and power, (f,) (spikes/s)^2/Hz: 0 of silent neurons, NaN of none; both are empty if the
    window has fewer than two bins.
    Raises BadRecording.
    """
    return spectrum_of(spikes_of(res, rec, start, stop, size), bin, segment)


def spectrum_of(s: Spikes, bin: float, segment: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """See `power_spectrum`."""
    index, _, bins = binned(s, bin)
    if segment is not None:
        duration("segment", segment)
        if not 2 <= round(segment / bin) <= bins:
            raise BadRecording(f"segment = {segment!r}: must be 2 bins or more, {2 * bin:g} ms, and at most the window, "
                               f"{bins * bin:g} ms")
    length = min(max(round(1000.0 / bin), 2), bins) if segment is None else round(segment / bin)
    if bins < 2:
        return np.zeros(0), np.zeros(0)
    rate = np.bincount(index, minlength=bins) * (1e3 / bin / max(s.n, 1))
    power = welch(rate, length) * (bin * 1e-3)
    return np.fft.rfftfreq(length, bin * 1e-3), power if s.n else np.full(len(power), np.nan)


def welch(x: np.ndarray, length: int) -> np.ndarray:
    """One-sided power density of samples 1 s apart (scipy.signal.welch, whose import alone takes half a second)."""
    hann = np.sin(np.pi * np.arange(length) / length) ** 2
    total, pieces = np.zeros(length // 2 + 1), np.lib.stride_tricks.sliding_window_view(x, length)[::length - length // 2]
    for some in np.array_split(pieces, 1 + pieces.size // 10_000_000):
        total += np.square(np.abs(np.fft.rfft((some - some.mean(axis=1, keepdims=True)) * hann))).sum(axis=0)
    total[1:(length + 1) // 2] *= 2.0
    return total / (len(pieces) * np.sum(hann * hann))


def synchrony(res: Any, rec: Any, bin: float = 3.0, *, start: float | None = None, stop: float | None = None,
              size: int | None = None) -> float:
    """Variance over mean of the population's spike counts in whole bins of `bin` ms (Potjans and Diesmann 2014).

    1 for independent Poisson trains, n if n neurons fire the same Poisson train. NaN without a spike, or with fewer than
    two bins. res, rec, start, stop, size: as in `mean_rates`. Raises BadRecording unless bin is a number, at
    least dt.
    """
    index, _, bins = binned(spikes_of(res, rec, start, stop, size), bin)
    counts = np.bincount(index, minlength=bins)
    return float(counts.var() / counts.mean()) if bins > 1 and len(index) else float("nan")


def voltage_synchrony(res: Any, rec: Any = None, name: str = "V_m", *, start: float | None = None,
                      stop: float | None = None) -> float:
    """Golomb's chi (Golomb and Rinzel 1993): how much the mean membrane potential varies, beside that of single neurons.

    The standard deviation over time of the neurons' mean, over the root of the neurons' mean variance: 1 if all go
    together, about 1 / sqrt(n) if each goes its own way. NaN where nothing varies, or with fewer than two samples.

    res, rec: results and a multimeter or voltmeter, and the name of the state; or an array, (samples, neurons), alone.
    start, stop: ms, samples in (start, stop] count. Raises BadRecording.
    """
    if hasattr(res, "trace_times"):
        begin, end = window_of(res.window, res.dt, start, stop)
        part = part_of(res, begin, end)
        at, values = part.trace_times(rec, plain=True), part.trace(rec, name, plain=True)
        values = values[within(at, begin, end, res.dt)]
    else:
        if (start, stop) != (None, None):
            raise BadRecording("start, stop: are of results; of an array, cut the samples")
        values = plain_array("res", res, "iuf", "results, or ")
        if values.ndim != 2:
            raise BadRecording(f"an array of shape {values.shape}: must be (samples, neurons)")
    if len(values) < 2 or not values.shape[1]:
        return float("nan")
    single = np.mean(np.var(values, axis=0))
    # what is left of a constant is rounding
    least = np.square(np.spacing(np.abs(values).max())) * len(values)
    return float(np.sqrt(np.var(np.mean(values, axis=1)) / single)) if single > least else float("nan")
