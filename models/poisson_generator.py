"""poisson_generator: a Poisson process of constant rate; every target receives a train of its own (NEST's model).

A step may hold several spikes. Active for origin + start < t <= origin + stop, t being the time stamp of a spike.
"""
from typing import NamedTuple

import numpy as np

from .contract import Hz, active_window, clock, ms, poisson, require

EMITS = "counts"
PER_CONNECTION = True


class Params(NamedTuple):
    rate: Hz = 0.0               # mean number of spikes a second
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    n: poisson
    step: clock


class Step(NamedTuple):
    n: float                     # mean count of a step
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require((p.rate >= 0) & (p.rate <= 1e9), "rate", p.rate, "finite, 0 to 1e9 Hz")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt)
    return Step(n=p.rate * dt * 1e-3, first=first, last=last)


def update(s, c, x):
    return State(), x.n if (x.step >= c.first) & (x.step < c.last) else 0
