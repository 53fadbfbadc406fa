"""The potential of a membrane whose conductances are known functions of time: one step of C dV/dt = J(t) - G(t) V.

A model hands over what enters the solution: the integrals of G and J over the step, and their first moments about its middle
(`moments` computes both of a kernel, once, on the host). With E = int J / int G, the potential that V relaxes to, and
z = int G / C, the solution is

    V(h) = E + (V - E) exp(-z) + int_0^h r(t) exp(-(Z(h) - Z(t))) dt,      r = (J - G E) / C,

exact but for the last term, in which r has no mean: it is taken as the straight line that has r's first moment, and Z as
another. The error is of fourth order in the step; it vanishes for a constant G, however fast the current changes, and stays
bounded for the strongest of conductances, where explicit methods blow up.
"""
from __future__ import annotations

import numpy as np

from .arithmetic import exp

POINTS, WEIGHTS = np.polynomial.legendre.leggauss(64)
SMALLEST = 1e-8                  # of z: below, the membrane has no leak worth the name


def moments(kernel, h):
    """The integral of kernel(t) from 0 to h, and that of kernel(t) (t / h - 1/2); parameters may be arrays (nodes,)."""
    values = [w * kernel(0.5 * h * (1.0 + x)) for x, w in zip(POINTS, WEIGHTS)]
    return 0.5 * h * sum(values), 0.25 * h * sum(x * v for x, v in zip(POINTS, values))


def relaxed(V, G, J, dG, dJ):
    """V after a step: G = z and J the integrals over the step, divided by C_m; dG and dJ the first moments."""
    z = G if abs(G) > SMALLEST else SMALLEST
    q = 1.0 / z
    E = J * q
    e = exp(-z)
    line = 6.0 * q * ((1.0 + e) - 2.0 * q * (1.0 - e))          # of a unit first moment, z for small z
    return E + (V - E) * e + (dJ - dG * E) * line
