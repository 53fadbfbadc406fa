"""hh_psc_alpha: Hodgkin-Huxley neuron with alpha-shaped synaptic currents.

    C_m dV/dt = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) + I_syn_ex + I_syn_in + I_e + I(t),

gates of Hodgkin and Huxley (1952), see hodgkin_huxley.py; a spike of weight w evokes the current w e (t / tau) exp(-t / tau),
tau being tau_syn_ex, or tau_syn_in where w is negative. The currents are exact; to the solver they are the parabola through
their values at the begin, the middle and the end of the step. Parameters, defaults and events are those of NEST's model of
this name: integration, arriving spikes, then the search for a spike, a maximum of V above 0 mV at least t_ref after the last.
"""
from typing import NamedTuple

import numpy as np

from .contract import ms, mV, not_negative, nS, pA, pF, positive, refractory_steps
from .hodgkin_huxley import rates
from .solvers import staggered

RECEPTORS = {0: ("ex", "inh")}
SOLVER = staggered


class Params(NamedTuple):
    g_Na: nS = 12000.0           # peak conductance of sodium
    g_K: nS = 3600.0             # peak conductance of potassium
    g_L: nS = 30.0               # leak conductance
    C_m: pF = 100.0              # membrane capacitance
    E_Na: mV = 50.0              # reversal potentials
    E_K: mV = -77.0
    E_L: mV = -54.402
    tau_syn_ex: ms = 0.2         # rise times of the currents
    tau_syn_in: ms = 2.0
    t_ref: ms = 2.0              # refractory period: shortest time between two spikes
    I_e: pA = 0.0                # constant input current


class State(NamedTuple):
    V_m: mV = -65.0              # membrane potential
    Act_m: float = 0.05293248525724958      # activation of sodium, its inactivation, activation of potassium
    Inact_h: float = 0.5961207535084603
    Act_n: float = 0.3176769140606974
    I_syn_ex: pA = 0.0           # synaptic currents
    I_syn_in: pA = 0.0
    dI_ex: float = 0.0           # their slopes but for the decay (pA/ms)
    dI_in: float = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: pA = 0.0
    inh: pA = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    h: ms
    per_C: float                 # 1 / C_m
    g_Na: nS
    g_K: nS
    g_L: nS
    E_Na: mV
    E_K: mV
    I_e: pA                      # with the leak's g_L E_L
    half_ex: float               # decay of the currents in half a step
    half_in: float
    peak_ex: float               # e / tau: the slope that a spike of 1 pA begins with
    peak_in: float
    n_ref: float


def check(p):
    positive(p, "C_m", "tau_syn_ex", "tau_syn_in")
    not_negative(p, "t_ref", "g_Na", "g_K", "g_L")


def derive(p, dt):
    return Step(dt, 1.0 / p.C_m, p.g_Na, p.g_K, p.g_L, p.E_Na, p.E_K, p.I_e + p.g_L * p.E_L, np.exp(-0.5 * dt / p.tau_syn_ex),
                np.exp(-0.5 * dt / p.tau_syn_in), np.e / p.tau_syn_ex, np.e / p.tau_syn_in, refractory_steps(p.t_ref, dt))


def derivatives(y, a):
    (V, m, h, n, t), (c, I, slope, bend) = y, a
    m_up, m_down, h_up, h_down, n_up, n_down = rates(V)
    g_Na, g_K = c.g_Na * (m * m) * (m * h), c.g_K * (n * n) * (n * n)
    J = (g_Na * c.E_Na + g_K * c.E_K + c.I_e + I + t * (slope + t * bend)) * c.per_C
    return ((J, m_up, h_up, n_up, 1.0), (-(c.g_L + g_Na + g_K) * c.per_C, -m_up - m_down, -h_up - h_down, -n_up - n_down, 0.0))


def update(s, c, x, solve):
    k, p, q = 0.5 * c.h, c.half_ex, c.half_in
    middle = p * (s.I_syn_ex + k * s.dI_ex) + q * (s.I_syn_in + k * s.dI_in)
    I_ex, I_in = p * p * (s.I_syn_ex + c.h * s.dI_ex), q * q * (s.I_syn_in + c.h * s.dI_in)
    begin, end = s.I_syn_ex + s.I_syn_in, I_ex + I_in
    slope, bend = (4.0 * middle - 3.0 * begin - end) / c.h, 2.0 * (begin - 2.0 * middle + end) / (c.h * c.h)
    V, m, h, n, _ = solve(derivatives, (s.V_m, s.Act_m, s.Inact_h, s.Act_n, 0.0), c.h, (c, s.I + begin, slope, bend))
    spiked = (s.r <= 0.0) & (V >= 0.0) & (s.V_m > V)
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(V, m, h, n, I_ex, I_in, p * p * s.dI_ex + c.peak_ex * x.ex, q * q * s.dI_in + c.peak_in * x.inh, x.current,
                 r), spiked
