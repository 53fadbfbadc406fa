"""gif_psc_exp: generalised integrate-and-fire neuron with exponentially decaying synaptic currents.

Mensi et al. 2012, J. Neurophysiol. 107:1756; Pozzorini et al. 2015, PLoS Comput. Biol. 11:e1004275. Between spikes

    C_m dV/dt = -g_L (V - E_L) - sum_j eta_j + I_syn_ex + I_syn_in + I_e + I(t),    tau_syn dI_syn/dt = -I_syn,

and a step has a spike with probability 1 - exp(-lambda dt), lambda = lambda_0 exp((V - V_T_star - sum_i gamma_i) / Delta_V).
A spike adds q_stc to the eta_j, which decay with tau_stc, and q_sfa to the gamma_i (tau_sfa); then V is V_reset for t_ref.
Exact propagators; order of events of NEST's model of this name: synaptic currents decay, take what arrives, and only then act
on V; I_stc and E_sfa are those of the step's beginning; V is V_reset from the step after the spike on; a current that a device
sends acts from the next step on.
"""
from typing import Annotated, NamedTuple

import numpy as np

from .arithmetic import each, exp, moved, total
from .arithmetic import times as product
from .chance import happens
from .contract import Along, Hz, Unit, ms, mV, nS, pA, pF, refractory_steps, require, times, uniform

RECEPTORS = {0: ("ex", "inh")}


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
    q_sfa: Annotated[tuple, Unit("mV"), Along("tau_sfa")] = ()
    tau_stc: times = ()          # decay times of the currents that spikes trigger, and what a spike adds
    q_stc: Annotated[tuple, Unit("pA"), Along("tau_stc")] = ()


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    I_syn_ex: pA = 0.0           # synaptic currents
    I_syn_in: pA = 0.0
    E_sfa: mV = 0.0              # threshold
    I_stc: pA = 0.0              # sum of the currents that spikes triggered
    I: pA = 0.0                  # current that arrived in the step before
    sfa: Annotated[float, Unit("mV"), Along("tau_sfa")] = 0.0        # gamma_i
    stc: Annotated[float, Unit("pA"), Along("tau_stc")] = 0.0        # eta_j
    r: int = 0                   # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0
    chance: uniform = 0.0


class Step(NamedTuple):
    P_V: float
    V_inf: mV                    # what leak and I_e add in a step
    P_I: float
    P_ex: float
    P_ex_V: float
    P_in: float
    P_in_V: float
    P_sfa: Annotated[float, Along("tau_sfa")]
    q_sfa: Annotated[float, Along("tau_sfa")]
    P_stc: Annotated[float, Along("tau_stc")]
    q_stc: Annotated[float, Along("tau_stc")]
    V_reset: mV
    V_T_star: mV
    steepness: float             # 1 / Delta_V
    expected: float              # lambda_0 dt
    n_ref: int


def check(p):
    for name in ("C_m", "g_L", "Delta_V", "tau_syn_ex", "tau_syn_in", "tau_sfa", "tau_stc"):
        require(np.asarray(getattr(p, name)) > 0, name, getattr(p, name), "above 0")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.lambda_0 >= 0, "lambda_0", p.lambda_0, "0 Hz or more")


def derive(p, dt):
    decay, lost = np.exp(-dt * p.g_L / p.C_m), -np.expm1(-dt * p.g_L / p.C_m)
    x_ex, x_in = (dt * (p.g_L / p.C_m - 1.0 / tau) + 1e-300 for tau in (p.tau_syn_ex, p.tau_syn_in))  # no 0 where times are equal
    return Step(P_V=decay, V_inf=lost * (p.E_L + p.I_e / p.g_L), P_I=lost / p.g_L,
                P_ex=np.exp(-dt / p.tau_syn_ex), P_ex_V=decay * dt / p.C_m * np.expm1(x_ex) / x_ex,
                P_in=np.exp(-dt / p.tau_syn_in), P_in_V=decay * dt / p.C_m * np.expm1(x_in) / x_in,
                P_sfa=np.exp(-dt / p.tau_sfa), q_sfa=p.q_sfa, P_stc=np.exp(-dt / p.tau_stc), q_stc=p.q_stc, V_reset=p.V_reset,
                V_T_star=p.V_T_star, steepness=1.0 / p.Delta_V, expected=1e-3 * dt * p.lambda_0,
                n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    refractory = s.r > 0
    I_ex, I_in = c.P_ex * s.I_syn_ex + x.ex, c.P_in * s.I_syn_in + x.inh
    I_stc, E_sfa = total(s.stc), c.V_T_star + total(s.sfa)
    V = c.P_V * s.V_m + c.V_inf + c.P_I * (s.I - I_stc) + c.P_ex_V * I_ex + c.P_in_V * I_in
    V = c.V_reset if refractory else V
    spiked = happens(x.chance, c.expected * exp((V - E_sfa) * c.steepness)) & (not refractory)
    once = 1.0 if spiked else 0.0
    sfa = each(moved, each(product, s.sfa, c.P_sfa), c.q_sfa, once)
    stc = each(moved, each(product, s.stc, c.P_stc), c.q_stc, once)
    r = s.r - 1 if refractory else s.r
    return State(V, I_ex, I_in, E_sfa, I_stc, x.current, sfa, stc, c.n_ref if spiked else r), spiked
