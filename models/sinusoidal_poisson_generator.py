"""sinusoidal_poisson_generator: a Poisson process with a sinusoidally modulated rate (NEST's model of this name).

    lambda(t) = max(0, rate + amplitude sin(2 pi frequency t + phase)),

t being the time since the beginning of the simulation; a step takes lambda at its end, and may hold several spikes. Every
target receives a train of its own, or with individual_spike_trains=False (in NEST to be set with SetDefaults) all targets the
same. Active for origin + start <= t < origin + stop, t being the time stamp of a spike: measured, NEST's window for currents.
"""
from typing import Annotated, Any, NamedTuple

import numpy as np

from .arithmetic import sin_turns
from .chance import poisson_count
from .contract import Hz, Supplied, active_window, clock, ms, require
from .generators import most_of_poisson, turns, wave

EMITS = "counts"
PER_CONNECTION = True


class Params(NamedTuple):
    rate: Hz = 0.0               # mean number of spikes a second
    amplitude: Hz = 0.0          # amplitude of the modulation
    frequency: Hz = 0.0          # frequency of the modulation
    phase: float = 0.0           # phase of the modulation at t = 0 (degrees)
    individual_spike_trains: bool = True  # a train for each target, not one for all
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    pass


class Inputs(NamedTuple):
    own: Annotated[float, Supplied("uniform", when="individual")]
    common: Annotated[float, Supplied("uniform", when="alike", shared=True)]
    step: clock


class Step(NamedTuple):
    mean: float                  # mean count of a step
    amplitude: float             # of the modulation, as a count
    whole: int                   # the wave in steps: see `turns`
    rest: float
    phase: float
    individual: int              # 1 with individual_spike_trains, else 0
    alike: int                   # the reverse
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require(np.abs(p.rate) + np.abs(p.amplitude) <= 1e9, "rate", p.rate, "finite, with amplitude at most 1e9 Hz")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=1)
    whole, rest, phase = wave(p.frequency, p.phase, dt)
    individual: Any = 1 * np.asarray(p.individual_spike_trains)
    return Step(mean=p.rate * dt * 1e-3, amplitude=p.amplitude * dt * 1e-3, whole=whole, rest=rest, phase=phase,
                individual=individual, alike=1 - individual, first=first, last=last)


def bound(c):
    return most_of_poisson(np.maximum(c.mean + np.abs(c.amplitude), 0.0))


def update(s, c, x):
    mean = c.mean + c.amplitude * sin_turns(turns(x.step + 1, c.whole, c.rest, c.phase))
    mean = mean if (x.step >= c.first) & (x.step < c.last) else 0.0 * c.mean
    return State(), poisson_count(x.own if c.individual != 0 else x.common, mean)
