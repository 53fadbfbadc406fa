"""aeif_psc_delta: adaptive exponential integrate-and-fire neuron with delta-shaped input.

    C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - w + I_e + I(t),
    tau_w dw/dt = a (V - E_L) - w,

and a spike that arrives moves V by its weight (mV). At V_peak, V falls to V_reset, w grows by b, and integration goes on within
the step (Brette and Gerstner 2005, J. Neurophysiol. 94:3637; see upstroke.py: there is no adaptive solver, hence no
gsl_error_tol). Parameters, defaults and the order of events in a step are those of NEST's model of this name: V moves on, takes
the spikes that arrive, and is compared with V_peak; a current acts from the next step on. (NEST adds the spikes after the first
of its solver's steps, of which there are several while V peaks.) The refractory period, rounded up to whole steps, begins with
the step after the spike's.
"""
from typing import NamedTuple

import numpy as np

from .adaptive_exponential import NEURON, check_neuron, constants
from .contract import ms, mV, nS, pA, pF
from .membrane import step_record
from .upstroke import advance, closed_form

SOLVER = closed_form
check = check_neuron


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
    refractory_input: bool = False  # keep input that arrives during refractoriness, decayed, until its end


class State(NamedTuple):
    V_m: mV = -70.6              # membrane potential
    w: pA = 0.0                  # adaptation current
    I: pA = 0.0                  # current that arrived in the step before
    refractory_spikes: mV = 0.0  # input kept until the end of refractoriness
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    spikes: mV = 0.0
    current: pA = 0.0


Step = step_record(*NEURON, "decay", "keep")     # of input that is kept; 1 with refractory_input, else 0


def derive(p, dt):
    return Step(**constants(p, dt), decay=np.exp(-dt * p.g_L / p.C_m), keep=1.0 * p.refractory_input)


def update(s, c, x, solve):
    jump = x.spikes + s.refractory_spikes
    V, w, r, spiked, left = advance(c, s.V_m, s.w, s.r, c.drive + c.per_C * s.I, c.leak, 0.0, 0.0, jump, solve)
    return State(V, w, x.current, c.decay * c.keep * left, r), spiked
