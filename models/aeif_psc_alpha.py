"""aeif_psc_alpha: adaptive exponential integrate-and-fire neuron with alpha-shaped currents.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn_ex - I_syn_in - w + I_e + I(t),
    tau_w dw/dt = a (V - E_L) - w,

and a spike of weight w evokes the current w e (t / tau_syn) exp(-t / tau_syn), which peaks at w (pA) after tau_syn: I_syn_ex,
or for negative weights I_syn_in, which is positive, too. At V_peak, V falls to V_reset, w grows by b, and integration goes on
within the step (Brette and Gerstner 2005, J. Neurophysiol. 94:3637; see upstroke.py: there is no adaptive solver, hence no
gsl_error_tol). The synapses are exact and act on V by mean and slope over the step. Parameters, defaults and the order of
events in a step are those of NEST's model of this name: V moves on, then the synapses, which take the spikes that arrive; a
current acts from the next step on. The refractory period, rounded up to whole steps, begins with the step after the spike's.
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
    tau_syn_ex: ms = 0.2         # rise time of excitation
    tau_syn_in: ms = 2.0         # rise time of inhibition


class State(NamedTuple):
    V_m: mV = -70.6              # membrane potential
    w: pA = 0.0                  # adaptation current
    I_syn_ex: pA = 0.0           # excitatory current
    I_syn_in: pA = 0.0           # inhibitory current
    dI_syn_ex: float = 0.0       # their slopes but for the decay (pA/ms)
    dI_syn_in: float = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0


Step = step_record(*NEURON, "P_ex", "P_in", "M_ex", "M_in", "T_ex", "T_in", "S_ex", "S_in", "U_ex", "U_in",
                   "peak_ex", "peak_in")


def derive(p, dt):
    return Step(**constants(p, dt), **synapses(p, dt, alpha=True))


def update(s, c, x, solve):
    mean = c.M_ex * s.I_syn_ex + c.S_ex * s.dI_syn_ex - (c.M_in * s.I_syn_in + c.S_in * s.dI_syn_in)
    tilt = c.T_ex * s.I_syn_ex + c.U_ex * s.dI_syn_ex - (c.T_in * s.I_syn_in + c.U_in * s.dI_syn_in)
    V, w, r, spiked, _ = advance(c, s.V_m, s.w, s.r, c.drive + c.per_C * s.I + mean, c.leak, tilt, 0.0, 0.0, solve)
    return State(V, w, c.P_ex * (s.I_syn_ex + c.h * s.dI_syn_ex), c.P_in * (s.I_syn_in + c.h * s.dI_syn_in),
                 c.P_ex * s.dI_syn_ex + c.peak_ex * x.ex, c.P_in * s.dI_syn_in - c.peak_in * x.inh, x.current, r), spiked
