"""The functions that expressions are made of: what each computes, and its limits.

`code` is the function's number in compiled code (see simulator/value_kernels.py). A division adds 0.0 to the divisor, so that
-0.0 counts as 0: limits know no difference between the two.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import intervals
from .intervals import Interval


class Function(NamedTuple):
    """code; of: arrays to an array; limits: intervals to an interval; units: how units go in and out."""

    code: int
    of: Callable[..., Any]
    limits: Callable[..., Interval]
    units: str              # "same": all alike and kept; "plain": numbers to a number; others: see simulator/quantities.py


def divide(x: Any, y: Any) -> Any:
    return np.divide(x, np.add(y, 0.0))


def conditional(condition: Any, x: Any, y: Any) -> Any:
    return np.where(condition != 0.0, x, y)


def less(x: Any, y: Any) -> Any:
    return np.less(x, y).astype(np.float64)


def less_equal(x: Any, y: Any) -> Any:
    return np.less_equal(x, y).astype(np.float64)


def limits_of_negative(x: Interval) -> Interval:
    return -x[1], -x[0]


def limits_of_abs(x: Interval) -> Interval:
    ends = abs(x[0]), abs(x[1])
    return 0.0 if intervals.has(x, 0.0) else min(ends), max(ends)


def limits_of_minimum(x: Interval, y: Interval) -> Interval:
    return min(x[0], y[0]), min(x[1], y[1])


def limits_of_maximum(x: Interval, y: Interval) -> Interval:
    return max(x[0], y[0]), max(x[1], y[1])


def limits_of_less(x: Interval, y: Interval) -> Interval:
    return float(x[1] < y[0]), float(x[0] < y[1])


def limits_of_less_equal(x: Interval, y: Interval) -> Interval:
    return float(x[1] <= y[0]), float(x[0] <= y[1])


def limits_of_conditional(condition: Interval, x: Interval, y: Interval) -> Interval:
    if not intervals.has(condition, 0.0):
        return x
    return y if condition == (0.0, 0.0) else (min(x[0], y[0]), max(x[1], y[1]))


FUNCTIONS = {
    "+": Function(10, np.add, intervals.add, "same"),
    "-": Function(11, np.subtract, intervals.subtract, "same"),
    "*": Function(12, np.multiply, intervals.multiply, "product"),
    "/": Function(13, divide, intervals.divide, "quotient"),
    "**": Function(14, np.power, intervals.power, "power"),
    "negative": Function(15, np.negative, limits_of_negative, "same"),
    "abs": Function(16, np.abs, limits_of_abs, "same"),
    "exp": Function(17, np.exp, intervals.exp, "plain"),
    "log": Function(18, np.log, intervals.log, "plain"),
    "sqrt": Function(19, np.sqrt, intervals.sqrt, "root"),
    "sin": Function(20, np.sin, intervals.wave, "plain"),
    "cos": Function(21, np.cos, intervals.wave, "plain"),
    "minimum": Function(22, np.minimum, limits_of_minimum, "same"),
    "maximum": Function(23, np.maximum, limits_of_maximum, "same"),
    "<": Function(24, less, limits_of_less, "compared"),
    "<=": Function(25, less_equal, limits_of_less_equal, "compared"),
    "conditional": Function(26, conditional, limits_of_conditional, "chosen"),
    "shared": Function(27, np.positive, lambda x: x, "same")}          # the same draws wherever it stands
