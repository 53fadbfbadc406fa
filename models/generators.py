"""What several generators share: waves that do not drift, values that change at given times, bounds of Poisson counts."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import ParameterError

PARTS = 2**28            # parts of a turn in which whole numbers count: exact for as many steps as the engine can run


def wave(frequency: Any, phase: Any, dt: float) -> tuple[Any, Any, Any]:
    """A wave (Hz, degrees) as `turns` wants it: whole parts of a turn in a step, the rest in turns a step, turns at t = 0."""
    per_step = np.asarray(frequency) * dt * 1e-3
    whole = np.rint(per_step * PARTS).astype(np.int64)
    return whole % PARTS, per_step - whole / PARTS, np.asarray(phase) / 360.0


def turns(k: int, whole: int, rest: float, phase: float) -> float:
    """The phase of a wave after k steps, less whole turns."""
    return ((k * whole) & (PARTS - 1)) * (1.0 / PARTS) + (k * rest + phase)


def most_of_poisson(mean: Any) -> Any:
    """A number of events that `chance.poisson_count` never exceeds."""
    return np.ceil(mean + 8.0 * np.sqrt(mean)) + 20.0


def changes(what: str, times: Any, values: Any, offgrid: Any, dt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, nodes and values for `timetable`; node i has values[i] from times[i] on.

    A value of time t holds in the step that ends at t and in those that follow, as in NEST. Raises ParameterError as NEST does:
    times must be above 0, increasing, and multiples of dt, unless `offgrid` is set, which rounds them up.
    """
    steps, nodes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    offgrid = np.broadcast_to(offgrid, len(times))
    for i, (t, v) in enumerate(zip(times, values)):
        if len(t) != len(v):
            raise ParameterError(f"{what}_values has {len(v)} entries: must have {len(t)}, as many as {what}_times")
        ticks = np.asarray(t) / dt
        near = np.rint(ticks)
        off = np.abs(ticks - near) > 1e-6
        if off.any() and not offgrid[i]:
            raise ParameterError(f"{what}_times: {t[np.argmax(off)]} ms is no multiple of dt = {dt} ms; "
                                 f"set allow_offgrid_times=True to round it up")
        stamps = np.where(off, np.ceil(ticks), near).astype(np.int64)
        wrong = np.diff(stamps, prepend=0) <= 0
        if wrong.any():
            raise ParameterError(f"{what}_times: {t[np.argmax(wrong)]} ms must be above 0 ms, and in a later step than "
                                 f"the time before it")
        steps.append(stamps - 1)
        nodes.append(np.full(len(t), i))
    return np.concatenate(steps), np.concatenate(nodes), np.concatenate([np.zeros(0), *values])
