"""iaf_cond_beta: leaky integrate-and-fire neuron with conductances that rise and decay exponentially.

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I(t),
    dg/dt = dg - g / tau_rise,   d(dg)/dt = -dg / tau_decay;

a spike raises dg_ex so that g_ex peaks at its weight (nS), or dg_in where that is negative (Meffin, Burkitt and Grayden 2004,
J. Comput. Neurosci. 16:159; Roth and van Rossum 2009, in Computational Modeling Methods for Neuroscientists). Equal time
constants give alpha functions. Parameters, defaults and the order of events are those of NEST's model of this name; see
rise_and_decay.py for those and for the equations of a step.
"""
from typing import NamedTuple

from .contract import ms, mV, nS, pA, pF, require
from .rise_and_decay import Inputs, State, Step, constants, update

__all__ = ["Inputs", "Params", "State", "Step", "check", "derive", "update"]
RECEPTORS = {0: ("ex", "inh")}


class Params(NamedTuple):
    V_th: mV = -55.0             # threshold
    V_reset: mV = -60.0          # potential after a spike
    t_ref: ms = 2.0              # refractory period
    g_L: nS = 16.6667            # leak conductance
    C_m: pF = 250.0              # membrane capacitance
    E_ex: mV = 0.0               # reversal potential of excitation
    E_in: mV = -85.0             # reversal potential of inhibition
    E_L: mV = -70.0              # reversal potential of the leak
    tau_rise_ex: ms = 0.2        # rise of the excitatory conductance
    tau_decay_ex: ms = 0.2       # and its decay
    tau_rise_in: ms = 2.0        # rise of the inhibitory conductance
    tau_decay_in: ms = 2.0       # and its decay
    I_e: pA = 0.0                # constant input current


def check(p):
    require(p.C_m > 0, "C_m", p.C_m, "above 0 pF")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    for name in ("tau_rise_ex", "tau_decay_ex", "tau_rise_in", "tau_decay_in"):
        require(getattr(p, name) > 0, name, getattr(p, name), "above 0 ms")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    return constants(p, dt, (p.tau_rise_ex, p.tau_decay_ex), (p.tau_rise_in, p.tau_decay_in))
