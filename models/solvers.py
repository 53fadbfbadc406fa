"""Solvers of ordinary differential equations: what a model's `update` receives as `solve`.

A model states its equations in quasi-linear form: ``derivatives(y, a) -> (A, B)``, tuples as long as ``y``, with

    dy_i/dt = A_i + B_i y_i,

A and B depending on y as they may; ``a`` is whatever else the equations need (constants, input). Every solver takes
``solve(derivatives, y, h, a)`` and returns y after a time h.
"""
from __future__ import annotations

from .arithmetic import each, moved, times, total


def value(A: float, B: float, y: float) -> float:
    """The derivative A + B y."""
    return A + B * y


def slope(derivatives, y, a):
    """dy/dt."""
    A, B = derivatives(y, a)
    return each(value, A, B, y)


def rk4(derivatives, y, h, a):
    """The classical Runge-Kutta method of fourth order, one step; unstable where -B h exceeds 2.78."""
    k1 = slope(derivatives, y, a)
    k2 = slope(derivatives, each(moved, y, k1, 0.5 * h), a)
    k3 = slope(derivatives, each(moved, y, k2, 0.5 * h), a)
    k4 = slope(derivatives, each(moved, y, k3, h), a)
    y = each(moved, y, k1, h / 6.0)
    y = each(moved, y, k2, h / 3.0)
    y = each(moved, y, k3, h / 3.0)
    return each(moved, y, k4, h / 6.0)


def relaxed(y: float, A: float, B: float) -> float:
    """y after a unit of time of dy/dt = A + B y: however negative B, y goes towards -A / B and not beyond.

    By a Pade approximant of the exponential, of fifth order (error 3e-4 at B = -1.5); cheaper than exp and a division, and
    without the digits that exp(B) - 1 loses near 0. Growth is cut off at exp(1.5), before the approximant has a pole.
    """
    z = max(-B, -1.5)
    return y + (A + B * y) * ((1.0 + z * (0.1 + z * (1.0 / 60.0))) / (1.0 + z * (0.6 + z * (0.15 + z * (1.0 / 60.0)))))


def turned(y: float, A: float, B: float) -> float:
    """The same of fourth order and symmetric in time, at fewer operations."""
    return y + (A + B * y) * (12.0 / (12.0 + B * (B - 6.0)))


def first_alone(derivatives, y, h, a):
    """The first variable moves, the others stand still."""
    A, B = derivatives(y, a)
    return (relaxed(y[0], A[0] * h, B[0] * h),) + y[1:]


def others_alone(derivatives, y, h, a):
    A, B = derivatives(y, a)
    return (y[0],) + each(turned, y[1:], each(times, A[1:], h), each(times, B[1:], h))


def in_turn(derivatives, y, h, last, a):
    """The others move by h, then the first by `last`."""
    return first_alone(derivatives, others_alone(derivatives, y, h, a), last, a)


def extrapolated(fine: float, coarse: float) -> float:
    """Of second order in steps that are as 2 to 3: what h^2 adds cancels."""
    return fine + (fine - coarse) * 0.8


def staggered(derivatives, y, h, a):
    """For stiff equations in which the first variable and all others alternate, as potential and gates do (Hodgkin and Huxley).

    Each side moves by its own solution while the other stands still (Strang splitting; Moore and Ramon 1974 for gates), in two
    steps and in three, extrapolated to fourth order, which asks that A and B of a variable do not depend on variables of its
    own side. Unlike rk4 it is stable for any conductance.
    """
    k = 0.5 * h
    coarse = in_turn(derivatives, first_alone(derivatives, y, 0.5 * k, a), k, k, a)
    coarse = in_turn(derivatives, coarse, k, 0.5 * k, a)
    k = h * (1.0 / 3.0)
    y = in_turn(derivatives, first_alone(derivatives, y, 0.5 * k, a), k, k, a)
    y = in_turn(derivatives, y, k, k, a)
    return each(extrapolated, in_turn(derivatives, y, k, 0.5 * k, a), coarse)


TOLERANCE = 1e-11                # of rkf45: the error of a sub-step, relative to 1 + |y|
SUBSTEPS = 65536.0               # and the most of them in a step


def misfit(error: float, y: float) -> float:
    """An error in units of what is allowed."""
    return abs(error) / (TOLERANCE * (1.0 + abs(y)))


def fehlberg(derivatives, y, h, a):
    """One step of fifth order, and its difference from one of fourth order (Fehlberg 1969, NASA TR R-315)."""
    k1 = slope(derivatives, y, a)
    k2 = slope(derivatives, each(moved, y, k1, h * 0.25), a)
    k3 = slope(derivatives, each(moved, each(moved, y, k1, h * (3.0 / 32.0)), k2, h * (9.0 / 32.0)), a)
    z = each(moved, each(moved, y, k1, h * (1932.0 / 2197.0)), k2, h * (-7200.0 / 2197.0))
    k4 = slope(derivatives, each(moved, z, k3, h * (7296.0 / 2197.0)), a)
    z = each(moved, each(moved, y, k1, h * (439.0 / 216.0)), k2, h * -8.0)
    k5 = slope(derivatives, each(moved, each(moved, z, k3, h * (3680.0 / 513.0)), k4, h * (-845.0 / 4104.0)), a)
    z = each(moved, each(moved, y, k1, h * (-8.0 / 27.0)), k2, h * 2.0)
    z = each(moved, each(moved, z, k3, h * (-3544.0 / 2565.0)), k4, h * (1859.0 / 4104.0))
    k6 = slope(derivatives, each(moved, z, k5, h * -0.275), a)
    z = each(moved, each(moved, y, k1, h * (16.0 / 135.0)), k3, h * (6656.0 / 12825.0))
    z = each(moved, each(moved, z, k4, h * (28561.0 / 56430.0)), k5, h * -0.18)
    e = each(moved, each(times, k1, h * (1.0 / 360.0)), k3, h * (-128.0 / 4275.0))
    e = each(moved, each(moved, e, k4, h * (-2197.0 / 75240.0)), k5, h * 0.02)
    return each(moved, z, k6, h * (2.0 / 55.0)), each(moved, e, k6, h * (2.0 / 55.0))


def rkf45(derivatives, y, h, a):
    """The solver to compare others with: adaptive sub-steps, halved and doubled; slow, since neurons take turns."""
    left, step, least = h, h, h / SUBSTEPS
    while left > 0.0:
        step = min(step, left)
        new, error = fehlberg(derivatives, y, step, a)
        error = total(each(misfit, error, y))
        if error <= 1.0 or step <= least:
            y = new
            left = left - step
        step = 2.0 * step if error < 1.0 / 64.0 else max(0.5 * step, least) if not error <= 1.0 else step
    return y
