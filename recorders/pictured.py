"""The figures that pictures show, from plain spikes, where they are not those of `statistics`.

Every function takes the spikes of a group (`statistics.Spikes`).
"""
from __future__ import annotations

import numpy as np

from .trains import NEAR, Spikes, number_of_bins


def neuron_rates(s: Spikes) -> np.ndarray:
    """Rate of every neuron in the window, spikes/s (n,); NaN if the window has no length."""
    span = s.window.end - s.window.begin
    return np.bincount(s.senders, minlength=s.n) * (1e3 / span if span > 0 else np.nan)


def mean_rate(s: Spikes) -> float:
    """Rate of the mean neuron in the window, spikes/s; NaN without neurons or time."""
    base = s.n * (s.window.end - s.window.begin)
    return len(s.times) / base * 1e3 if base > 0 else float("nan")


def pair_correlations(s: Spikes, bin: float, n: int) -> tuple[np.ndarray, float]:
    """Pearson's correlation of the counts in bins of `bin` ms of every pair of the first n neurons, (pairs,).

    Also what one coincidence more adds to a correlation, in the mean: values come in steps of about that.
    Neurons whose count never changes have none and are left out. Bins are those of `mean_correlation`.
    """
    from scipy.sparse import csr_array

    bins, first = number_of_bins(s.window, bin), s.senders < n
    index = np.minimum(((s.times[first] - s.window.begin + NEAR * s.window.dt) / bin).astype(np.int64), bins - 1)
    counts = csr_array((np.ones(len(index)), (s.senders[first], index)), shape=(min(n, s.n), max(bins, 1)))
    total = np.asarray(counts.sum(axis=1)).ravel()
    covariance = bins * (counts @ counts.T).toarray() - np.outer(total, total)
    varies = np.flatnonzero(np.diag(covariance) > 0)
    spread = np.sqrt(np.diag(covariance)[varies])
    correlations = covariance[np.ix_(varies, varies)] / np.outer(spread, spread)
    return correlations[np.triu_indices(len(varies), 1)], bins * float(np.mean(1.0 / spread)) ** 2 if len(spread) else 0.0


def activity(s: Spikes, bin: float) -> np.ndarray:
    """Spikes of all neurons in whole bins (edge, next edge] of `bin` ms; what is left of the window at its end is left out."""
    bins = int((s.window.end - s.window.begin) / bin + NEAR)
    index = np.ceil((s.times - s.window.begin - NEAR * s.window.dt) / bin).astype(np.int64) - 1
    return np.bincount(index[index < bins], minlength=bins)


def pair_correlogram(a: Spikes, b: Spikes, bin: float, max_lag: float) -> tuple[np.ndarray, np.ndarray]:
    """Lags (ms) and the rate (spikes/s) of a neuron of b at each lag from a spike of one of a, made up for the window's ends.

    Over all pairs of two neurons; where b is a, pairs of a neuron with itself are left out. NaN without spikes or pairs.
    """
    from scipy.signal import fftconvolve

    k, x, y = int(max_lag / bin + 1e-6), activity(a, bin), activity(b, bin)
    lags = np.arange(-k, k + 1)
    pairs = np.rint(fftconvolve(y, x[::-1], mode="full")[len(x) - 1 - k:len(x) + k]) if len(x) else np.zeros(2 * k + 1)
    if b is a:
        pairs -= _own_pairs(a, bin, len(x), k)
    seen = (len(x) - np.abs(lags)) / max(len(x), 1) * x.sum() * (b.n - (b is a)) * bin * 1e-3      # seconds, of all pairs
    return lags * bin, np.divide(pairs, seen, out=np.full(2 * k + 1, np.nan), where=seen > 0)


def _own_pairs(s: Spikes, bin: float, bins: int, k: int) -> np.ndarray:
    """How often two spikes of one neuron are so many bins apart, each with itself among them, (2 k + 1,)."""
    index = np.ceil((s.times - s.window.begin - NEAR * s.window.dt) / bin).astype(np.int64) - 1
    whole = index < bins
    index, senders = index[whole], s.senders[whole]
    order = np.argsort(senders, kind="stable")
    index, senders = index[order], senders[order]
    after = np.zeros(k + 1)
    for j in range(1, len(index)):
        apart = (index[j:] - index[:-j])[senders[j:] == senders[:-j]]
        apart = apart[apart <= k]
        if not len(apart):
            break
        after += np.bincount(apart, minlength=k + 1)
    return np.concatenate([after[:0:-1], [2 * after[0] + len(index)], after[1:]])


def rate_power(s: Spikes, bin: float, segment: float) -> tuple[np.ndarray, np.ndarray]:
    """Frequencies (Hz) and power density ((spikes/s)^2 / Hz) of the rate per neuron, by Welch's method.

    segment: ms, of the stretches, which overlap by half (Hann's window, the mean taken off).
    """
    from scipy.signal import welch

    counts = activity(s, bin)
    length = min(max(round(segment / bin), 2), len(counts))
    frequencies, power = welch(counts * (1e3 / bin / s.n), fs=1e3 / bin, nperseg=length)
    return frequencies[1:], power[1:]      # at 0 Hz stands what is left of the mean that was taken off
