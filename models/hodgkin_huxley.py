"""Rates of the sodium and potassium gates of Hodgkin and Huxley (1952), J. Physiol. 117:500, about a rest of -65 mV.

All their exponentials are powers of one, t = exp(-V / 720), whose series needs no reduction of range (see traub_miles.py).
"""
from __future__ import annotations

import math

from .arithmetic import beside, exp_of_rest

N_UP, M_UP, H_DOWN = math.exp(-5.5), math.exp(-4.0), math.exp(-3.5)
N_DOWN, M_DOWN, H_UP = 0.125 * math.exp(-65.0 / 80.0), 4.0 * math.exp(-65.0 / 18.0), 0.07 * math.exp(-65.0 / 20.0)


def rates(V):
    """alpha and beta of m, of h and of n (1/ms); V (mV) is cut off at -250 and 250 mV, where all gates have long settled."""
    V = beside(beside(min(max(V, -250.0), 250.0), -55.0), -40.0)        # where rates are 0 / 0
    t = exp_of_rest(V * (-1.0 / 720.0))
    t4 = t * t * (t * t)
    t8 = t4 * t4
    t32 = t8 * t8 * (t8 * t8)
    t36 = t32 * t4
    tenth = t36 * t36                                   # exp(-V / 10)
    n, m, h = 1.0 - N_UP * tenth, 1.0 - M_UP * tenth, 1.0 + H_DOWN * tenth
    one = 1.0 / (n * m * h)                             # one division for three quotients
    return (0.1 * (V + 40.0) * (n * h * one), M_DOWN * (t32 * t8), H_UP * t36, n * m * one,
            0.01 * (V + 55.0) * (m * h * one), N_DOWN * (t8 * t))
