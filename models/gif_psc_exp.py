"""gif_psc_exp: generalised integrate-and-fire neuron with exponentially decaying synaptic currents.

Mensi et al. 2012, J. Neurophysiol. 107:1756; Pozzorini et al. 2015, PLoS Comput. Biol. 11:e1004275. Between spikes

    C_m dV/dt = -g_L (V - E_L) - sum_j eta_j + I_syn_ex + I_syn_in + I_e + I(t),    tau_syn dI_syn/dt = -I_syn,

and a step has a spike with probability 1 - exp(-lambda dt), lambda = lambda_0 exp((V - V_T_star - sum_i gamma_i) / Delta_V).
A spike adds q_stc to the eta_j, which decay with tau_stc, and q_sfa to the gamma_i (tau_sfa); then V is V_reset for t_ref.
Exact propagators; order of events of NEST's model of this name: synaptic currents decay, take what arrives, and only then act
on V; I_stc and E_sfa are those of the step's beginning; V is V_reset from the step after the spike on; a current that a device
sends acts from the next step on.
"""
from typing import NamedTuple

import numpy as np

from .adaptation import adaptation_steps, adapted, check_gif, fires, sfa_each, stc_each, thresholds, triggered
from .arithmetic import total
from .contract import Hz, ms, mV, nS, pA, pF, refractory_steps, times, uniform
from .propagators import from_exponential

RECEPTORS = {0: ("ex", "inh")}
check = check_gif


class Params(NamedTuple):
    C_m: pF = 80.0               # membrane capacitance
    t_ref: ms = 4.0              # refractory period
    V_reset: mV = -55.0          # potential after a spike
    E_L: mV = -70.0              # resting potential
    g_L: nS = 4.0                # leak conductance
    I_e: pA = 0.0                # constant input current
    Delta_V: mV = 0.5            # by how much V rises for e times the rate
    V_T_star: mV = -35.0         # threshold without adaptation
    lambda_0: Hz = 1.0           # rate of firing at the threshold
    tau_syn_ex: ms = 2.0         # decay times of the synaptic currents
    tau_syn_in: ms = 2.0
    tau_sfa: times = ()          # decay times of the threshold's adaptation, and what a spike adds
    q_sfa: thresholds = ()
    tau_stc: times = ()          # decay times of the currents that spikes trigger, and what a spike adds
    q_stc: triggered = ()


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn_ex: pA = 0.0           # synaptic currents
    I_syn_in: pA = 0.0
    E_sfa: mV = 0.0              # threshold
    I_stc: pA = 0.0              # sum of the currents that spikes triggered
    I: pA = 0.0                  # current that arrived in the step before
    sfa: sfa_each = 0.0          # gamma_i
    stc: stc_each = 0.0          # eta_j
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0
    chance: uniform = 0.0


class Step(NamedTuple):
    P_V: float
    V_inf: mV                    # what leak and I_e add in a step
    V_I: float                   # what a pA of each current adds to V
    V_ex: float
    V_in: float
    P_ex: float                  # decay of the currents
    P_in: float
    P_sfa: sfa_each
    q_sfa: sfa_each
    P_stc: stc_each
    q_stc: stc_each
    V_T_star: mV
    steepness: float             # 1 / Delta_V
    expected: float              # lambda_0 dt
    V_reset: mV
    n_ref: float


def derive(p, dt):
    tau_m, gain = p.C_m / p.g_L, -np.expm1(-dt * p.g_L / p.C_m)
    return Step(P_V=np.exp(-dt / tau_m), V_inf=gain * (p.E_L + p.I_e / p.g_L), V_I=gain / p.g_L,
                V_ex=from_exponential(dt, tau_m, p.tau_syn_ex, p.C_m), V_in=from_exponential(dt, tau_m, p.tau_syn_in, p.C_m),
                P_ex=np.exp(-dt / p.tau_syn_ex), P_in=np.exp(-dt / p.tau_syn_in), V_reset=p.V_reset,
                n_ref=refractory_steps(p.t_ref, dt), **adaptation_steps(p, dt))


def update(s, c, x):
    I_ex, I_in = c.P_ex * s.I_syn_ex + x.ex, c.P_in * s.I_syn_in + x.inh
    I_stc, E_sfa = total(s.stc), c.V_T_star + total(s.sfa)
    V = c.P_V * s.V_m + c.V_inf + c.V_I * (s.I - I_stc) + c.V_ex * I_ex + c.V_in * I_in
    V = c.V_reset if s.r > 0.0 else V
    spiked = fires(x.chance, V, E_sfa, c) & (s.r <= 0.0)
    once = 1.0 if spiked else 0.0
    sfa, stc = adapted(s.sfa, c.P_sfa, c.q_sfa, once), adapted(s.stc, c.P_stc, c.q_stc, once)
    return State(V, I_ex, I_in, E_sfa, I_stc, x.current, sfa, stc, c.n_ref if spiked else max(s.r - 1.0, 0.0)), spiked
