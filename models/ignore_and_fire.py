"""ignore_and_fire: fires at a rate of its own, whatever input arrives (NEST's model of this name; for benchmarks).

The first spike comes phase / rate after the begin, and a step; intervals are 1 / rate, rounded up to whole steps.
"""
from typing import NamedTuple

from .contract import Hz, pA, refractory_steps, require


class Params(NamedTuple):
    phase: float = 1.0           # share of an interval before the first spike
    rate: Hz = 10.0              # spikes a second


class State(NamedTuple):
    fired: float = 0.0           # 0 until the first spike, then 1
    left: float = 0.0            # steps until the next spike, counted from the begin of the interval


class Inputs(NamedTuple):
    spikes: float = 0.0          # ignored
    current: pA = 0.0            # ignored


class Step(NamedTuple):
    period: float                # steps of an interval
    first: float                 # steps before the first spike


def check(p):
    require((p.phase > 0) & (p.phase <= 1), "phase", p.phase, "above 0, at most 1")
    require(p.rate > 0, "rate", p.rate, "above 0 Hz")


def derive(p, dt):
    period = refractory_steps(1e3 / p.rate, dt)
    require(period >= 1, "rate", p.rate, f"at most one spike a step, {1e3 / dt:g} Hz")
    return Step(period=period, first=refractory_steps(p.phase * 1e3 / p.rate, dt))


def update(s, c, x):
    waited = s.left + 1.0
    spiked = waited > (c.first if s.fired == 0.0 else c.period - 1.0)
    return State(1.0 if spiked else s.fired, 0.0 if spiked else waited), spiked
