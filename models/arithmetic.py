"""What models compute with beyond + - * /: `exp`, and sums over tuples. Plain Python here; the engine compiles the same.

`exp` is made of additions, multiplications and one change of exponent, so that loops over neurons vectorise and every
backend gives the same bits. Plain Python rounds as compiled code does: tests compare the two bit for bit.
"""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

LOG2_E = 1.4426950408889634
LN2_HIGH, LN2_LOW = 0.693147180369123816490, 1.90821492927058770002e-10      # their sum is ln 2 to 80 bits
LOWEST, HIGHEST = -708.0, 709.0                                              # beyond, the exponent has no room


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
