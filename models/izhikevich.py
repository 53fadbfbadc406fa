"""izhikevich: the two-variable neuron of Izhikevich (2003), IEEE Trans. Neural Netw. 14:1569.

    dV/dt = 0.04 V^2 + 5 V + 140 - U + I,     dU/dt = a (b V - U);     V >= V_th:  V = c, U = U + d,

V in mV, t in ms. A spike adds its weight (mV) to V. The model is its numerical scheme: dynamics and firing patterns of the
published parameters belong to forward Euler steps, so that is what NEST's model of this name takes, and this one too. With
consistent_integration both variables take one step from their old values; without it V takes two half steps and U follows the
new V, as published for steps of 1 ms, and the weights count as currents. Order of events as in NEST: step, input, lower bound
V_min, threshold; a current that arrives in a step acts from the next step on.
"""
from typing import NamedTuple

import numpy as np

from .contract import mV, pA


class Params(NamedTuple):
    a: float = 0.02              # rate of recovery (1/ms)
    b: float = 0.2               # sensitivity of recovery to V
    c: mV = -65.0                # potential after a spike
    d: mV = 8.0                  # what a spike adds to U_m
    V_th: mV = 30.0              # where a spike is cut off
    V_min: mV = -np.inf          # lower bound of the potential
    I_e: pA = 0.0                # constant input current
    consistent_integration: bool = True  # one forward Euler step for both variables


class State(NamedTuple):
    V_m: mV = -65.0              # membrane potential
    U_m: mV = -13.0              # recovery
    I: pA = 0.0                  # current that arrived in the step before


class Inputs(NamedTuple):
    spikes: mV = 0.0
    current: pA = 0.0


class Step(NamedTuple):
    h: float
    a_h: float
    b: float
    c: mV
    d: mV
    V_th: mV
    V_min: mV
    I_e: pA
    half: float                  # h, or h / 2 where V takes two steps
    consistent: float            # 1 with consistent_integration, else 0


def derive(p, dt):
    consistent = np.where(p.consistent_integration, 1.0, 0.0)
    return Step(h=dt, a_h=dt * p.a, b=p.b, c=p.c, d=p.d, V_th=p.V_th, V_min=p.V_min, I_e=p.I_e,
                half=np.where(p.consistent_integration, dt, 0.5 * dt), consistent=consistent)


def update(s, c, x):
    consistent = c.consistent > 0.0
    V, U = s.V_m, s.U_m
    arriving = 0.0 if consistent else x.spikes               # in NEST's order of sums: rounding errors grow here
    V1 = V + (c.half * (0.04 * V * V + 5.0 * V + 140.0 - U + s.I + c.I_e + arriving) + (x.spikes if consistent else 0.0))
    V2 = V1 + c.half * (0.04 * V1 * V1 + 5.0 * V1 + 140.0 - U + s.I + c.I_e + arriving)
    U = U + c.a_h * (c.b * (V if consistent else V2) - U)
    V = max(V1 if consistent else V2, c.V_min)
    spiked = c.V_th <= V
    return State(c.c if spiked else V, U + c.d if spiked else U, x.current), spiked
