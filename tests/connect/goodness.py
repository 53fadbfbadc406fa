"""Chi-squared tests: whether counts are as uneven as chance makes them, no more and no less."""
from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

TOO_EVEN = 1e-6      # draws that share their numbers out evenly, instead of at random, leave far less of the lower tail
FEWEST = 5.0         # expected in a bin, for chi-squared to hold


def chi_squared(counts: np.ndarray, expected: Any, tolerances: Any, dof: int | None = None, factor: float = 1.0) -> None:
    """Assert that counts differ from what is expected as chance has it. factor: 1 / the variance's share of a multinomial's."""
    counts, expected = np.ravel(counts), np.broadcast_to(expected, np.shape(counts)).ravel()
    assert expected.min() >= FEWEST
    statistic = float(((counts - expected) ** 2 / expected).sum()) * factor
    p = stats.chi2.sf(statistic, len(counts) - 1 if dof is None else dof)
    assert tolerances.P_VALUE < p < 1 - TOO_EVEN, (p, statistic, len(counts))


def numbers_follow(numbers: np.ndarray, chances: np.ndarray, tolerances: Any) -> None:
    """Assert that whole numbers 0, 1, ... come with the given probabilities; rare neighbours are taken together."""
    observed, expected = np.bincount(numbers, minlength=len(chances)), chances * len(numbers)
    assert len(observed) == len(expected) and not observed[expected == 0].any()
    starts, inside = [0], 0.0
    for i, e in enumerate(expected[:-1]):
        inside += e
        if inside >= FEWEST and expected[i + 1:].sum() >= FEWEST:
            starts.append(i + 1)
            inside = 0.0
    chi_squared(np.add.reduceat(observed, starts), np.add.reduceat(expected, starts), tolerances)
