"""Random counts as functions of one uniform number u in [0, 1), by inversion: outcomes in a fixed order, until u is used up.

The order is 0, 1, 2, ... where the mean is small, and otherwise the most likely count m, m + 1, m - 1, m + 2, ...: some
1.6 standard deviations of terms instead of as many as the mean. Counts whose probability is below SMALLEST never come; a u
of 32 bits could not reach them. Both distributions are of Panjer's class, p(k) = (a + b / k) p(k - 1).
"""
from __future__ import annotations

import math

from .arithmetic import exp

SMALLEST = 1e-12
FROM_ZERO = 16.0         # largest mean for which counting begins at 0; what follows relies on m >= 16 beyond
TWO_PI = 6.283185307179586
HALF = 2.0**-33          # half the distance of two u: what is improbable enough never happens


def happens(u: float, expected: float) -> bool:
    """Whether a Poisson process with this expected count has an event at all: probability 1 - exp(-expected)."""
    few = expected * (1.0 - expected * (0.5 - expected * (1.0 / 6.0 - expected * (1.0 / 24.0))))    # keeps a float32's digits
    return u + HALF < (few if expected < 0.01 else 1.0 - exp(-expected))


def waiting(u: tuple) -> float:
    """exp(-t), t the time to pass through as many stages as u has entries, each left at rate 1."""
    p = 1.0
    for one in u:
        p = p * (1.0 - one)
    return p


def poisson_count(u: float, mean: float) -> int:
    """A Poisson-distributed count of this mean; 0 where the mean is 0 or negative."""
    far = mean > FROM_ZERO
    mean = max(mean, 0.0)
    k = math.floor(mean) if far else 0.0
    m = max(k, 1.0)                                           # stands in for 0 where the result is not used
    at_mode = exp(m * log_ratio(mean, m) + m - mean - stirling(m)) / math.sqrt(TWO_PI * m)
    return int(walk(u, k, at_mode if far else exp(-mean), 0.0, mean))


def binomial_count(u: float, n: float, p: float) -> int:
    """How many of n independent trials succeed, each with probability p."""
    often = p > 0.5
    p = max(1.0 - p if often else p, 0.0)                     # count what is rarer
    q = 1.0 - p
    far = n * p > FROM_ZERO
    k = math.floor(n * p) if far else 0.0
    m, r = (k, n - k) if far else (1.0, 1.0)
    at_mode = exp(m * log_ratio(n * p, m) + r * log_ratio(n * q, r) + stirling(n if far else 1.0) - stirling(m) - stirling(r)
                  ) * math.sqrt((m + r) / (TWO_PI * m * r))
    odds = p / q
    found = min(walk(u, k, at_mode if far else power(q, n), -odds, (n + 1.0) * odds), 1.0 * n)
    return int(n - found if often else found)


def walk(u: float, k: float, p: float, a: float, b: float) -> float:
    """The outcome at which u is used up, from k of probability p outwards."""
    low, high, below, above, found = k, k, p, p, k
    rest = u - p
    while rest >= 0.0 and above + below > SMALLEST:
        high = high + 1.0
        above = above * (a + b / high)
        rest = rest - above
        found = high
        if rest >= 0.0:
            below = below * low / (a * low + b)
            low = low - 1.0
            rest = rest - below
            found = low if rest < 0.0 else high
    return found


def log_ratio(a: float, b: float) -> float:
    """log(a / b), 1e-14 where |a - b| <= 1 and b >= 16: the series of the inverse hyperbolic tangent."""
    z = (a - b) / (a + b)
    s = z * z
    return 2.0 * z * (1.0 + s * (1.0 / 3.0 + s * (0.2 + s * (1.0 / 7.0))))


def stirling(m: float) -> float:
    """log m! less its leading terms (m + 1/2) log m - m + log(2 pi) / 2; error below 1e-12 from 16 on."""
    i = 1.0 / m
    s = i * i
    return i * (1.0 / 12.0 - s * (1.0 / 360.0 - s * (1.0 / 1260.0)))


def power(x: float, n: float) -> float:
    """x to the power of a whole number n >= 0, by squaring."""
    y = 1.0
    while n >= 1.0:
        half = math.floor(0.5 * n)
        y = y * x if n - 2.0 * half >= 1.0 else y
        x, n = x * x, half
    return y
