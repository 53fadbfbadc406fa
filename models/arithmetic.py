"""What models and rules compute with beyond + - * /: `exp`, `log`, and sums over tuples. Plain Python; the engine compiles it.

They are made of additions, multiplications, one division at most, and shifts of the exponent's bits, without a branch, so that
loops over neurons vectorise and every backend gives the same bits: a vendor's library gives other last bits on a GPU than on
a CPU. Plain Python rounds as compiled code does: tests compare the two bit for bit.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10      # their sum is ln 2 to 80 bits
LOWEST, HIGHEST = -708.0, 709.0                                              # beyond, the exponent has no room
SQRT_2, INF, NAN = 1.4142135623730951, math.inf, math.nan


def floor(x: float) -> float:
    """The largest whole number that is not above x."""
    return float(math.floor(x))


def exp(x: float) -> float:
    """e to the power x, relative error below 1e-14; x is cut off at -708 and 709."""
    if x != x:
        return x
    x = min(max(x, LOWEST), HIGHEST)
    k = floor(x * LOG2_E + 0.5)
    return math.ldexp(exp_of_rest((x - k * LN2_HIGH) - k * LN2_LOW), int(k))


def exp_of_rest(r: float) -> float:
    """The exponential series for |r| <= ln 2 / 2, to the 11th order.

    Summed in pairs (Estrin's scheme): a chain as long as Horner's keeps a processor waiting where one exp needs another.
    """
    r2 = r * r
    r4 = r2 * r2
    low = (1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0))
    middle = (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0))
    high = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0))
    return low + r4 * (middle + r4 * high)


def log(x: float) -> float:
    """The natural logarithm, relative error below 1e-15; 0 at 1, -inf at 0, NaN below, inf of inf."""
    small = x < 2.0**-1022                              # too small for an exponent of their own: scaled
    bits = np.float64(x * 2.0**54 if small else x).view(np.int64)
    m = np.int64(bits & 0xFFFFFFFFFFFFF | 0x3FF0000000000000).view(np.float64)
    # the exponent as the lowest bits of a number just above 2^52: few processors turn several int64 into float64 at once
    k = np.int64(bits >> 52 | 0x4330000000000000).view(np.float64) - (2.0**52 + (1077.0 if small else 1023.0))
    y = log_near_1(k, m)
    return INF if x == INF else y if x > 0.0 else -INF if x == 0.0 else NAN


def log_near_1(k: float, m: float) -> float:
    """log(2^k m), 1 <= m < 2: with m within a factor sqrt(2) of 1, log m by the series of the inverse hyperbolic tangent.

    2 artanh(s) is written with s = f / (2 + f) as f - s (f - ...), of which the first term is exact.
    """
    upper = m > SQRT_2
    f = (0.5 * m if upper else m) - 1.0
    k = k + 1.0 if upper else k
    s = f / (2.0 + f)
    z = s * s
    z2 = z * z
    z4 = z2 * z2
    low = (2.0 / 3.0 + z * (2.0 / 5.0)) + z2 * (2.0 / 7.0 + z * (2.0 / 9.0))
    high = (2.0 / 11.0 + z * (2.0 / 13.0)) + z2 * (2.0 / 15.0 + z * (2.0 / 17.0))
    return k * LN2_HIGH + ((f - s * (f - z * (low + z4 * (high + z4 * (2.0 / 19.0))))) + k * LN2_LOW)


def log_of_single(x):
    """What `log` becomes in single precision, where the engine makes all numbers in it float32: relative error below 1.5e-7."""
    small = x < 2.0**-126
    bits = np.float32(x * 2.0**24 if small else x).view(np.int32)
    m = np.int32(bits & 0x7FFFFF | 0x3F800000).view(np.float32)
    upper = m > SQRT_2
    f = (0.5 * m if upper else m) - 1.0
    k = np.float32(np.int32(bits >> 23)) - (151.0 if small else 127.0)
    k = k + 1.0 if upper else k
    s = f / (2.0 + f)
    z = s * s
    r = z * ((2.0 / 3.0 + z * (2.0 / 5.0)) + (z * z) * (2.0 / 7.0 + z * (2.0 / 9.0)))
    y = k * 0.693359375 + ((f - s * (f - r)) + k * -2.12194440e-4)
    return INF if x == INF else y if x > 0.0 else -INF if x == 0.0 else NAN


def log1p(x: float) -> float:
    """log(1 + x), relative error below 1e-15 also near 0; -inf at -1, NaN below, inf of inf."""
    u = 1.0 + x
    d = u - 1.0                                         # what of x has reached u
    return x if (d == 0.0) | (u == INF) else log(u) * (x / d)


def beside(x: float, singular: float) -> float:
    """x, or where it meets a point at which a quotient is 0 / 0 a number a millionth beside it."""
    return x if abs(x - singular) > 1e-6 else singular + 1e-6


def sin_turns(x: float) -> float:
    """sin(2 pi x), relative error below 1e-15: x is folded to within a quarter turn of 0, then a series of order 19."""
    r = x - floor(x + 0.5)
    r = max(min(r, 0.5 - r), -0.5 - r)
    a = 6.283185307179586 * r
    s = a * a
    p = 1.0 / 355687428096000.0 - s * (1.0 / 121645100408832000.0)
    p = 1.0 / 1307674368000.0 - s * p
    p = 1.0 / 6227020800.0 - s * p
    p = 1.0 / 39916800.0 - s * p
    p = 1.0 / 362880.0 - s * p
    p = 1.0 / 5040.0 - s * p
    p = 1.0 / 120.0 - s * p
    p = 1.0 / 6.0 - s * p
    return a * (1.0 - s * p)


def each(f: Callable, a: Any, b: Any = None, c: Any = None) -> Any:
    """f of the first entries, of the second, ...: every argument is a tuple, or one number for all entries."""
    given = [x for x in (a, b, c) if x is not None]
    n = next(len(x) for x in given if isinstance(x, tuple))
    return tuple(f(*(x[i] if isinstance(x, tuple) else x for x in given)) for i in range(n))


def total(a: tuple) -> float:
    """The sum of a tuple's entries, from the first on; 0 of none."""
    s = 0.0
    for x in a:
        s = s + x
    return s


def plus(a: float, b: float) -> float:
    return a + b


def times(a: float, b: float) -> float:
    return a * b


def moved(y: float, slope: float, h: float) -> float:
    """y + h slope."""
    return y + h * slope
