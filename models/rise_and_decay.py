"""What iaf_cond_alpha and iaf_cond_beta share: conductances that obey dg/dt = dg - g / rise, d(dg)/dt = -dg / decay.

The conductances are exact, the potential is of fourth order in the step (membrane.py), without the tolerance of NEST's adaptive
solver. Order of events in a step, as in NEST: the potential, clamped to V_reset while refractory, moves on; the end of the step
is compared with V_th; then spikes raise dg, and a current that arrived acts from the next step on.
"""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .contract import ms, mV, nS, pA, refractory_steps
from .membrane import moments, relaxed


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    g_ex: nS = 0.0               # excitatory conductance
    g_in: nS = 0.0               # inhibitory conductance
    t_ref_remaining: ms = 0.0    # what is left of the refractory period
    dg_ex: float = 0.0           # what makes g_ex rise (nS/ms)
    dg_in: float = 0.0           # what makes g_in rise (nS/ms)
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    h: ms
    V_th: mV
    V_reset: mV
    n_ref: float
    E_ex: mV
    E_in: mV
    G_L: float                   # integrals over the step, divided by C_m: of the leak,
    J_L: mV                      # of leak and I_e,
    J_I: float                   # of a unit of current; and for each synapse
    P_ex: float                  # what is left of a unit of g_ex,
    S_ex: float                  # what a unit of dg_ex adds to g_ex,
    Q_ex: float                  # what is left of it,
    w_ex: float                  # dg_ex of a spike of weight 1,
    G_ex: float                  # integrals of what units of g_ex and dg_ex contribute, divided by C_m,
    H_ex: float
    D_ex: float                  # and their first moments
    F_ex: float
    P_in: float
    S_in: float
    Q_in: float
    w_in: float
    G_in: float
    H_in: float
    D_in: float
    F_in: float


def constants(p, dt, ex, inh):
    """The constants of a step; ex and inh: rise and decay times."""
    return Step(dt, p.V_th, p.V_reset, refractory_steps(p.t_ref, dt), p.E_ex, p.E_in, dt * p.g_L / p.C_m,
                dt * (p.g_L * p.E_L + p.I_e) / p.C_m, dt / p.C_m, *synapse(ex[0], ex[1], dt, p.C_m),
                *synapse(inh[0], inh[1], dt, p.C_m))


def synapse(rise, decay, dt, C_m):
    """P, S, Q, w, G, H, D and F of a synapse."""
    slow, gap = np.maximum(rise, decay), np.maximum(np.abs(1.0 / rise - 1.0 / decay), 1e-12)

    def response(t):             # of g to a unit of dg, accurate also where the time constants are nearly equal
        return -np.exp(-t / slow) * np.expm1(-gap * t) / gap
    u = (decay - rise) / rise
    peak = decay * np.where(np.abs(u) < 1e-12, 1.0, np.log1p(u) / np.where(u == 0.0, 1.0, u))      # when g is at its height
    (G, D), (H, F) = moments(lambda t: np.exp(-t / rise), dt), moments(response, dt)
    return (np.exp(-dt / rise), response(dt), np.exp(-dt / decay), 1.0 / response(peak),
            G / C_m, H / C_m, D / C_m, F / C_m)


def update(s, c, x):
    ex, inh = c.G_ex * s.g_ex + c.H_ex * s.dg_ex, c.G_in * s.g_in + c.H_in * s.dg_in
    d_ex, d_in = c.D_ex * s.g_ex + c.F_ex * s.dg_ex, c.D_in * s.g_in + c.F_in * s.dg_in
    V = relaxed(s.V_m, c.G_L + ex + inh, c.J_L + c.J_I * s.I + c.E_ex * ex + c.E_in * inh, d_ex + d_in,
                c.E_ex * d_ex + c.E_in * d_in)
    refractory = s.r > 0.0
    spiked = (c.V_th <= V) & (s.r <= 0.0)
    V = c.V_reset if refractory | spiked else V
    r = c.n_ref if spiked else s.r - 1.0 if refractory else s.r
    return State(V, c.P_ex * s.g_ex + c.S_ex * s.dg_ex, c.P_in * s.g_in + c.S_in * s.dg_in, c.h * r,
                 c.Q_ex * s.dg_ex + c.w_ex * x.ex, c.Q_in * s.dg_in - c.w_in * x.inh, x.current, r), spiked
