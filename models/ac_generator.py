"""ac_generator: a sinusoidal current between two times (NEST's model of this name).

    I(t) = offset + amplitude sin(2 pi frequency t + phase),

t being the time since the beginning of the simulation, whatever start and origin are. A step carries I at its end; delays and
times are those of dc_generator. NEST turns a phasor from step to step; here the phase follows from the number of the step
in whole numbers, so that it does not drift.
"""
from typing import NamedTuple

import numpy as np

from .arithmetic import sin_turns
from .contract import Hz, active_window, clock, ms, pA, require
from .generators import turns, wave

EMITS = "current"
PER_CONNECTION = True


class Params(NamedTuple):
    amplitude: pA = 0.0          # amplitude of the sine
    offset: pA = 0.0             # constant part of the current
    frequency: Hz = 0.0          # frequency of the sine
    phase: float = 0.0           # phase of the sine at t = 0 (degrees)
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    step: clock


class Step(NamedTuple):
    amplitude: pA
    offset: pA
    whole: int                   # the wave in steps: see `turns`
    rest: float
    phase: float
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=1)      # as of dc_generator
    whole, rest, phase = wave(p.frequency, p.phase, dt)
    return Step(amplitude=p.amplitude, offset=p.offset, whole=whole, rest=rest, phase=phase, first=first, last=last)


def bound(c):
    return np.abs(c.amplitude) + np.abs(c.offset)


def update(s, c, x):
    I = c.offset + c.amplitude * sin_turns(turns(x.step + 1, c.whole, c.rest, c.phase))
    return State(), I if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.offset
