"""hh_cond_exp_traub: Hodgkin-Huxley neuron with the currents of Traub and Miles (1991) and exponential conductances.

    C_m dV/dt = -g_L (V - E_L) - g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I(t),

rates of the gates as in Brette et al. (2007), J. Comput. Neurosci. 23:349; a spike raises g_ex by its weight (nS), or g_in by
minus its weight if negative. Parameters, defaults and order of events are those of NEST's model of this name: integration,
arriving spikes, then the search for a spike, a maximum of V above V_T + 30 mV at least t_ref after the last; V is not reset.
"""
from typing import NamedTuple

from .contract import ms, mV, not_negative, nS, pA, pF, positive, refractory_steps
from .solvers import staggered
from .traub_miles import rates

RECEPTORS = {0: ("ex", "inh")}
SOLVER = staggered


class Params(NamedTuple):
    g_Na: nS = 20000.0           # peak conductance of sodium
    g_K: nS = 6000.0             # peak conductance of potassium
    g_L: nS = 10.0               # leak conductance
    C_m: pF = 200.0              # membrane capacitance
    E_Na: mV = 50.0              # reversal potentials
    E_K: mV = -90.0
    E_L: mV = -60.0
    E_ex: mV = 0.0
    E_in: mV = -80.0
    V_T: mV = -63.0              # shift of the gates' rates, which sets the threshold
    tau_syn_ex: ms = 5.0         # decay of the conductances
    tau_syn_in: ms = 10.0
    t_ref: ms = 2.0              # refractory period: shortest time between two spikes
    I_e: pA = 0.0                # constant input current


class State(NamedTuple):
    V_m: mV = -60.0              # membrane potential
    Act_m: float = 9.895563096746586e-09    # activation of sodium (NEST's initial values)
    Inact_h: float = 0.999999999106396      # its inactivation
    Act_n: float = 2.551577051602551e-07    # activation of potassium
    g_ex: nS = 0.0               # synaptic conductances
    g_in: nS = 0.0
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # refractory steps left


class Inputs(NamedTuple):
    ex: nS = 0.0
    inh: nS = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    h: ms
    per_C: float                 # 1 / C_m
    g_Na: nS                     # the parameters of these names
    g_K: nS
    g_L: nS
    E_Na: mV
    E_K: mV
    E_ex: mV
    E_in: mV
    V_T: mV
    I_e: pA                      # with the leak's g_L E_L
    decay_ex: float              # -1 / tau_syn_ex
    decay_in: float
    n_ref: float


def check(p):
    positive(p, "C_m", "tau_syn_ex", "tau_syn_in")
    not_negative(p, "t_ref", "g_Na", "g_K", "g_L")


def derive(p, dt):
    return Step(h=dt, per_C=1.0 / p.C_m, g_Na=p.g_Na, g_K=p.g_K, g_L=p.g_L, E_Na=p.E_Na, E_K=p.E_K, E_ex=p.E_ex, E_in=p.E_in,
                I_e=p.I_e + p.g_L * p.E_L, V_T=p.V_T, decay_ex=-1.0 / p.tau_syn_ex, decay_in=-1.0 / p.tau_syn_in,
                n_ref=refractory_steps(p.t_ref, dt))


def derivatives(y, a):
    (V, m, h, n, g_ex, g_in), (c, I) = y, a
    m_up, m_down, h_up, h_down, n_up, n_down = rates(V - c.V_T)
    g_Na, g_K = c.g_Na * (m * m) * (m * h), c.g_K * (n * n) * (n * n)
    J = (g_Na * c.E_Na + g_K * c.E_K + g_ex * c.E_ex + g_in * c.E_in + c.I_e + I) * c.per_C
    G = (c.g_L + g_Na + g_K + g_ex + g_in) * c.per_C
    return (J, m_up, h_up, n_up, 0.0, 0.0), (-G, -m_up - m_down, -h_up - h_down, -n_up - n_down, c.decay_ex, c.decay_in)


def update(s, c, x, solve):
    V, m, h, n, g_ex, g_in = solve(derivatives, (s.V_m, s.Act_m, s.Inact_h, s.Act_n, s.g_ex, s.g_in), c.h, (c, s.I))
    spiked = (s.r <= 0.0) & (V >= c.V_T + 30.0) & (s.V_m > V)
    r = c.n_ref if spiked else s.r - 1.0 if s.r > 0.0 else s.r
    return State(V, m, h, n, g_ex + x.ex, g_in - x.inh, x.current, r), spiked
