"""mat2_psc_exp: non-resetting leaky integrate-and-fire neuron with an adaptive threshold and exponential currents.

C_m dV/dt = -C_m (V - E_L) / tau_m + I_syn_ex + I_syn_in + I_e + I(t);  spikes leave V alone and raise the threshold
V_th = omega + V_th_alpha_1 + V_th_alpha_2 by alpha_1 and alpha_2, which decay with tau_1 and tau_2; at most one spike in t_ref
(Kobayashi, Tsubo and Shinomoto 2009, Front. Comput. Neurosci. 3:9). Integrated exactly; parameters, defaults and the order of
events in a step are those of NEST's model of this name: potential, currents, thresholds, arriving spikes, then the comparison.
"""
from typing import NamedTuple

import numpy as np

from .contract import ms, mV, pA, pF, refractory_steps, require
from .propagators import from_exponential

RECEPTORS = {0: ("ex", "inh")}


class Params(NamedTuple):
    tau_m: ms = 5.0              # membrane time constant
    C_m: pF = 100.0              # membrane capacitance
    t_ref: ms = 2.0              # total refractory period
    tau_syn_ex: ms = 1.0         # time constant of excitatory currents
    tau_syn_in: ms = 3.0         # time constant of inhibitory currents
    E_L: mV = -70.0              # resting potential
    I_e: pA = 0.0                # constant input current
    tau_1: ms = 10.0             # short time constant of the threshold
    tau_2: ms = 200.0            # long time constant of the threshold
    alpha_1: mV = 37.0           # what a spike adds to its parts
    alpha_2: mV = 2.0
    omega: mV = -51.0            # resting threshold


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    V_th: mV = -51.0             # threshold
    V_th_alpha_1: mV = 0.0       # its short part
    V_th_alpha_2: mV = 0.0       # its long part
    I_syn_ex: pA = 0.0
    I_syn_in: pA = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    P_V: float
    P_ex: float
    P_in: float
    P_1: float
    P_2: float
    V_ex: float                  # what a pA of each current adds to V
    V_in: float
    V_I: float
    V_inf: mV                    # what leak and I_e add in a step
    alpha_1: mV
    alpha_2: mV
    omega: mV
    n_ref: float


def check(p):
    for name in ("tau_m", "tau_syn_ex", "tau_syn_in", "tau_1", "tau_2", "C_m", "t_ref"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0")


def derive(p, dt):
    gain, m = -np.expm1(-dt / p.tau_m), p.tau_m
    return Step(P_V=np.exp(-dt / m), P_ex=np.exp(-dt / p.tau_syn_ex), P_in=np.exp(-dt / p.tau_syn_in),
                P_1=np.exp(-dt / p.tau_1), P_2=np.exp(-dt / p.tau_2), V_ex=from_exponential(dt, m, p.tau_syn_ex, p.C_m),
                V_in=from_exponential(dt, m, p.tau_syn_in, p.C_m), V_I=gain * m / p.C_m,
                V_inf=gain * (p.E_L + m / p.C_m * p.I_e), alpha_1=p.alpha_1, alpha_2=p.alpha_2, omega=p.omega,
                n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    V = c.P_V * s.V_m + c.V_ex * s.I_syn_ex + c.V_in * s.I_syn_in + c.V_I * s.I + c.V_inf
    short, long = c.P_1 * s.V_th_alpha_1, c.P_2 * s.V_th_alpha_2
    spiked = (s.r <= 0.0) & (c.omega + short + long <= V)
    short, long = short + c.alpha_1 if spiked else short, long + c.alpha_2 if spiked else long
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(V, c.omega + short + long, short, long, c.P_ex * s.I_syn_ex + x.ex, c.P_in * s.I_syn_in + x.inh, x.current,
                 r), spiked
