"""inhomogeneous_poisson_generator: a Poisson process whose rate jumps at given times; every target receives a train of its own
(NEST's model of this name).

The rate is rate_values[i] for spikes stamped rate_times[i] or later, 0 before the first; a negative rate gives no spikes. As in
NEST, rate_times are counted from t = 0: origin, start and stop say when the device is on, and do not shift them. A step may
hold several spikes. NEST 3.10 is on a step later than it documents, and so is this model: for origin + start + dt < t <=
origin + stop + dt, t being the time stamp of a spike.
"""
from typing import NamedTuple

import numpy as np

from .chance import poisson_count
from .contract import active_window, clock, ms, rates, require, series, times, uniform
from .generators import changes, most_of_poisson

EMITS = "counts"
PER_CONNECTION = True


class Params(NamedTuple):
    rate_times: times = ()             # when the rate changes, in ascending order
    rate_values: rates = ()            # what it changes to, in spikes a second
    allow_offgrid_times: bool = False  # round rate_times up to the grid
    start: ms = 0.0                    # begin, relative to origin
    stop: ms = np.inf                  # end, relative to origin
    origin: ms = 0.0                   # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    u: uniform
    rate: series
    step: clock


class Step(NamedTuple):
    seconds: float                     # in a step
    largest: float                     # of the node's mean counts in a step
    first: int                         # first active step
    last: int                          # first step that is active no more


def check(p):
    require(p.stop >= p.start, "stop", p.stop, "start or later")
    for v in p.rate_values:
        require(np.asarray(v) <= 1e9, "rate_values", v, "finite, at most 1e9 Hz")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=-1)
    largest = np.array([np.max(v, initial=0.0) for v in p.rate_values]) * dt * 1e-3
    return Step(seconds=dt * 1e-3, largest=largest, first=first, last=last)


def timetable(p, dt):
    return {"rate": changes("rate", p.rate_times, p.rate_values, p.allow_offgrid_times, dt)}


def bound(c):
    return most_of_poisson(c.largest)


def update(s, c, x):
    mean = c.seconds * max(x.rate, 0.0) if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.seconds
    return State(), poisson_count(x.u, mean)
