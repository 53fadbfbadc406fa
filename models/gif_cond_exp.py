"""gif_cond_exp: generalised integrate-and-fire neuron with exponential conductances.

Mensi et al. 2012, J. Neurophysiol. 107:1756; Pozzorini et al. 2015, PLoS Comput. Biol. 11:e1004275. Between spikes

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) - sum_j eta_j + I_e + I(t),    tau_syn dg/dt = -g,

and a step has a spike with probability 1 - exp(-lambda dt), lambda = lambda_0 exp((V - V_T_star - sum_i gamma_i) / Delta_V);
gamma_i and eta_j as in gif_psc_exp. The conductances are exact, the potential is of fourth order in the step (membrane.py).
Order of events of NEST's model of this name: V moves on with the conductances, I_stc and E_sfa of the step's beginning; spikes
then raise the conductances (negative weights g_in); V is V_reset from the step after a spike on, for t_ref.
"""
from typing import NamedTuple

from .adaptation import adaptation_steps, adapted, check_gif, fires, sfa_each, stc_each, thresholds, triggered
from .arithmetic import total
from .conductances import conductance_steps, potential
from .contract import Hz, ms, mV, nS, pA, pF, refractory_steps, times, uniform

RECEPTORS = {0: ("ex", "inh")}
check = check_gif


class Params(NamedTuple):
    C_m: pF = 80.0               # membrane capacitance
    t_ref: ms = 4.0              # refractory period
    V_reset: mV = -55.0          # potential after a spike
    E_L: mV = -70.0              # reversal potential of the leak
    E_ex: mV = 0.0               # reversal potential of excitation
    E_in: mV = -85.0             # reversal potential of inhibition
    g_L: nS = 4.0                # leak conductance
    I_e: pA = 0.0                # constant input current
    Delta_V: mV = 0.5            # by how much V rises for e times the rate
    V_T_star: mV = -35.0         # threshold without adaptation
    lambda_0: Hz = 1.0           # rate of firing at the threshold
    tau_syn_ex: ms = 2.0         # decay times of the conductances
    tau_syn_in: ms = 2.0
    tau_sfa: times = ()          # decay times of the threshold's adaptation, and what a spike adds
    q_sfa: thresholds = ()
    tau_stc: times = ()          # decay times of the currents that spikes trigger, and what a spike adds
    q_stc: triggered = ()


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    g_ex: nS = 0.0               # conductances
    g_in: nS = 0.0
    E_sfa: mV = 0.0              # threshold
    I_stc: pA = 0.0              # sum of the currents that spikes triggered
    I: pA = 0.0                  # current that arrived in the step before
    sfa: sfa_each = 0.0          # gamma_i
    stc: stc_each = 0.0          # eta_j
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0
    chance: uniform = 0.0


class Step(NamedTuple):
    P_ex: float                  # see conductance_steps
    P_in: float
    G_L: float
    J_L: mV
    J_I: float
    G_ex: float
    G_in: float
    d_ex: float
    d_in: float
    E_ex: mV
    E_in: mV
    P_sfa: sfa_each              # see adaptation_steps
    q_sfa: sfa_each
    P_stc: stc_each
    q_stc: stc_each
    V_T_star: mV
    steepness: float
    expected: float
    V_reset: mV
    n_ref: float


def derive(p, dt):
    return Step(V_reset=p.V_reset, n_ref=refractory_steps(p.t_ref, dt), **conductance_steps(p, dt), **adaptation_steps(p, dt))


def update(s, c, x):
    I_stc, E_sfa = total(s.stc), c.V_T_star + total(s.sfa)
    V = c.V_reset if s.r > 0.0 else potential(s, c, s.I - I_stc)
    spiked = fires(x.chance, V, E_sfa, c) & (s.r <= 0.0)
    once = 1.0 if spiked else 0.0
    sfa, stc = adapted(s.sfa, c.P_sfa, c.q_sfa, once), adapted(s.stc, c.P_stc, c.q_stc, once)
    return State(V, c.P_ex * s.g_ex + x.ex, c.P_in * s.g_in - x.inh, E_sfa, I_stc, x.current, sfa, stc,
                 c.n_ref if spiked else max(s.r - 1.0, 0.0)), spiked
