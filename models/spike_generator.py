"""spike_generator: emits spikes at given times, the same to every target (NEST's model of this name).

Times are relative to origin; only those in (start, stop] are emitted. A time that is not on the grid is an error, unless
allow_offgrid_times is set, which rounds it up to the end of its step, as in NEST.
"""
from typing import NamedTuple

import numpy as np

from .contract import counts, ms, require, times
from .generators import check_train, train


class Params(NamedTuple):
    spike_times: times = ()             # in ascending order
    spike_multiplicities: counts = ()   # spikes at each time; empty: one each
    start: ms = 0.0                     # begin, relative to origin
    stop: ms = np.inf                   # end, relative to origin
    origin: ms = 0.0                    # shift of all times
    allow_offgrid_times: bool = False   # round times up to the grid


def check(p):
    check_train(p)
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def schedule(p, dt):
    """Steps, nodes and counts of all spikes; node i has p.spike_times[i]."""
    return train(p, dt)
