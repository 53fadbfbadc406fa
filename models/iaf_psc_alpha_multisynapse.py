"""iaf_psc_alpha_multisynapse: leaky integrate-and-fire neuron with any number of alpha-shaped synaptic currents.

C_m dV/dt = -C_m (V - E_L) / tau_m + sum_k I_syn_k + I_e + I(t);  a spike of weight w (pA, of either sign) at
receptor k = 1, 2, ... evokes the current w e (t / tau) exp(-t / tau), tau the k-th of tau_syn. Integrated exactly (Rotter and
Diesmann 1999, Biol. Cybern. 81:381); parameters, defaults and the order of events in a step are those of NEST's model of this
name: the potential moves with the currents of the step's begin, then these move on and take the spikes that arrive; the
potential is cut off at V_min and compared with V_th.
"""
from typing import Annotated, NamedTuple

import numpy as np

from .arithmetic import each, moved, times, total
from .contract import Along, Unit, ms, mV, pA, pF, refractory_steps, require
from .contract import times as list_of_times
from .propagators import from_alpha, from_exponential

Current = Annotated[float, Unit("pA"), Along("tau_syn", "I_syn")]
Factor = Annotated[float, Along("tau_syn")]


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    t_ref: ms = 2.0              # refractory period
    tau_syn: list_of_times = (2.0,)  # rise times of the currents, one a receptor
    V_th: mV = -55.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current
    V_min: mV = -np.inf          # lower bound of the potential


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn: pA = 0.0              # sum of the synaptic currents
    I_each: Current = 0.0        # I_syn_1, I_syn_2, ...
    dI: Factor = 0.0             # their slopes but for the decay (pA/ms)
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    spikes: Annotated[float, Unit("pA"), Along("tau_syn")] = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_V: float
    P: Factor                    # decay of each current
    H: Factor                    # what a slope adds to its current
    V_each: Factor               # what a pA of each adds to V
    V_slope: Factor              # what a slope adds to V
    peak: Factor                 # e / tau_syn: the slope that a spike of 1 pA begins with
    V_I: float
    V_inf: mV                    # what leak and I_e add in a step
    V_th: mV
    V_reset: mV
    V_min: mV
    n_ref: float


def check(p):
    for name in ("tau_m", "tau_syn", "C_m"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    gain, P = -np.expm1(-dt / p.tau_m), np.exp(-dt / p.tau_syn)
    return Step(P_V=np.exp(-dt / p.tau_m), P=P, H=dt * P, V_each=from_exponential(dt, p.tau_m, p.tau_syn, p.C_m),
                V_slope=from_alpha(dt, p.tau_m, p.tau_syn, p.C_m), peak=np.e / p.tau_syn,
                V_I=gain * p.tau_m / p.C_m, V_inf=gain * (p.E_L + p.tau_m / p.C_m * p.I_e), V_th=p.V_th, V_reset=p.V_reset,
                V_min=p.V_min, n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    arriving = total(each(times, c.V_each, s.I_each)) + total(each(times, c.V_slope, s.dI))
    V = c.P_V * s.V_m + arriving + c.V_I * s.I + c.V_inf
    V = s.V_m if s.r > 0.0 else max(V, c.V_min)
    I_each = each(moved, each(times, c.P, s.I_each), c.H, s.dI)
    dI = each(moved, each(times, c.P, s.dI), c.peak, x.spikes)
    spiked = c.V_th <= V
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(c.V_reset if spiked else V, total(I_each), I_each, dI, x.current, r), spiked
