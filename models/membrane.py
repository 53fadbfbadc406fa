"""The potential of a membrane whose conductances are known functions of time: one step of C dV/dt = J(t) - G(t) V.

A model hands over what enters the solution: the integrals of G and J over the step, and their first moments about its middle
(`moments` computes both of a kernel, once, on the host). With z = int G / C and E = int J / int G, to which V relaxes, it is

    V(h) = E + (V - E) exp(-z) + int_0^h r(t) exp(-(Z(h) - Z(t))) dt,      r = (J - G E) / C,

exact but for the last term, where r has no mean: r is taken as the straight line of the same first moment, and Z as linear in
time. So a synapse much faster than the step still has its right effect, the error falls with the fourth power of the step,
and the strongest conductances, with which explicit methods blow up, only pull V to E.
"""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(64)


def step_record(*names: str) -> Any:
    """A record Step of numbers, for a model that has many of them."""
    return NamedTuple("Step", [(name, float) for name in names])


def moments(kernel, h):
    """The integral of kernel(t) from 0 to h, and that of kernel(t) (t / h - 1/2); parameters may be arrays (nodes,)."""
    values = [w * kernel(0.5 * h * (1.0 + x)) for x, w in zip(POINTS, WEIGHTS)]
    return 0.5 * h * sum(values), 0.25 * h * sum(x * v for x, v in zip(POINTS, values))


def decaying(tau, h):
    """What exp(-t / tau) is at the end of a step, its integral, and its first moment relative to that."""
    whole, first = moments(lambda t: np.exp(-t / tau), h)
    return np.exp(-h / tau), whole, first / whole


def relaxed(V, G, J, dG, dJ):
    """V after a step: G and J are integrals over the step divided by C_m, G not negative; dG and dJ their first moments.

    One division and no exponential: the mean of exp(-t) from 0 to y, p, is a Pade approximant of G / 4 (error y^6 / 7200),
    from which 1 - p y / 2 doubles y.
    """
    y = 0.25 * G
    p = (1.0 + y * (0.1 + y * (1.0 / 60.0))) / (1.0 + y * (0.6 + y * (0.15 + y * (1.0 / 60.0))))
    p = p - 0.5 * y * (p * p)                                           # mean up to G / 2
    line = (p * p) * (1.2 - (0.2 + 0.2 * y) * p)                        # effect of a unit first moment, divided by G
    return V + (J - G * V) * (p - y * (p * p)) + (G * dJ - dG * J) * line
