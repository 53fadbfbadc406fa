"""Interval arithmetic: the smallest and largest value of a function, from those of its arguments.

Infinite limits are values that can come, as from 1 / 0. What can be no number at all (0 / 0, the logarithm of -1) is refused.
Functions that are not rounded correctly are given a little room.
"""
from __future__ import annotations

import math

import numpy as np

from .contract import BadConnection

INF = math.inf
Interval = tuple[float, float]


def has(x: Interval, value: float) -> bool:
    return x[0] <= value <= x[1]


def endless(x: Interval) -> bool:
    return math.isinf(x[0]) or math.isinf(x[1])


def wide(low: float, high: float) -> Interval:
    low, high = (x + way * 4e-16 * abs(x) if math.isfinite(x) else x for x, way in ((low, -1.0), (high, 1.0)))
    return low, high


def add(x: Interval, y: Interval) -> Interval:
    if (x[0] == -INF and y[1] == INF) or (x[1] == INF and y[0] == -INF):
        raise BadConnection("it can be infinity - infinity")
    return x[0] + y[0], x[1] + y[1]


def subtract(x: Interval, y: Interval) -> Interval:
    return add(x, (-y[1], -y[0]))


def multiply(x: Interval, y: Interval) -> Interval:
    if (has(x, 0.0) and endless(y)) or (has(y, 0.0) and endless(x)):
        raise BadConnection("it can be 0 * infinity")
    corners = [a * b for a in x for b in y]
    return min(corners), max(corners)


def divide(x: Interval, y: Interval) -> Interval:
    if has(y, 0.0) and has(x, 0.0):
        raise BadConnection("it can be 0 / 0")
    if endless(x) and endless(y):
        raise BadConnection("it can be infinity / infinity")
    if has(y, 0.0):
        if y[0] < 0.0 or y[1] == 0.0:
            return -INF, INF
        nearest = [a / y[1] for a in x]
        return (min(nearest), INF) if x[0] > 0.0 else (-INF, max(nearest))
    corners = [a / b for a in x for b in y]
    return min(corners), max(corners)


def power(x: Interval, p: Interval) -> Interval:
    n = p[0]
    if n != math.floor(n) and x[0] < 0.0:
        raise BadConnection(f"it can be a number below 0 ({x[0]:g}) to the power {n:g}")
    if n == 0.0:
        return 1.0, 1.0
    if n < 0.0:
        return wide(*divide((1.0, 1.0), power(x, (-n, -n))))
    with np.errstate(over="ignore"):
        ends = [float(np.power(a, n)) for a in x]
    if n % 2 == 0.0 and has(x, 0.0):
        ends.append(0.0)
    return wide(min(ends), max(ends))


def exp(x: Interval) -> Interval:
    with np.errstate(over="ignore"):
        return wide(*(float(np.exp(a)) for a in x))


def log(x: Interval) -> Interval:
    if x[0] < 0.0:
        raise BadConnection(f"it can be the logarithm of a number below 0 ({x[0]:g})")
    return wide(*(math.log(a) if a > 0.0 else -INF for a in x))


def sqrt(x: Interval) -> Interval:
    if x[0] < 0.0:
        raise BadConnection(f"it can be the root of a number below 0 ({x[0]:g})")
    return math.sqrt(x[0]), math.sqrt(x[1])


def wave(x: Interval) -> Interval:
    if endless(x):
        raise BadConnection("it can be the sine or cosine of infinity")
    return -1.0, 1.0
