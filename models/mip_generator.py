"""mip_generator: correlated spike trains by multiple interaction (NEST's model of this name).

A mother Poisson process of the given rate, common to all targets; every target receives each of its spikes with probability
p_copy, independently. A train has the rate p_copy rate, and the counts of two trains are correlated with coefficient p_copy
(Kuhn, Aertsen and Rotter 2003, Neural Comput. 15:67). A step may hold several spikes. Active for origin + start + dt < t <=
origin + stop + dt, t being the time stamp of a spike: NEST 3.10 with a shortest delay of one step. With longer ones NEST
asks at the beginning of each exchange interval only whether the device is on; here delays do not matter.
"""
from typing import NamedTuple

import numpy as np

from .chance import binomial_count
from .contract import Hz, active_window, clock, mother, ms, require, uniform

EMITS = "counts"
PER_CONNECTION = True


class Params(NamedTuple):
    rate: Hz = 0.0               # rate of the mother process
    p_copy: float = 1.0          # probability with which a target receives a spike of it
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    mother: mother
    u: uniform
    step: clock


class Step(NamedTuple):
    mother: float                # mean count of a step
    p_copy: float
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require((p.rate >= 0) & (p.rate <= 1e9), "rate", p.rate, "finite, 0 to 1e9 Hz")
    require((p.p_copy >= 0) & (p.p_copy <= 1), "p_copy", p.p_copy, "0 to 1")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=-1)
    return Step(mother=p.rate * dt * 1e-3, p_copy=p.p_copy, first=first, last=last)


def update(s, c, x):
    n = 1.0 * x.mother if (x.step >= c.first) & (x.step < c.last) else 0.0
    return State(), binomial_count(x.u, n, c.p_copy)
