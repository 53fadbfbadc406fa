"""dc_generator: a constant current between two times (NEST's model of this name).

With a delay d the current flows into its target from origin + start + d to origin + stop + d; where origin + start is 0, a
step later, since nothing is sent before t = 0.
"""
from typing import NamedTuple

import numpy as np

from .contract import active_window, clock, ms, pA, require

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
    # what step k sends acts in the step after the one in which it arrives: hence one step ahead, as NEST does
    first, last = active_window(p, dt, ahead=1)
    return Step(amplitude=p.amplitude, first=first, last=last)


def bound(c):
    return np.abs(c.amplitude)


def update(s, c, x):
    return State(), c.amplitude if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.amplitude
