"""iaf_psc_delta: leaky integrate-and-fire neuron with delta-shaped input.

Between spikes  C_m dV/dt = -C_m (V - E_L) / tau_m + I_e + I(t),  and an arriving spike moves V by its weight (mV).
Integrated exactly (Rotter and Diesmann 1999, Biol. Cybern. 81:381); parameters, defaults and the order of events in
a step are those of NEST's model of this name: a neuron that is not refractory decays and takes its input, is cut off at
V_min, and is then compared with V_th; a current that arrives in a step acts from the next step on. The refractory period is
rounded up to whole steps.
"""
from typing import NamedTuple

import numpy as np

from .contract import ms, mV, pA, pF, refractory_steps, require


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    t_ref: ms = 2.0              # refractory period
    V_th: mV = -55.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current
    V_min: mV = -np.inf          # lower bound of the potential
    refractory_input: bool = False  # keep input that arrives during refractoriness, decayed, until its end


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I: pA = 0.0                  # current that arrived in the step before
    refractory_spikes: mV = 0.0  # input kept until the end of refractoriness
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    spikes: mV = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_V: float
    V_inf: mV                    # what leak and I_e add in a step
    P_I: float
    V_th: mV
    V_reset: mV
    V_min: mV
    n_ref: float
    keep: float                  # 1 with refractory_input, else 0


def check(p):
    require(p.tau_m > 0, "tau_m", p.tau_m, "above 0 ms")
    require(p.C_m > 0, "C_m", p.C_m, "above 0 pF")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    decay = np.exp(-dt / p.tau_m)
    gain = -np.expm1(-dt / p.tau_m) * p.tau_m / p.C_m
    return Step(P_V=decay, V_inf=-np.expm1(-dt / p.tau_m) * p.E_L + gain * p.I_e, P_I=gain, V_th=p.V_th,
                V_reset=p.V_reset, V_min=p.V_min, n_ref=refractory_steps(p.t_ref, dt),
                keep=1.0 * p.refractory_input)


def update(s, c, x):
    refractory = s.r > 0.0
    V = max(c.P_V * s.V_m + c.V_inf + c.P_I * s.I + x.spikes + s.refractory_spikes, c.V_min)
    V = s.V_m if refractory else V
    kept = c.P_V * (s.refractory_spikes + x.spikes) * c.keep if refractory else 0.0 * c.keep
    r = s.r - 1.0 if refractory else s.r
    spiked = c.V_th <= V
    return State(c.V_reset if spiked else V, x.current, kept, c.n_ref if spiked else r), spiked
