"""iaf_cond_exp_sfa_rr: integrate-and-fire neuron with exponential conductances, adaptation and a relative refractory period.

    C_m dV/dt = -g_L (V - E_L) - sum over k = ex, in, sfa, rr of g_k (V - E_k) + I_e + I(t),      dg_k/dt = -g_k / tau_k.

An arriving spike raises g_ex by its weight (nS), or g_in by minus its weight where that is negative; a spike of the neuron
raises g_sfa (adaptation) by q_sfa and g_rr (relative refractoriness) by q_rr (Dayan and Abbott 2001, Theoretical Neuroscience,
5.4; Muller, Buesing, Schemmel and Meier 2007, Neural Comput. 19:2958). Conductances are exact, the potential is of fourth order
in the step (membrane.py). Parameters, defaults and the order of events in a step are those of NEST's model of this name: the
potential, clamped to V_reset while refractory, moves on; the end of the step is compared with V_th; then spikes raise the
conductances, and a current that arrived acts from the next step on.
"""
from typing import NamedTuple

from .conductances import conductance_steps
from .contract import ms, mV, not_negative, nS, pA, pF, positive, refractory_steps, require
from .membrane import decaying, relaxed, step_record

RECEPTORS = {0: ("ex", "inh")}


class Params(NamedTuple):
    V_th: mV = -57.0             # threshold
    V_reset: mV = -70.0          # potential after a spike
    t_ref: ms = 0.5              # refractory period
    g_L: nS = 28.95              # leak conductance
    C_m: pF = 289.5              # membrane capacitance
    E_ex: mV = 0.0               # reversal potential of excitation,
    E_in: mV = -75.0             # of inhibition,
    E_L: mV = -70.0              # of the leak,
    E_sfa: mV = -70.0            # of adaptation
    E_rr: mV = -70.0             # and of relative refractoriness
    tau_syn_ex: ms = 1.5         # decay of the excitatory conductance,
    tau_syn_in: ms = 10.0        # of the inhibitory one,
    tau_sfa: ms = 110.0          # of adaptation
    tau_rr: ms = 1.97            # and of relative refractoriness
    q_sfa: nS = 14.48            # what a spike adds to adaptation
    q_rr: nS = 3214.0            # and to relative refractoriness
    I_e: pA = 0.0                # constant input current


class State(NamedTuple):
    V_m: mV = -70.0              # membrane potential
    g_ex: nS = 0.0               # conductances
    g_in: nS = 0.0
    g_sfa: nS = 0.0
    g_rr: nS = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0


# see conductance_steps; the same of what the neuron's own spikes open; and parameters
Step = step_record("P_ex", "P_in", "G_L", "J_L", "J_I", "G_ex", "G_in", "d_ex", "d_in", "E_ex", "E_in",
                   "P_sfa", "P_rr", "G_sfa", "G_rr", "d_sfa", "d_rr", "E_sfa", "E_rr", "q_sfa", "q_rr",
                   "V_th", "V_reset", "n_ref")


def check(p):
    positive(p, "C_m", "tau_syn_ex", "tau_syn_in", "tau_sfa", "tau_rr")
    not_negative(p, "t_ref")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    (P_sfa, G_sfa, d_sfa), (P_rr, G_rr, d_rr) = decaying(p.tau_sfa, dt), decaying(p.tau_rr, dt)
    return Step(**conductance_steps(p, dt), P_sfa=P_sfa, P_rr=P_rr, G_sfa=G_sfa / p.C_m, G_rr=G_rr / p.C_m, d_sfa=d_sfa,
                d_rr=d_rr, E_sfa=p.E_sfa, E_rr=p.E_rr, q_sfa=p.q_sfa, q_rr=p.q_rr, V_th=p.V_th, V_reset=p.V_reset,
                n_ref=refractory_steps(p.t_ref, dt))


def update(s, c, x):
    ex, inh, sfa, rr = c.G_ex * s.g_ex, c.G_in * s.g_in, c.G_sfa * s.g_sfa, c.G_rr * s.g_rr
    J_ex, J_in, J_sfa, J_rr = c.E_ex * ex, c.E_in * inh, c.E_sfa * sfa, c.E_rr * rr
    V = relaxed(s.V_m, c.G_L + ex + inh + sfa + rr, c.J_L + c.J_I * s.I + J_ex + J_in + J_sfa + J_rr,
                c.d_ex * ex + c.d_in * inh + c.d_sfa * sfa + c.d_rr * rr,
                c.d_ex * J_ex + c.d_in * J_in + c.d_sfa * J_sfa + c.d_rr * J_rr)
    refractory = s.r > 0.0
    spiked = (c.V_th <= V) & (s.r <= 0.0)
    V = c.V_reset if refractory | spiked else V
    r = c.n_ref if spiked else s.r - 1.0 if refractory else s.r
    return State(V, c.P_ex * s.g_ex + x.ex, c.P_in * s.g_in - x.inh, c.P_sfa * s.g_sfa + (c.q_sfa if spiked else 0.0),
                 c.P_rr * s.g_rr + (c.q_rr if spiked else 0.0), x.current, r), spiked
