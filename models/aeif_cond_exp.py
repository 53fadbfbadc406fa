"""aeif_cond_exp: adaptive exponential integrate-and-fire neuron with exponential conductances.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - g_ex (V - E_ex) - g_in (V - E_in) - w + I_e + I(t),
    tau_w dw/dt = a (V - E_L) - w,      tau_syn dg/dt = -g,

and a spike that arrives raises g_ex by its weight (nS), or g_in by minus its weight where that is negative. At V_peak, V falls
to V_reset, w grows by b, and integration goes on within the step (Brette and Gerstner 2005, J. Neurophysiol. 94:3637; see
upstroke.py: there is no adaptive solver, hence no gsl_error_tol). The synapses are exact and act on V by mean and slope over
the step. Parameters, defaults and the order of events in a step are those of NEST's model of this name: V moves on, then the
synapses, which take the spikes that arrive; a current acts from the next step on. The refractory period, rounded up to whole
steps, begins with the step after the spike's.
"""
from typing import NamedTuple

from .adaptive_exponential import NEURON, check_with_synapses, constants, synapses
from .contract import ms, mV, nS, pA, pF
from .membrane import step_record
from .upstroke import advance, closed_form

SOLVER = closed_form
RECEPTORS = {0: ("ex", "inh")}
check = check_with_synapses


class Params(NamedTuple):
    C_m: pF = 281.0              # membrane capacitance
    t_ref: ms = 0.0              # refractory period
    V_reset: mV = -60.0          # potential after a spike
    g_L: nS = 30.0               # leak conductance
    E_L: mV = -70.6              # reversal potential of the leak
    I_e: pA = 0.0                # constant input current
    a: nS = 4.0                  # adaptation below threshold
    b: pA = 80.5                 # adaptation by a spike
    Delta_T: mV = 2.0            # steepness of the upstroke; 0: none, a sharp threshold
    tau_w: ms = 144.0            # time constant of adaptation
    V_th: mV = -50.4             # where the upstroke begins
    V_peak: mV = 0.0             # where it ends
    E_ex: mV = 0.0               # reversal potential of excitation
    E_in: mV = -85.0             # reversal potential of inhibition
    tau_syn_ex: ms = 0.2         # decay time of excitation
    tau_syn_in: ms = 2.0         # decay time of inhibition


class State(NamedTuple):
    V_m: mV = -70.6              # membrane potential
    w: pA = 0.0                  # adaptation current
    g_ex: nS = 0.0               # excitatory conductance
    g_in: nS = 0.0               # inhibitory conductance
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0


Step = step_record(*NEURON, "P_ex", "P_in", "M_ex", "M_in", "T_ex", "T_in", "E_ex", "E_in")


def derive(p, dt):
    return Step(**constants(p, dt), **synapses(p, dt), E_ex=p.E_ex, E_in=p.E_in)


def update(s, c, x, solve):
    ex, inh = c.M_ex * s.g_ex, c.M_in * s.g_in
    more, less = c.T_ex * s.g_ex, c.T_in * s.g_in
    V, w, r, spiked, _ = advance(c, s.V_m, s.w, s.r, c.drive + c.per_C * s.I + ex * c.E_ex + inh * c.E_in, c.leak + ex + inh,
                              more * c.E_ex + less * c.E_in, more + less, 0.0, solve)
    return State(V, w, c.P_ex * s.g_ex + x.ex, c.P_in * s.g_in - x.inh, x.current, r), spiked
