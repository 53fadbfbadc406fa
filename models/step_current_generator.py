"""step_current_generator: a current that jumps at given times, constant in between (NEST's model of this name).

amplitude_values[i] flows from amplitude_times[i] on, the current is 0 before the first. As in NEST, amplitude_times are
counted from t = 0: origin, start and stop say when the device is on, and do not shift them. Delays are those of dc_generator:
a change at time t reaches V_m of a target after t + delay.
"""
from typing import Any, NamedTuple

import numpy as np

from .contract import active_window, clock, currents, ms, pA, require, series, times
from .generators import changes

EMITS = "current"
PER_CONNECTION = True


class Params(NamedTuple):
    amplitude_times: times = ()        # when the current changes, in ascending order
    amplitude_values: currents = ()    # what it changes to
    allow_offgrid_times: bool = False  # round amplitude_times up to the grid
    start: ms = 0.0                    # begin, relative to origin
    stop: ms = np.inf                  # end, relative to origin
    origin: ms = 0.0                   # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    amplitude: series
    step: clock


class Step(NamedTuple):
    largest: pA                        # of the node's values, in magnitude
    first: int                         # first active step
    last: int                          # first step that is active no more


def check(p):
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=1)      # as of dc_generator
    largest: Any = np.array([np.max(np.abs(v), initial=0.0) for v in p.amplitude_values])
    return Step(largest=largest, first=first, last=last)


def timetable(p, dt):
    return {"amplitude": changes("amplitude", p.amplitude_times, p.amplitude_values, p.allow_offgrid_times, dt)}


def bound(c):
    return c.largest


def update(s, c, x):
    return State(), x.amplitude if (x.step >= c.first) & (x.step < c.last) else 0.0 * x.amplitude
