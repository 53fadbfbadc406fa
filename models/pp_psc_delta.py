"""pp_psc_delta: point-process neuron with a leaky membrane, delta-shaped input and an adapting threshold.

Jolivet, Rauch, Luescher and Gerstner 2006, J. Comput. Neurosci. 21:35; Pozzorini et al. 2013, Nat. Neurosci. 16:942. With V
relative to rest, dV/dt = -V / tau_m + (I_e + I(t)) / C_m; an arriving spike moves V by its weight (mV). Spikes come at the rate

    lambda = max(0, c_1 U + c_2 exp(c_3 U)),    U = V - E_sfa,    E_sfa = sum_i q_i,    tau_sfa_i dq_i/dt = -q_i.

A spike adds q_sfa to the q_i and, with_reset, sets V to 0; then none comes for dead_time (of gamma-distributed length with
dead_time_random), rounded up to whole steps, while V and q_i move on. A step has at most one spike, but where dead_time is 0 a
Poisson-distributed number. Exact propagators; NEST's order of events: V takes its input, q_i decay, then chance decides.
"""
from typing import Annotated, Any, NamedTuple, cast

import numpy as np

from .adaptation import adapted, sfa_each, thresholds
from .arithmetic import exp, total
from .chance import happens, poisson_count, waiting
from .contract import Along, Hz, Supplied, ms, mV, pA, pF, refractory_steps, require, times, uniform

EMITS, MOST = "counts", 100      # spikes of a neuron without dead time in one step
STAGES = range(1, 13)            # of a random dead time: the engine tells a step's random numbers apart with 4 bits


class Params(NamedTuple):
    tau_m: ms = 10.0             # membrane time constant
    C_m: pF = 250.0              # membrane capacitance
    dead_time: ms = 1.0          # no spikes so long after one
    dead_time_random: bool = False  # draw the dead time anew for every spike
    dead_time_shape: int = 1     # shape of its gamma distribution
    with_reset: bool = True      # a spike sets V to 0
    I_e: pA = 0.0                # constant input current
    c_1: float = 0.0             # linear part of the rate (Hz/mV)
    c_2: Hz = 1.238              # exponential part
    c_3: float = 0.25            # its exponent (1/mV)
    tau_sfa: times = ()          # decay times of the threshold's adaptation, and what a spike adds
    q_sfa: thresholds = ()


class State(NamedTuple):
    V_m: mV = 0.0                # membrane potential
    E_sfa: mV = 0.0              # threshold
    sfa: sfa_each = 0.0          # q_i as the next step finds them
    I: pA = 0.0                  # current that arrived in the step before
    r: float = 0.0               # steps of dead time left
    awake: float = 1.0           # exp(-stages left of a random dead time): below 1 there are no spikes


class Inputs(NamedTuple):
    spikes: mV = 0.0
    current: pA = 0.0
    chance: uniform = 0.0
    stages: Annotated[float, Supplied("uniform", when="random"), Along("dead_time_shape")] = 0.0


class Step(NamedTuple):
    P_V: float                   # decay of V
    V_I: float                   # what a pA adds to V
    I_e: pA
    P_sfa: sfa_each
    q_sfa: sfa_each
    linear: float                # c_1 dt, and c_2 dt
    exponential: float
    c_3: float
    kept: float                  # of V after a spike: 0 with_reset
    random: float                # growth of `awake` in a step; 0 where the dead time is not drawn
    n_dead: float


def check(p):
    for name in ("tau_m", "C_m", "tau_sfa"):
        require(np.asarray(getattr(p, name)) > 0, name, getattr(p, name), "above 0")
    require(p.dead_time >= 0, "dead_time", p.dead_time, "0 ms or more")
    require(p.c_3 >= 0, "c_3", p.c_3, "0 or more")
    require(np.isin(p.dead_time_shape, list(STAGES)), "dead_time_shape", p.dead_time_shape, "1 to 12: each draws a number")


def derive(p, dt):
    dead, where = np.maximum(p.dead_time, dt) * (np.asarray(p.dead_time) > 0), cast(Any, np.where)
    stages = where(p.dead_time_random, (dead > 0) * p.dead_time_shape * dt / np.maximum(dead, dt), 0.0)      # left in a step
    left = np.exp(-dt / p.tau_sfa)
    return Step(P_V=np.exp(-dt / p.tau_m), V_I=-np.expm1(-dt / p.tau_m) * p.tau_m / p.C_m, I_e=p.I_e, P_sfa=left,
                q_sfa=left * p.q_sfa, linear=1e-3 * dt * p.c_1, exponential=1e-3 * dt * p.c_2, c_3=p.c_3,
                kept=where(p.with_reset, 0.0, 1.0), random=np.expm1(stages),
                n_dead=where((stages > 0) | (dead == 0), 0.0, refractory_steps(dead, dt)))


def bound(c):
    return np.where(c.n_dead + c.random > 0, 1, MOST)


def update(s, c, x):
    V, E_sfa = c.P_V * s.V_m + c.V_I * (c.I_e + s.I) + x.spikes, total(s.sfa)
    expected = max(c.linear * (V - E_sfa) + c.exponential * exp(c.c_3 * (V - E_sfa)), 0.0)
    expected = min(expected, 1.0 * MOST) if (s.r <= 0.0) & (s.awake >= 1.0) else 0.0
    n = int(happens(x.chance, expected)) if c.n_dead + c.random > 0.0 else min(poisson_count(x.chance, expected), MOST)
    awake = waiting(x.stages) if (n > 0) & (c.random > 0.0) else min(s.awake + c.random * s.awake, 1.0)
    return State(c.kept * V if n > 0 else V, E_sfa, adapted(s.sfa, c.P_sfa, c.q_sfa, 1.0 * n), x.current,
                 c.n_dead if n > 0 else max(s.r - 1.0, 0.0), awake), n
