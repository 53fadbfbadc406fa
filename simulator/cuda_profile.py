"""Where the time of a run on a GPU goes: its launches, timed one by one, and what they say afterwards.

A plain run replays a graph of launches, between which the GPU hardly waits. A profiled one launches each kernel by itself, with
a mark of time before and after, so that launching takes longer; the kernels' own times are those of a plain run.
"""
from __future__ import annotations

import time
from typing import Any

import numpy as np

from .cuda_device import Launch
from .layout import EVENTS, SPIKES
from .plan import Block
from .profile import Share, Timing, share_of

PHASES = ("generators", "planned spikes", "neurons", "delivery")


class LaunchClock:
    """What the launches of one slice took, summed over a run."""

    def __init__(self, launches: list[Launch], min_delay: int) -> None:
        self.launches, self.min_delay, self.timing = launches, min_delay, Timing()
        self.seconds = np.zeros(len(launches))
        self.launching = 0.0

    def time(self, device: Any, launches: list[Launch]) -> None:
        """Launch some slices' kernels, one after another."""
        began = time.perf_counter()
        taken = np.array(device.timed(launches))
        self.launching += time.perf_counter() - began - taken.sum()
        self.seconds += taken.reshape(-1, len(self.launches)).sum(axis=0)

    def note(self, words: np.ndarray) -> None:
        """Take over the numbers of spikes and synaptic events of a stretch of the run."""
        self.timing.spikes += int(words[SPIKES])
        self.timing.events["delivery"] = self.timing.events.get("delivery", 0) + int(words[EVENTS])

    def read(self, steps: int) -> Timing:
        """The timing of a run of so many steps."""
        timing = self.timing
        timing.slices = -(-steps // self.min_delay)
        timing.shares = [self.share(one, steps, np.array([s])) for one, s in zip(self.launches, self.seconds) if one.what]
        timing.phases = {phase: np.array([sum(s for one, s in zip(self.launches, self.seconds) if one.label == phase)])
                         for phase in PHASES if any(one.label == phase for one in self.launches)}
        spent = self.launching + self.seconds.sum()
        timing.phases |= {"launching": np.array([self.launching]), "host": np.array([timing.ended - timing.began - spent])}
        return timing

    def share(self, launch: Launch, steps: int, seconds: np.ndarray) -> Share:
        """Of a block, or of the generators that share a kernel."""
        if isinstance(launch.what[0], Block):
            return share_of(launch.what[0], launch.what[0].size, steps, seconds)
        numbers = sorted({d.wire.projection.index for d in launch.what})
        of = f"connection{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
        return Share("generators", launch.what[0].model.name, of, sum(d.size for d in launch.what), steps, seconds)
