"""Where the time of a CPU run goes: counters that the profiled loop adds to, one row a thread, and what they say afterwards.

The loop reads the clock whenever it has done with something, and adds the time since it last did to that thing's counter: one
reading a lap, and no time is lost between two. Without counters (laps is None) nothing of this is compiled.
"""
from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numba.extending import register_jitable

from .native import address, address_of, clock_gettime
from .plan import Block, Drive
from .profile import Share, Timing, share_of

if TYPE_CHECKING:
    from .cpu import Program

# The words of a row. CLOCK: two words into which the clock is read; LAST: when the last lap ended (ns). Then times of phases
# (ns): OUTSIDE is what passes between two calls of the loop. Then numbers. From FIRST on times of drives and blocks (ns), each
# partition's in the order in which they are called.
CLOCK, LAST, OUTSIDE, ARRIVALS, SAMPLING, LISTING, WAITING, DELIVERY = 0, 2, 3, 4, 5, 6, 7, 8
SLICES, SPIKES, ARRIVED, DELIVERED, FIRST = 9, 10, 11, 12, 13
LINE = 16                                   # words of a pair of cache lines, of which two threads share none
MONOTONIC = int(time.CLOCK_MONOTONIC)


@register_jitable
def lap(laps, place):
    """Add the time since the last lap to a counter."""
    if laps is not None:
        clock_gettime(np.int32(MONOTONIC), address_of(laps))
        now = laps[CLOCK] * 1_000_000_000 + laps[CLOCK + 1]
        laps[place] += now - laps[LAST]
        laps[LAST] = now


@register_jitable
def total_of(numbers):
    """Their sum. A loop of our own: loading a kernel with numba's sum() would import scipy.linalg."""
    total = 0
    for n in numbers:
        total += n
    return total


@register_jitable
def first_of(laps, part, n_parts):
    """Where the times of a partition's drives and blocks begin."""
    return FIRST + (laps.size - FIRST) // n_parts * part


class Laps:
    """The counters of a CPU program, from which the timing of a run is made."""

    def __init__(self, program: Program, timing: Timing) -> None:
        self.program, self.timing, plan = program, timing, program.plan
        words = FIRST + int((program.parts["n_drives"] + program.parts["n_blocks"]).max()) * plan.n_parts
        self.rows = np.zeros((plan.threads, LINE * (words // LINE + 2)), np.int64)
        self.room = (self.rows.shape[1] - FIRST) // plan.n_parts
        program.run_record["laps_at"], program.run_record["lap_words"] = address(self.rows), self.rows.shape[1]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Within, the loop may be called: what passes meanwhile and is not its own, is the host's."""
        self.timing.began = self.timing.began or time.perf_counter()
        self.rows[:, LAST] = time.clock_gettime_ns(MONOTONIC)
        try:
            yield
        finally:
            self.rows[:, OUTSIDE] += time.clock_gettime_ns(MONOTONIC) - self.rows[:, LAST]
            self.timing.ended = time.perf_counter()

    def read(self, steps: int) -> None:
        """Fill in the timing from the counters, after a run of so many steps."""
        timing = self.timing
        timing.shares = self.shares(steps)
        total = {phase: sum((s.seconds for s in timing.shares if s.phase == phase), np.zeros(len(self.rows)))
                 for phase in ("generators", "neurons")}
        timing.phases = {"arrivals": self.seconds(ARRIVALS), **total, "sampling": self.seconds(SAMPLING),
                         "listing spikes": self.seconds(LISTING), "waiting": self.seconds(WAITING),
                         "delivery": self.seconds(DELIVERY), "host": self.seconds(OUTSIDE)}
        timing.slices = int(self.rows[0, SLICES])
        timing.spikes = int(self.rows[:, SPIKES].sum())
        timing.events = {"arrivals": int(self.rows[:, ARRIVED].sum()), "delivery": int(self.rows[:, DELIVERED].sum())}

    def seconds(self, place: int) -> np.ndarray:
        return self.rows[:, place] * 1e-9

    def shares(self, steps: int) -> list[Share]:
        """Of the generators of every connection, and of every block."""
        plan = self.program.plan
        nodes: dict[tuple[int, int], int] = {}
        seconds: dict[tuple[int, int], np.ndarray] = {}
        whose: dict[tuple[int, int], Block | Drive] = {}
        for p in range(plan.n_parts):
            called: list[tuple[tuple[int, int], Block | Drive, int]] = [
                ((0, d.wire.projection.index), d, d.size) for d in plan.drives if d.part == p]
            sizes = [int(b.bounds[p + 1] - b.bounds[p]) for b in plan.blocks]
            called += [((1, i), b, n) for i, (b, n) in enumerate(zip(plan.blocks, sizes)) if n]
            for j, (key, what, n) in enumerate(called):
                whose[key] = what
                nodes[key] = nodes.get(key, 0) + n
                seconds[key] = seconds.get(key, 0.0) + self.seconds(FIRST + self.room * p + j)
        return [share_of(whose[key], nodes[key], steps, seconds[key]) for key in sorted(whose)]
