"""pulsepacket_generator: packets of spikes, normally distributed around given times, the same for every target (NEST's model).

A packet has `activity` spikes at pulse_time + sdev n, n normal; those outside the active window are lost. As in NEST a spike
from the step that ends at t is stamped t + dt, and stamps origin + start <= t < origin + stop are active (in NEST with a
shortest delay of one step; with longer ones NEST asks at the beginning of each exchange interval only).

Packets are drawn step by step, exactly in law: each spike that is left falls into this step with the probability
h = (F(k + 1) - F(k)) / (1 - F(k)), F being the normal distribution function; h stands in a timetable. Packets that overlap
need a place each; the parameter overlap, which NEST does not have, says how many places there are.
"""
from math import erfc, sqrt
from typing import Annotated, Any, NamedTuple

import numpy as np

from .arithmetic import each, moved, total
from .chance import binomial_count
from .contract import Along, ParameterError, Supplied, active_window, ms, require, times

EMITS = "counts"
REACH = 6.5                      # standard deviations; less than one spike in 10^10 lies beyond
HALF_TICK = 5e-4                 # ms: NEST rounds times to microseconds, then up to steps


class Params(NamedTuple):
    pulse_times: times = ()      # centres of the packets
    activity: int = 0            # spikes in a packet
    sdev: ms = 0.0               # standard deviation of spike times
    overlap: int = 4             # how many packets may overlap, those 13 sdev apart at most
    start: ms = 0.0              # begin, relative to origin
    stop: ms = np.inf            # end, relative to origin
    origin: ms = 0.0             # shift of start and stop


class State(NamedTuple):
    gone: Annotated[float, Along("overlap")] = 0.0        # spikes of a packet that have been


class Inputs(NamedTuple):
    u: Annotated[float, Supplied("uniform"), Along("overlap")]
    share: Annotated[float, Supplied("series"), Along("overlap")]   # h while a packet lasts, 0 between packets


class Step(NamedTuple):
    activity: float
    most: float


def check(p):
    require(np.asarray(p.activity) >= 0, "activity", p.activity, "0 or more")
    require(p.sdev >= 0, "sdev", p.sdev, "0 ms or more")
    require((np.asarray(p.overlap) >= 1) & (np.asarray(p.overlap) <= 12), "overlap", p.overlap, "1 to 12")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def derive(p, dt):
    return Step(activity=1.0 * p.activity, most=1.0 * p.activity * p.overlap)


def shares(centre, sdev, first, last, dt):
    """First step of a packet, and h of this step and those that follow."""
    ends = centre + REACH * sdev * np.array([-1.0, 1.0])
    low, high = np.clip(np.ceil((ends - HALF_TICK) / dt), first, last)
    edges = np.arange(low - 1, min(high + 1, last)) * dt + HALF_TICK         # step k takes what lies between k - 1 and k
    edges[0] = max(edges[0], first * dt - HALF_TICK)
    beyond = np.array([1.0 if e <= ends[0] else 0.0 if e >= ends[1] else 0.5 * erfc((e - centre) / (sqrt(2.0) * sdev))
                       for e in edges])
    left = np.append(1.0, beyond[1:-1] + (1.0 - beyond[0]))                  # spikes before the window are never drawn
    return int(low), -np.diff(beyond) / np.maximum(left[:len(edges) - 1], 1e-300)


def timetable(p, dt):
    overlap = int(np.max(p.overlap))
    found: list[list[Any]] = [[([0], [0], [0.0])] for _ in range(overlap)]
    windows = zip(*(np.broadcast_to(v, len(p.pulse_times)) for v in (p.sdev, *active_window(p, dt, ahead=1))))
    for i, (centres, (sdev, first, last)) in enumerate(zip(p.pulse_times, windows)):
        free = np.zeros(overlap)                             # from when on a place is free
        for centre in np.sort(centres):
            k, h = shares(centre, sdev, first, last, dt)
            if (h > 0).any():
                place, n = int(np.argmin(free)), len(h)
                if free[place] > k:
                    raise ParameterError(f"pulse_times: more than overlap = {overlap} packets overlap at {centre} ms")
                free[place] = k + n + 1
                found[place].append((np.arange(k, k + n + 1), np.full(n + 1, i), np.append(np.maximum(h, 1e-300), 0.0)))
    return {f"share_{j + 1}": tuple(np.concatenate(a) for a in zip(*f)) for j, f in enumerate(found)}


def bound(c):
    return c.most


def kept(gone, found, share):
    return gone + found if share > 0.0 else 0.0


def update(s, c, x):
    found = each(binomial_count, x.u, each(moved, c.activity, s.gone, -1.0), x.share)
    return State(each(kept, s.gone, found, x.share)), int(total(found))
