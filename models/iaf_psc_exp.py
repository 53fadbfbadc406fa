"""iaf_psc_exp: leaky integrate-and-fire neuron with exponential synaptic currents.

C_m dV/dt = -C_m (V - E_L) / tau_m + I_syn_ex + I_syn_in + I_e + I(t),  a spike adds its weight (pA) to I_syn_ex or, if that is
negative, to I_syn_in, which decay with tau_syn_ex and tau_syn_in (Tsodyks, Uziel and Markram 2000, J. Neurosci. 20:RC50).
Integrated exactly; parameters, defaults and the order of events in a step are those of NEST's model of this name: the potential
moves with the currents of the step's begin, then these decay and take the spikes that arrive. A current at receptor 1 is
filtered by the excitatory synapse. With delta > 0 the threshold is soft: spikes come at the rate rho exp((V - V_th) / delta).
"""
from typing import Annotated, NamedTuple

import numpy as np

from .arithmetic import exp
from .contract import Supplied, ms, mV, pA, pF, refractory_steps, require
from .propagators import from_exponential


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    t_ref: ms = 2.0              # refractory period
    tau_syn_ex: ms = 2.0         # time constant of excitatory currents
    tau_syn_in: ms = 2.0         # time constant of inhibitory currents
    V_th: mV = -55.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current
    rho: float = 0.01            # rate of spikes at threshold (1/s), if delta > 0
    delta: mV = 0.0              # width of the soft threshold; 0: a sharp one


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn_ex: pA = 0.0           # excitatory synaptic current
    I_syn_in: pA = 0.0           # inhibitory synaptic current
    I: pA = 0.0                  # current that arrived in the step before
    I_filtered: pA = 0.0         # the same of the current that is filtered
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0
    current_filtered: pA = 0.0
    escape: Annotated[float, Supplied("uniform", when="delta")] = 0.0


RECEPTORS = {0: ("ex", "inh")}
HALF = 2.0**-33              # half the distance of two uniform numbers: what is improbable enough never happens


class Step(NamedTuple):
    P_V: float
    P_ex: float
    P_in: float
    V_ex: float                  # what a pA of each current adds to V
    V_in: float
    V_I: float
    V_inf: mV                    # what leak and I_e add in a step
    F_ex: float                  # 1 - P_ex
    V_th: mV
    V_reset: mV
    n_ref: float
    delta: mV
    r_delta: float
    escape: float                # probability of a spike in a step at V_th


def check(p):
    for name in ("tau_m", "tau_syn_ex", "tau_syn_in", "C_m"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")
    for name in ("t_ref", "rho", "delta"):
        require(getattr(p, name) >= 0, name, getattr(p, name), "0 or more")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    gain = -np.expm1(-dt / p.tau_m)
    soft = p.delta > 1e-10
    return Step(P_V=np.exp(-dt / p.tau_m), P_ex=np.exp(-dt / p.tau_syn_ex), P_in=np.exp(-dt / p.tau_syn_in),
                V_ex=from_exponential(dt, p.tau_m, p.tau_syn_ex, p.C_m),
                V_in=from_exponential(dt, p.tau_m, p.tau_syn_in, p.C_m),
                V_I=gain * p.tau_m / p.C_m, V_inf=gain * (p.E_L + p.tau_m / p.C_m * p.I_e), F_ex=-np.expm1(-dt / p.tau_syn_ex),
                V_th=p.V_th, V_reset=p.V_reset, n_ref=refractory_steps(p.t_ref, dt), delta=np.where(soft, p.delta, 0.0),
                r_delta=np.where(soft, 1.0 / np.where(soft, p.delta, 1.0), 0.0), escape=p.rho * dt * 1e-3)


def update(s, c, x):
    V = c.P_V * s.V_m + c.V_ex * s.I_syn_ex + c.V_in * s.I_syn_in + c.V_I * s.I + c.V_inf
    V = s.V_m if s.r > 0.0 else V
    I_ex = c.P_ex * s.I_syn_ex + c.F_ex * s.I_filtered + x.ex
    I_in = c.P_in * s.I_syn_in + x.inh
    spiked = x.escape + HALF < c.escape * exp((V - c.V_th) * c.r_delta) if c.delta > 0.0 else c.V_th <= V
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(c.V_reset if spiked else V, I_ex, I_in, x.current, x.current_filtered, r), spiked
