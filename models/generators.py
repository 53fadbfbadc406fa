"""What several generators share: waves that do not drift, values and spikes at given times, bounds of Poisson counts."""
from __future__ import annotations

from typing import Any

import numpy as np

from .contract import ParameterError, grid_steps, require

PARTS = 2**28            # parts of a turn in which whole numbers count: exact for as many steps as the engine can run
WINDOW = ("start", "stop", "origin")


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


def stamps(name: str, t: np.ndarray, offgrid: bool, dt: float) -> np.ndarray:
    """Times in steps; one that is not on the grid is an error, or rounded up with `offgrid`, as in NEST."""
    ticks = np.asarray(t) / dt
    near = np.rint(ticks)
    off = np.abs(ticks - near) > 1e-6
    if off.any() and not offgrid:
        raise ParameterError(f"{name}: {t[np.argmax(off)]} ms is no multiple of dt = {dt} ms; "
                             f"set allow_offgrid_times=True to round it up")
    return np.where(off, np.ceil(ticks), near).astype(np.int64)


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
        found = stamps(f"{what}_times", t, offgrid[i], dt)
        wrong = np.diff(found, prepend=0) <= 0
        if wrong.any():
            raise ParameterError(f"{what}_times: {t[np.argmax(wrong)]} ms must be above 0 ms, and in a later step than "
                                 f"the time before it")
        steps.append(found - 1)
        nodes.append(np.full(len(t), i))
    return np.concatenate(steps), np.concatenate(nodes), np.concatenate([np.zeros(0), *values])


def check_train(p: Any) -> None:
    """Refuse spike_times and spike_multiplicities that NEST refuses."""
    for t, n in zip(p.spike_times, p.spike_multiplicities):
        require(np.isfinite(t) & (t > 0), "spike_times", t, "finite and above 0 ms")
        require(np.diff(t, prepend=0.0) >= 0, "spike_times", t, "in ascending order")
        require(n >= 0, "spike_multiplicities", n, "0 or more")
        if len(n) not in (0, len(t)):
            raise ParameterError(f"spike_multiplicities has {len(n)} entries; it must have one for each of the "
                                 f"{len(t)} spike_times, or none")


def train(p: Any, dt: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, nodes and counts for `schedule`: the spikes at p.spike_times + origin with start < time - origin <= stop."""
    steps, nodes, numbers = ([np.zeros(0, np.int64)] for _ in range(3))
    size = len(p.spike_times)
    windows = zip(*(np.broadcast_to(grid_steps(n, t, dt), size) for n, t in zip(WINDOW, (p.start, p.stop, p.origin))))
    offgrid = np.broadcast_to(p.allow_offgrid_times, size)
    for i, (t, n, (start, stop, origin)) in enumerate(zip(p.spike_times, p.spike_multiplicities, windows)):
        found = stamps("spike_times", t, offgrid[i], dt)
        n = np.asarray(n, np.int64) if len(n) else np.ones(len(t), np.int64)
        keep = (found > start) & (found <= stop) & (n > 0)
        steps.append(found[keep] + int(origin) - 1)          # a spike of step k carries the stamp k + 1
        nodes.append(np.full(keep.sum(), i))
        numbers.append(n[keep])
    return np.concatenate(steps), np.concatenate(nodes), np.concatenate(numbers)
