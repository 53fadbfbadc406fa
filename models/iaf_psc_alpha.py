"""iaf_psc_alpha: leaky integrate-and-fire neuron with alpha-shaped synaptic currents.

C_m dV/dt = -C_m (V - E_L) / tau_m + I_syn_ex + I_syn_in + I_e + I(t);  a spike of weight w evokes the current
w e (t / tau_syn) exp(-t / tau_syn), which peaks at w (pA) after tau_syn; negative weights act with tau_syn_in. Integrated
exactly (Rotter and Diesmann 1999, Biol. Cybern. 81:381); parameters, defaults and the order of events in a step are those of
NEST's model of this name: the potential moves with the currents of the step's begin, then these move on and take the spikes
that arrive; the potential is cut off at V_min and compared with V_th.
"""
from typing import NamedTuple

import numpy as np

from .contract import ms, mV, pA, pF, refractory_steps, require
from .propagators import from_alpha, from_exponential

RECEPTORS = {0: ("ex", "inh")}


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    t_ref: ms = 2.0              # refractory period
    tau_syn_ex: ms = 2.0         # rise time of excitatory currents
    tau_syn_in: ms = 2.0         # rise time of inhibitory currents
    V_th: mV = -55.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current
    V_min: mV = -np.inf          # lower bound of the potential


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn_ex: pA = 0.0           # excitatory synaptic current
    I_syn_in: pA = 0.0           # inhibitory synaptic current
    dI_ex: float = 0.0           # their slopes but for the decay (pA/ms)
    dI_in: float = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_V: float
    P_ex: float                  # decay of the currents
    P_in: float
    H_ex: float                  # what a slope adds to its current
    H_in: float
    V_ex: float                  # what a pA of each current adds to V
    V_in: float
    D_ex: float                  # what a slope adds to V
    D_in: float
    V_I: float
    V_inf: mV                    # what leak and I_e add in a step
    peak_ex: float               # e / tau_syn_ex: the slope that a spike of 1 pA begins with
    peak_in: float
    V_th: mV
    V_reset: mV
    V_min: mV
    n_ref: float


def check(p):
    for name in ("tau_m", "tau_syn_ex", "tau_syn_in", "C_m"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    gain, m, ex, inh = -np.expm1(-dt / p.tau_m), p.tau_m, p.tau_syn_ex, p.tau_syn_in
    P_ex, P_in = np.exp(-dt / ex), np.exp(-dt / inh)
    return Step(P_V=np.exp(-dt / m), P_ex=P_ex, P_in=P_in, H_ex=dt * P_ex, H_in=dt * P_in,
                V_ex=from_exponential(dt, m, ex, p.C_m), V_in=from_exponential(dt, m, inh, p.C_m),
                D_ex=from_alpha(dt, m, ex, p.C_m), D_in=from_alpha(dt, m, inh, p.C_m), V_I=gain * m / p.C_m,
                V_inf=gain * (p.E_L + m / p.C_m * p.I_e), peak_ex=np.e / ex, peak_in=np.e / inh, V_th=p.V_th,
                V_reset=p.V_reset, V_min=p.V_min, n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    V = (c.P_V * s.V_m + c.V_ex * s.I_syn_ex + c.D_ex * s.dI_ex + c.V_in * s.I_syn_in + c.D_in * s.dI_in + c.V_I * s.I
         + c.V_inf)
    V = s.V_m if s.r > 0.0 else max(V, c.V_min)
    I_ex, I_in = c.P_ex * s.I_syn_ex + c.H_ex * s.dI_ex, c.P_in * s.I_syn_in + c.H_in * s.dI_in
    dI_ex, dI_in = c.P_ex * s.dI_ex + c.peak_ex * x.ex, c.P_in * s.dI_in + c.peak_in * x.inh
    spiked = c.V_th <= V
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(c.V_reset if spiked else V, I_ex, I_in, dI_ex, dI_in, x.current, r), spiked
