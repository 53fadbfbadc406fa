"""Irregularity of spike trains: intervals and their variation, locally and in all. Windows and units: as in statistics.

Measures of intervals are means over each neuron's pairs of neighbouring intervals. They are NaN where a neuron has fewer
than `min_spikes` spikes, which must be 3 or more: two intervals. Pairs of no length (three spikes at one time) have no
ratio and are left out; a neuron that has no others has NaN.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import BadRecording
from .trains import binned, cells, intervals_of, is_number, spikes_of, whole


def isi(res: Any, rec: Any, *, start: float | None = None, stop: float | None = None,
        size: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Inter-spike intervals: their lengths, (intervals,) ms, and senders, (intervals,), neuron by neuron in the order of time.

    Neurons with fewer than two spikes have none. (Elephant's `isi`, of all neurons at once.)
    res, rec, start, stop, size: as in `mean_rates`. Plain arrays need no stop. Raises BadRecording.
    """
    s = spikes_of(res, rec, start, stop, size, needs_stop=False)
    return intervals_of(s.times, s.senders, s.n)


def cv2(res: Any, rec: Any, min_spikes: int = 5, *, start: float | None = None, stop: float | None = None,
        size: int | None = None) -> np.ndarray:
    """CV2 of each neuron (Holt et al. 1996), (n,): the mean of 2 |I' - I| / (I' + I). 1 for Poisson trains, 0 for regular.

    NaN where a neuron has fewer than `min_spikes` spikes. res, rec, start, stop, size: as in `mean_rates`. Plain arrays
    need no stop.
    Raises BadRecording unless min_spikes is a whole number, at least 3.
    """
    s = spikes_of(res, rec, start, stop, size, needs_stop=False)
    first, second, owner = neighbours(s.times, s.senders, s.n)
    return mean_of_pairs(2.0 * np.abs(second - first) / (first + second), owner, s.senders, s.n, min_spikes)


def lv(res: Any, rec: Any, min_spikes: int = 5, *, start: float | None = None, stop: float | None = None,
       size: int | None = None) -> np.ndarray:
    """Local variation of each neuron (Shinomoto et al. 2003), (n,): the mean of 3 ((I - I') / (I + I'))^2.

    1 for Poisson trains, 3 / (2 k + 1) for gamma intervals of shape k, 0 for regular trains. Other arguments, and where it
    is NaN: as in `cv2`.
    Raises BadRecording unless min_spikes is a whole number, at least 3.
    """
    return lvr(res, rec, 0.0, min_spikes, start=start, stop=stop, size=size)


def lvr(res: Any, rec: Any, R: float = 5.0, min_spikes: int = 5, *, start: float | None = None, stop: float | None = None,
        size: int | None = None) -> np.ndarray:
    """Revised local variation of each neuron (Shinomoto et al. 2009), (n,).

    The mean of 3 (1 - 4 I I' / (I + I')^2) (1 + 4 R / (I + I')), which makes up for the shortening of intervals by the
    refractoriness constant R (ms). Other arguments, and where it is NaN: as in `cv2`.
    Raises BadRecording unless R is a number, 0 or more, and min_spikes a whole number, at least 3.
    """
    if not (is_number(R) and 0 <= R < np.inf):
        raise BadRecording(f"R = {R!r}: must be a plain number of ms, 0 or more")
    s = spikes_of(res, rec, start, stop, size, needs_stop=False)
    first, second, owner = neighbours(s.times, s.senders, s.n)
    both = first + second
    values = 3.0 * ((first - second) / both) ** 2 * (1.0 + 4.0 * R / both)
    return mean_of_pairs(values, owner, s.senders, s.n, min_spikes)


def neighbours(times: np.ndarray, senders: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All pairs of neighbouring intervals of a neuron, which are not both 0, and whose they are."""
    interval, owner = intervals_of(times, senders, n)
    pair = (owner[1:] == owner[:-1]) & (interval[1:] + interval[:-1] > 0)
    return interval[:-1][pair], interval[1:][pair], owner[1:][pair]


def mean_of_pairs(values: np.ndarray, owner: np.ndarray, senders: np.ndarray, n: int, min_spikes: int) -> np.ndarray:
    whole("min_spikes", min_spikes, 3)
    pairs = np.bincount(owner, minlength=n)
    valid = (np.bincount(senders, minlength=n) >= min_spikes) & (pairs > 0)
    out = np.full(n, np.nan)
    np.divide(np.bincount(owner, values, n), pairs, out=out, where=valid)
    return out


def fano_factor(res: Any, rec: Any, bin: float = 100.0, *, start: float | None = None, stop: float | None = None,
                size: int | None = None) -> np.ndarray:
    """Fano factor of each neuron, (n,): variance over mean of its spike counts in whole bins of `bin` ms.

    (Elephant's `fanofactor` of the pieces of a train; the variance is the population's.) 1 for Poisson trains, tending to
    CV^2 of renewal trains in long bins. NaN where a neuron has no spike, or the window fewer than two bins.
    res, rec, start, stop, size: as in `mean_rates`.
    Raises BadRecording unless bin is a number, at least dt.
    """
    s = spikes_of(res, rec, start, stop, size)
    index, senders, bins = binned(s, bin)
    neuron, _, count = cells(index, senders, bins)
    total, squares = np.bincount(neuron, count, s.n), np.bincount(neuron, count * count, s.n)
    out = np.full(s.n, np.nan)
    np.divide(bins * squares - total * total, bins * total, out=out, where=(total > 0) & (bins > 1))
    return out
