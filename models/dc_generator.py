"""dc_generator: a constant current between two times (NEST's model of this name).

The current of the step that covers (t, t + dt] arrives a delay later; it is on while origin + start <= t < origin + stop.
"""
from typing import NamedTuple

import numpy as np

from .contract import clock, ms, pA, require

EMITS = "current"
PER_CONNECTION = True


class Params(NamedTuple):
    amplitude: pA = 0.0          # size of the current
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    step: clock


class Step(NamedTuple):
    amplitude: pA
    first: int
    last: int


def check(p):
    require(np.isfinite(p.amplitude), "amplitude", p.amplitude, "finite")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = (np.clip(np.rint((p.origin + t) / dt), 0, 2**40) for t in (p.start, p.stop))
    return Step(amplitude=p.amplitude, first=first, last=last)


def bound(c):
    return np.abs(c.amplitude)


def update(s, c, x):
    return State(), c.amplitude if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.amplitude
