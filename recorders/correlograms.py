"""Correlograms: how often spikes follow one another at each lag. Windows and units: as in statistics."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadRecording
from .trains import Spikes, Window, binned, duration, plain_array, spikes_of, within

NORMS = ("counts", "rate")
BLOCK = 4096                  # bins that are transformed at a time, at least
PIECE = 5_000_000             # pairs, or counts, that are held at a time
Train = tuple[np.ndarray, np.ndarray]      # the bins of spikes, and senders


def cross_correlogram(res: Any, rec: Any, other: Any = None, *, first: Any = None, second: Any = None, bin: float = 1.0,
                      max_lag: float = 100.0, norm: str = "counts", start: float | None = None, stop: float | None = None,
                      size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """How often spikes of `second` neurons follow those of `first` ones by each lag, over all pairs of two neurons.

    other: the recorder of the second neurons, if another one; with plain arrays a pair (times, senders). first, second: a
    sender or several; all of their recorder unless given. Without `other`, pairs of a neuron with itself are left out.
    Spikes are counted in whole bins of `bin` ms; lags are differences of bins, positive where the second comes later.
    norm: "counts" (Elephant's `cross_correlation_histogram`), or "rate": of a second neuron at that lag from a spike of a
    first one, spikes/s, made up for what the window cuts off; its rate where the two are independent.
    bin, max_lag: ms. res, rec, start, stop, size: as in `mean_rates`.

    Returns lags, (2 k + 1,) ms, and values, of the same shape. Rates are NaN where there is no first spike, no pair of
    neurons, or no bin at such a lag.
    Raises BadRecording.
    """
    if other is None:
        a = b = spikes_of(res, rec, start, stop, size)
    else:
        a, b = of_both(res, rec, other, start, stop, size)
    return correlogram_of(a, b, bin, max_lag, norm, first, second)


def correlogram_of(a: Spikes, b: Spikes, bin: float, max_lag: float, norm: str, first: Any = None,
                   second: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """See `cross_correlogram`; where b is a, pairs of a neuron with itself are left out."""
    check(norm, max_lag)
    i, j = chosen("first", first, a.n), chosen("second", second, b.n)
    x, bins = picked(a, i, bin)
    y, _ = picked(b, j, bin)
    k = int(max_lag / bin + 1e-9)
    ones, twos = (np.bincount(train[0], minlength=bins)[None, :] for train in (x, y))
    counts = lagged(ones, twos, k)
    partners = np.full(a.n, len(j))
    if b is a:
        both = np.intersect1d(i, j)
        same = (x[0][np.isin(x[1], both)], x[1][np.isin(x[1], both)])
        counts = counts - own_lags(same, a.n, bins, k) - at_zero(k, len(same[0]))
        partners[both] -= 1
    return finished(counts, k, bin, bins, float(partners[x[1]].sum()), norm)


def autocorrelogram(res: Any, rec: Any, neurons: Any = None, *, bin: float = 1.0, max_lag: float = 100.0,
                    norm: str = "counts", start: float | None = None, stop: float | None = None,
                    size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """How often spikes of a neuron follow one another by each lag, over all neurons, or some: `neurons`, senders.

    Spikes are counted in whole bins of `bin` ms; lags are differences of bins; the pair of a spike with itself is left out.
    norm: "counts", or "rate": of a neuron at that lag from one of its spikes, spikes/s, made up for what the window cuts off.
    bin, max_lag: ms. res, rec, start, stop, size: as in `mean_rates`.

    Returns lags, (2 k + 1,) ms, and values, of the same shape. Rates are NaN where there is no spike, or no bin at such a lag.
    Raises BadRecording.
    """
    check(norm, max_lag)
    s = spikes_of(res, rec, start, stop, size)
    train, bins = picked(s, chosen("neurons", neurons, s.n), bin)
    k = int(max_lag / bin + 1e-9)
    return finished(own_lags(train, s.n, bins, k), k, bin, bins, float(len(train[0])), norm)


def check(norm: Any, max_lag: Any) -> None:
    duration("max_lag", max_lag)
    if norm not in NORMS:
        raise BadRecording(f"norm = {norm!r}: must be {' or '.join(map(repr, NORMS))}")


def of_both(res: Any, rec: Any, other: Any, start: float | None, stop: float | None, size: int | None) -> tuple[Spikes, Spikes]:
    """The spikes of two recorders while both were active, or of two pairs of arrays."""
    if not hasattr(res, "events"):
        if not (isinstance(other, (tuple, list)) and len(other) == 2):
            raise BadRecording("other: must be a pair of arrays, (times, senders)")
        return spikes_of(res, rec, start, stop, size), spikes_of(other[0], other[1], start, stop)
    return while_both(*(spikes_of(res, r, start, stop, size) for r in (rec, other)))


def while_both(a: Spikes, b: Spikes) -> tuple[Spikes, Spikes]:
    """The spikes of both in the time that their windows share."""
    begin, end, dt = max(a.window.begin, b.window.begin), min(a.window.end, b.window.end), a.window.dt
    window = Window(begin, max(begin, end), dt)
    inside = [within(s.times, *window[:2], dt) for s in (a, b)]
    a, b = (Spikes(s.times[part], s.senders[part], s.n, window) for s, part in zip((a, b), inside))
    return a, b


def chosen(name: str, neurons: Any, n: int) -> np.ndarray:
    """The chosen senders, ascending, each once."""
    if neurons is None:
        return np.arange(n)
    found = np.unique(plain_array(name, neurons, "iu"))
    if found.size and not (found[0] >= 0 and found[-1] < n):
        raise BadRecording(f"{name} = {neurons!r}: must be senders, 0 to {n - 1}")
    return found.astype(np.int64)


def picked(s: Spikes, neurons: np.ndarray, bin: float) -> tuple[Train, int]:
    """Bins and senders of the spikes of some neurons, in the order of time, and the number of whole bins."""
    index, senders, bins = binned(s, bin)
    wanted = np.zeros(s.n, bool)
    wanted[neurons] = True
    kept = wanted[senders]
    return (index[kept], senders[kept]), bins


def lagged(a: np.ndarray, b: np.ndarray, k: int) -> np.ndarray:
    """The sum over rows and t of a[t] b[t + lag], for lags -k to k; a, b: whole numbers, (rows, bins).

    Block by block of a, with the bins around it in b, summed as Fourier transforms.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    bins = a.shape[1]
    k_in = min(k, max(bins - 1, 0))                       # beyond, there is nothing
    block = max(BLOCK, 4 * k_in)
    length = next_fast_len(block + 2 * k_in, real=True)
    total = np.zeros(length // 2 + 1, np.complex128)
    around = np.pad(b, ((0, 0), (k_in, k_in)))
    for begin in range(0, bins, block):
        x, y = a[:, begin:begin + block], around[:, begin:begin + block + 2 * k_in]
        if x.any() and y.any():
            spectra = (rfft(part.astype(np.float64), length, axis=1) for part in (x, y))
            total += (next(spectra).conj() * next(spectra)).sum(axis=0)
    out = np.zeros(2 * k + 1)
    out[k - k_in:k + k_in + 1] = np.rint(irfft(total, length)[:2 * k_in + 1])
    return out


def own_lags(train: Train, n: int, bins: int, k: int) -> np.ndarray:
    """The lags of all pairs of two spikes of one neuron: as pairs or as counts, whichever are fewer."""
    order = np.argsort(train[1].astype(np.min_scalar_type(n)), kind="stable")
    index, senders = train[0][order], train[1][order]
    key = senders * np.int64(bins + k + 1) + index
    partners = np.searchsorted(key, key + k, side="right") - np.arange(1, len(key) + 1)
    busy = np.unique(senders)
    if partners.sum() <= 10 * len(busy) * bins:
        return of_pairs(key, partners, k)
    total, rows = at_zero(k, -len(index)), max(PIECE // max(bins, 1), 1)
    for low in range(0, len(busy), rows):
        some = busy[low:low + rows]
        part = slice(*np.searchsorted(senders, [some[0], some[-1] + 1]))
        cell = np.searchsorted(some, senders[part]) * bins + index[part]
        counts = np.bincount(cell, minlength=len(some) * bins).reshape(len(some), bins)
        total += lagged(counts, counts, k)
    return total


def of_pairs(key: np.ndarray, partners: np.ndarray, k: int) -> np.ndarray:
    """The lags of every spike and so many that follow it; differences of keys are lags."""
    late, done = np.zeros(k + 1), np.cumsum(partners)
    edges = np.searchsorted(done, np.arange(PIECE, int(done[-1] if len(done) else 0) + PIECE, PIECE), side="right")
    for low, high in zip([0, *edges], [*edges, len(key)]):
        number = partners[low:high]
        of = np.repeat(np.arange(low, high), number)
        follower = of + 1 + np.arange(len(of)) - np.repeat(np.cumsum(number) - number, number)
        late += np.bincount(key[follower] - key[of], minlength=k + 1)
    return np.concatenate([late[:0:-1], [2.0 * late[0]], late[1:]])


def at_zero(k: int, value: float) -> np.ndarray:
    out = np.zeros(2 * k + 1)
    out[k] = value
    return out


def finished(counts: np.ndarray, k: int, bin: float, bins: int, base: float, norm: str) -> Train:
    """Lags, and counts, or rates over `base` spikes, each with one partner."""
    lags = np.arange(-k, k + 1)
    if norm == "rate":
        seen = (bins - np.abs(lags)) / max(bins, 1) * base * bin * 1e-3          # seconds that were looked at
        counts = np.divide(counts, seen, out=np.full(2 * k + 1, np.nan), where=seen > 0)
    return lags * bin, counts
