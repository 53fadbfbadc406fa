"""Rates of the sodium and potassium gates of Traub and Miles (1991), as in Brette et al. (2007), J. Comput. Neurosci. 23:349.

All their exponentials are powers of one, t = exp(-u / 360), u being the potential (mV) above V_T; so close to 0 that its series
needs no reduction of range. That makes the six rates (1/ms) as dear as one exp and one division.
"""
from __future__ import annotations

import math

from .arithmetic import beside, exp_of_rest

E_13_4, E_8, E_3 = math.exp(13.0 / 4.0), math.exp(8.0), math.exp(3.0)
H_UP, N_DOWN = 0.128 * math.exp(17.0 / 18.0), 0.5 * math.exp(0.25)


def rates(u):
    """alpha and beta of m, of h and of n; u is cut off at -145 and 145 mV, where all gates have long settled."""
    u = beside(beside(beside(min(max(u, -145.0), 145.0), 13.0), 15.0), 40.0)        # where rates are 0 / 0
    t = exp_of_rest(u * (-1.0 / 360.0))
    t2 = t * t
    t4 = t2 * t2
    t8 = t4 * t4
    t16 = t8 * t8
    t32 = t16 * t16
    t72 = t32 * t32 * t8
    down = E_8 * t72                                    # exp((40 - u) / 5)
    m0, n0 = E_13_4 * (t72 * t16 * t2) - 1.0, E_3 * t72 - 1.0       # exp((13 - u) / 4) - 1, exp((15 - u) / 5) - 1
    m1, h1 = 1.0 - down, 1.0 + down
    m, n = m0 * m1, n0 * h1
    one = 1.0 / (m * n)                                 # one division for four quotients
    return (0.32 * (13.0 - u) * (m1 * n * one), 0.28 * (u - 40.0) * (down * m0 * n * one),
            H_UP * (t16 * t4), 4.0 * (n0 * m * one),
            0.032 * (15.0 - u) * (h1 * m * one), N_DOWN * (t8 * t))
