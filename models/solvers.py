"""Solvers of ordinary differential equations: what a model's `update` receives as `solve`.

A model states its equations in quasi-linear form: ``derivatives(y, a) -> (A, B)``, tuples as long as ``y``, with

    dy_i/dt = A_i + B_i y_i,

A and B depending on y as they may; ``a`` is whatever else the equations need (constants, input). Every solver takes
``solve(derivatives, y, h, a)`` and returns y after a time h.
"""
from __future__ import annotations

from .arithmetic import each, moved


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
