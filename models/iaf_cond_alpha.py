"""iaf_cond_alpha: leaky integrate-and-fire neuron with alpha-shaped conductances.

    C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I(t),   dg/dt = dg - g / tau,   d(dg)/dt = -dg / tau;

a spike raises dg_ex by e / tau times its weight (nS), at which g_ex then peaks after a time tau, or dg_in where the weight is
negative (Meffin, Burkitt and Grayden 2004, J. Comput. Neurosci. 16:159). Parameters, defaults and the order of events are those
of NEST's model of this name; see rise_and_decay.py for those and for the equations of a step.
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
    tau_syn_ex: ms = 0.2         # rise and decay of the excitatory conductance
    tau_syn_in: ms = 2.0         # rise and decay of the inhibitory conductance
    I_e: pA = 0.0                # constant input current


def check(p):
    require(p.C_m > 0, "C_m", p.C_m, "above 0 pF")
    require(p.t_ref >= 0, "t_ref", p.t_ref, "0 ms or more")
    require(p.tau_syn_ex > 0, "tau_syn_ex", p.tau_syn_ex, "above 0 ms")
    require(p.tau_syn_in > 0, "tau_syn_in", p.tau_syn_in, "above 0 ms")
    require(p.V_reset < p.V_th, "V_reset", p.V_reset, "below V_th")


def derive(p, dt):
    return constants(p, dt, (p.tau_syn_ex, p.tau_syn_ex), (p.tau_syn_in, p.tau_syn_in))
