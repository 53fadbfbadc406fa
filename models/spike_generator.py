"""spike_generator: emits spikes at given times, the same to every target (NEST's model of this name).

Times are relative to origin; only those in (start, stop] are emitted. A time that is not on the grid is an error, unless
allow_offgrid_times is set, which rounds it up to the end of its step, as in NEST.
"""
from typing import NamedTuple

import numpy as np

from .contract import ParameterError, counts, grid_steps, ms, require, times


class Params(NamedTuple):
    spike_times: times = ()             # in ascending order
    spike_multiplicities: counts = ()   # spikes at each time; empty: one each
    start: ms = 0.0                     # begin, relative to origin
    stop: ms = np.inf                   # end, relative to origin
    origin: ms = 0.0                    # shift of all times
    allow_offgrid_times: bool = False   # round times up to the grid


def check(p):
    for t, n in zip(p.spike_times, p.spike_multiplicities):
        require(np.isfinite(t) & (t > 0), "spike_times", t, "finite and above 0 ms")
        require(np.diff(t, prepend=0.0) >= 0, "spike_times", t, "in ascending order")
        require(n >= 0, "spike_multiplicities", n, "0 or more")
        if len(n) not in (0, len(t)):
            raise ParameterError(f"spike_multiplicities has {len(n)} entries; it must have one for each of the "
                                 f"{len(t)} spike_times, or none")
    require(p.stop >= p.start, "stop", p.stop, "start or later")


def schedule(p, dt):
    """Steps, nodes and counts of all spikes; node i has p.spike_times[i]."""
    steps, nodes, numbers = [], [], []
    start, stop, origin, offgrid = (np.broadcast_to(v, len(p.spike_times))
                                    for v in (p.start, p.stop, p.origin, p.allow_offgrid_times))
    shift = grid_steps("origin", origin, dt)
    first, last = shift + grid_steps("start", start, dt), shift + grid_steps("stop", stop, dt)
    for i, (t, n) in enumerate(zip(p.spike_times, p.spike_multiplicities)):
        ticks = (np.asarray(t) + origin[i]) / dt
        near = np.rint(ticks)
        off = np.abs(ticks - near) > 1e-6
        if off.any() and not offgrid[i]:
            raise ParameterError(f"spike_times: {t[np.argmax(off)]} ms is no multiple of dt = {dt} ms; "
                                 f"set allow_offgrid_times=True to round it up")
        stamps = np.where(off, np.ceil(ticks), near).astype(np.int64)
        n = np.asarray(n, np.int64) if len(n) else np.ones(len(t), np.int64)
        keep = (stamps > first[i]) & (stamps <= last[i]) & (n > 0)
        steps.append(stamps[keep] - 1)   # a spike of step k carries the stamp k + 1
        nodes.append(np.full(keep.sum(), i))
        numbers.append(n[keep])
    return np.concatenate(steps), np.concatenate(nodes), np.concatenate(numbers)
