"""iaf_cond_exp: leaky integrate-and-fire neuron with exponential conductances.

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I(t),      dg/dt = -g / tau_syn,

and an arriving spike raises g_ex by its weight (nS), or g_in by minus its weight where that is negative (Meffin, Burkitt and
Grayden 2004, J. Comput. Neurosci. 16:159). The conductances are exact and the potential is of fourth order in the step (see
membrane.py), without the tolerance of NEST's adaptive solver. Parameters, defaults and the order of events in a step are those
of NEST's model of this name: the potential, clamped to V_reset while refractory, moves on; the end of the step is compared
with V_th; then spikes raise the conductances, and a current that arrived acts from the next step on.
"""
from typing import NamedTuple

import numpy as np

from .contract import ms, mV, nS, pA, pF, refractory_steps, require
from .membrane import moments, relaxed

RECEPTORS = {0: ("ex", "inh")}


class Params(NamedTuple):
    V_th: mV = -55.0             # threshold
    V_reset: mV = -60.0          # potential after a spike
    t_ref: ms = 2.0              # refractory period
    g_L: nS = 16.6667            # leak conductance
    C_m: pF = 250.0              # membrane capacitance
    E_ex: mV = 0.0               # reversal potential of excitation
    E_in: mV = -85.0             # reversal potential of inhibition
    E_L: mV = -70.0              # reversal potential of the leak
    tau_syn_ex: ms = 0.2         # decay of the excitatory conductance
    tau_syn_in: ms = 2.0         # decay of the inhibitory conductance
    I_e: pA = 0.0                # constant input current


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    g_ex: nS = 0.0               # excitatory conductance
    g_in: nS = 0.0               # inhibitory conductance
    I: pA = 0.0                  # current that arrived in the step before
    r: int = 0                   # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_ex: float                  # what is left of a conductance
    P_in: float
    G_L: float                   # integrals over the step, divided by C_m: leak,
    J_L: mV                      # leak and I_e,
    J_I: float                   # current,
    G_ex: float                  # and a unit of conductance
    G_in: float
    d_ex: float                  # first moments, relative to the integrals
    d_in: float
    E_ex: mV
    E_in: mV
    V_th: mV
    V_reset: mV
    n_ref: int


def check(p):
    require(p.C_m > 0, "C_m", p.C_m, "above 0 pF")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.tau_syn_ex > 0, "tau_syn_ex", p.tau_syn_ex, "above 0 ms")
    require(p.tau_syn_in > 0, "tau_syn_in", p.tau_syn_in, "above 0 ms")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    G_ex, d_ex = moments(lambda t: np.exp(-t / p.tau_syn_ex), dt)
    G_in, d_in = moments(lambda t: np.exp(-t / p.tau_syn_in), dt)
    return Step(P_ex=np.exp(-dt / p.tau_syn_ex), P_in=np.exp(-dt / p.tau_syn_in), G_L=dt * p.g_L / p.C_m,
                J_L=dt * (p.g_L * p.E_L + p.I_e) / p.C_m, J_I=dt / p.C_m, G_ex=G_ex / p.C_m, G_in=G_in / p.C_m,
                d_ex=d_ex / G_ex, d_in=d_in / G_in, E_ex=p.E_ex, E_in=p.E_in, V_th=p.V_th, V_reset=p.V_reset,
                n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    ex, inh = c.G_ex * s.g_ex, c.G_in * s.g_in
    J_ex, J_in = c.E_ex * ex, c.E_in * inh
    V = relaxed(s.V_m, c.G_L + ex + inh, c.J_L + c.J_I * s.I + J_ex + J_in, c.d_ex * ex + c.d_in * inh,
                c.d_ex * J_ex + c.d_in * J_in)
    refractory = s.r > 0
    spiked = (c.V_th <= V) & (s.r <= 0)
    V = c.V_reset if refractory | spiked else V
    r = c.n_ref if spiked else s.r - 1 if refractory else s.r
    return State(V, c.P_ex * s.g_ex + x.ex, c.P_in * s.g_in - x.inh, x.current, r), spiked
