"""noise_generator: a current drawn anew at regular intervals, for every target its own (NEST's model of this name).

Every dt ms, from the first active step on,

    I = mean + sqrt(std^2 + std_mod^2 sin(2 pi frequency t + phase)) n,    n normal, mean 0, variance 1,

and I flows until the next draw, which comes at once where parameters are set of which I cannot be. As in NEST, t counts from
the step before the device is switched on, not from the beginning of the simulation. Delays are those of dc_generator.
"""
from math import sqrt
from typing import Any, NamedTuple

import numpy as np

from .arithmetic import sin_turns
from .contract import Hz, active_window, clock, grid_steps, ms, normal, pA, require
from .generators import turns, wave

EMITS = "current"
PER_CONNECTION = True
LARGEST = 6.5                    # a normal number of the engine is never larger


class Params(NamedTuple):
    mean: pA = 0.0               # mean of the current
    std: pA = 0.0                # standard deviation of the current
    std_mod: pA = 0.0            # modulation of the standard deviation, at most std
    frequency: Hz = 0.0          # of the modulation
    phase: float = 0.0           # of the modulation (degrees)
    dt: ms = 1.0                 # time between two draws
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    I: pA = 0.0                  # drawn last
    wait: int = 0                # steps until the next draw


class Inputs(NamedTuple):
    n: normal
    step: clock


class Step(NamedTuple):
    mean: pA
    var: float
    var_mod: float
    largest: pA
    whole: int                   # the modulation in steps: see `turns`
    rest: float
    phase: float
    interval: int                # steps between two draws
    first: int                   # first active step
    last: int                    # first step that is active no more


def check(p):
    require(p.std >= 0, "std", p.std, "0 pA or more")
    require((p.std_mod >= 0) & (p.std_mod <= p.std), "std_mod", p.std_mod, "0 pA or more, and at most std")
    require(p.dt > 0, "dt", p.dt, "above 0 ms")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    first, last = active_window(p, dt, ahead=1)      # as of dc_generator
    whole, rest, phase = wave(p.frequency, p.phase, dt)
    interval: Any = grid_steps("dt", p.dt, dt)
    require(interval >= 1, "dt", p.dt, f"a multiple of the simulator's dt = {dt:g} ms")
    return Step(mean=p.mean, var=p.std**2, var_mod=p.std_mod**2, largest=np.abs(p.mean) + LARGEST * np.hypot(p.std, p.std_mod),
                whole=whole, rest=rest, phase=phase, interval=interval, first=first, last=last)


def bound(c):
    return c.largest


def update(s, c, x):
    active = (x.step >= c.first) & (x.step < c.last)
    var = c.var + c.var_mod * sin_turns(turns(int(x.step - c.first) + 1, c.whole, c.rest, c.phase))
    due = active & ((s.wait == 0) | (abs(s.I) > c.largest))
    I = c.mean + sqrt(max(var, 0.0)) * x.n if due else s.I
    wait = c.interval if due else s.wait
    return State(I, wait - 1 if active else wait), I if active else 0.0 * I
