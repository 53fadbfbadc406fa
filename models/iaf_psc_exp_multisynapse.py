"""iaf_psc_exp_multisynapse: leaky integrate-and-fire neuron with any number of exponential synaptic currents.

C_m dV/dt = -C_m (V - E_L) / tau_m + sum_k I_syn_k + I_e + I(t);  a spike at receptor k = 1, 2, ... adds its weight (pA, either
sign) to I_syn_k, which decays with the k-th of tau_syn. Integrated exactly (Rotter and Diesmann 1999, Biol. Cybern. 81:381);
parameters, defaults and the order of events in a step are those of NEST's model of this name: the potential moves with the
currents of the step's begin, then these decay and take the spikes that arrive.
"""
from typing import Annotated, NamedTuple

import numpy as np

from .arithmetic import each, moved, times, total
from .contract import Along, Unit, ms, mV, pA, pF, refractory_steps, require
from .contract import times as list_of_times
from .propagators import from_exponential

Current = Annotated[float, Unit("pA"), Along("tau_syn", "I_syn")]
Factor = Annotated[float, Along("tau_syn")]


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    t_ref: ms = 2.0              # refractory period
    tau_syn: list_of_times = (2.0,)  # time constants of the currents, one a receptor
    V_th: mV = -55.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn: pA = 0.0              # sum of the synaptic currents
    I_each: Current = 0.0        # I_syn_1, I_syn_2, ...
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    spikes: Annotated[float, Unit("pA"), Along("tau_syn")] = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_V: float
    P: Factor                    # decay of each current
    V_each: Factor               # what a pA of each adds to V
    V_I: float
    V_inf: mV                    # what leak and I_e add in a step
    V_th: mV
    V_reset: mV
    n_ref: float


def check(p):
    for name in ("tau_m", "tau_syn", "C_m"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    gain = -np.expm1(-dt / p.tau_m)
    return Step(P_V=np.exp(-dt / p.tau_m), P=np.exp(-dt / p.tau_syn), V_each=from_exponential(dt, p.tau_m, p.tau_syn, p.C_m),
                V_I=gain * p.tau_m / p.C_m, V_inf=gain * (p.E_L + p.tau_m / p.C_m * p.I_e), V_th=p.V_th, V_reset=p.V_reset,
                n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    V = c.P_V * s.V_m + total(each(times, c.V_each, s.I_each)) + c.V_I * s.I + c.V_inf
    V = s.V_m if s.r > 0.0 else V
    I_each = each(moved, x.spikes, c.P, s.I_each)
    spiked = c.V_th <= V
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(c.V_reset if spiked else V, total(I_each), I_each, x.current, r), spiked
