"""Where the time of a run goes, whatever the backend: `print(sim.profile(1000.0))` is a table of it."""
from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from nestling.recorders.results import Results

from .plan import Block, Drive
from .plan_text import brief, rows_of

if TYPE_CHECKING:
    from .simulator import Simulator


@dataclass(frozen=True)
class Share:
    """What the nodes of one block, or the generators of one connection, took.

    phase: "neurons" or "generators"; name: the model's; of: which populations, or which call of connect (numbers as in
    `plan()`); nodes: of generators that draw for each connection, connections; seconds: (threads,).
    """

    phase: str
    name: str
    of: str
    nodes: int
    steps: int
    seconds: np.ndarray

    @property
    def ns(self) -> float:
        """Nanoseconds of one thread for a node and step."""
        return float(self.seconds.sum()) * 1e9 / (self.nodes * self.steps) if self.nodes and self.steps else float("nan")


@dataclass
class Timing:
    """What a backend measures of a run: see Profile. began, ended: the time (time.perf_counter, seconds) of both."""

    slices: int = 0
    phases: dict[str, np.ndarray] = field(default_factory=dict)
    shares: list[Share] = field(default_factory=list)
    spikes: int = 0
    events: dict[str, int] = field(default_factory=dict)
    began: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, repr=False)
class Profile:
    """Where the time of a run went; what `Simulator.profile` returns, and a table when it is printed.

    results: what the run recorded, as `simulate` returns it.
    duration: biological time (ms). steps, slices: how many; all neurons advance through a slice, then its spikes are delivered.
    wall: seconds from the call to its return. running: seconds of the run, without building, compiling and collecting.
    phases: seconds by name, in the order in which they come, each of shape (threads,). While a single thread builds, compiles
    or collects the others have nothing to do, so that this counts for all; of every thread all phases make up `wall`.
    shares: of "neurons" and "generators" what each model and connection took.
    spikes: how many were emitted. events: by the phase that delivered them, how many synapses were reached; k spikes of a node
    in one step reach each k times. What was still on its way at the end of the run is not among them.

    Phases of a GPU: "build", "compile and bind", those of "generators", "planned spikes", "neurons", "procedural synapses" and
    "delivery" that there are (the time of each kernel on the GPU), "launching" (of each by itself, with a mark of time between:
    a plain run replays a graph of launches, which takes less), "host" and "collecting".

    Phases of the CPU: "build" (the plan with its tables), "compile and bind" (both nothing where `plan()` or a run has done
    them), "arrivals" (synapses of differing delays, when their spikes arrive), "generators", "neurons", "sampling" (states for
    multimeters), "listing spikes" (and noting the recorded ones), "waiting" (for other threads), "delivery" (all other
    synapses), "host" (Python around the compiled loop: taking over recorded spikes, progress) and "collecting".

    What measuring costs (`python tests/benchmarks/profiles.py --network brunel --order 100`): a profile of one second of 500
    neurons took 15.6 ms, simulate() 14.3, of which 0.8 ms go into finding the loop that counts; at order 2500 and for
    `--network coba` (4000 neurons) no difference was found, 0.56 and 0.093 s.
    """

    results: Results
    dt: float
    duration: float
    steps: int
    slices: int
    wall: float
    running: float
    phases: dict[str, np.ndarray]
    shares: list[Share]
    spikes: int
    events: dict[str, int]

    @property
    def threads(self) -> int:
        """How many threads ran the network."""
        return len(next(iter(self.phases.values())))

    @property
    def real_time_factor(self) -> float:
        """Seconds of the run for a second of biological time: below 1, the network runs faster than real time."""
        return self.running / (self.duration * 1e-3) if self.duration else float("nan")

    def ns_an_event(self, phase: str = "delivery") -> float:
        """Nanoseconds of one thread for a synaptic event of a phase; NaN where there was none.

        Raises
        ------
        KeyError
            where no events are counted in the phase.
        """
        if phase not in self.events:
            raise KeyError(f"phase = {phase!r}: events are counted in {', '.join(self.events)}")
        n = self.events[phase]
        return float(self.phases[phase].sum()) * 1e9 / n if n else float("nan")

    def __str__(self) -> str:
        lines = [f"Profile: {self.duration:g} ms in {self.steps:,} step{'s' * (self.steps != 1)} of {self.dt:g} ms and "
                 f"{self.slices:,} slice{'s' * (self.slices != 1)}, {self.threads} thread{'s' * (self.threads != 1)}: "
                 f"{self.wall:.3f} s in all, the run {self.running:.3f} s (real-time factor {self.real_time_factor:.3g})"]
        several = self.threads > 1
        each = [f"thread {i}" for i in range(self.threads)] if several else []
        rows = []
        for name, seconds in self.phases.items():
            mean = float(seconds.mean())
            rows.append([name, f"{mean:.4f}", f"{100.0 * mean / self.wall:.1f} %", *(f"{s:.4f}" for s in seconds if several)])
        lines += rows_of(["phase", "seconds", "of all", *each], rows)
        rows = [[s.name, brief(s.of), f"{s.nodes:,}", f"{s.seconds.sum():.4f}", f"{s.ns:.2f}"] for s in self.shares]
        if rows:
            lines += ["neurons and generators"] + rows_of(
                ["model", "of", "nodes", "seconds of all threads" if several else "seconds", "ns a node and step"], rows)
        delivered = [f"{n:,} synaptic events in {phase}, {self.ns_an_event(phase):.2f} ns each"
                     for phase, n in self.events.items() if n]
        lines.append("; ".join([f"{self.spikes:,} spikes", *delivered]))
        return "\n".join(lines)

    __repr__ = __str__


def share_of(what: Block | Drive, nodes: int, steps: int, seconds: np.ndarray) -> Share:
    """The share of a block, or of the drives of one connection."""
    if isinstance(what, Drive):
        return Share("generators", what.model.name, f"connection {what.wire.projection.index}", nodes, steps, seconds)
    numbers = [p.index for p in what.populations]
    of = f"population{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
    if what.model.per_connection:                   # generators that are recorded have trains of their own
        return Share("generators", what.model.name, f"{of}, recorded", nodes, steps, seconds)
    return Share("neurons", what.model.name, of, nodes, steps, seconds)


def profile_run(sim: Simulator, steps: int, progress: bool | None) -> Profile:
    """A fresh run of so many steps, profiled."""
    called = time.perf_counter()
    plan = sim._lowered(going_on=False)
    built = time.perf_counter()
    program = sim._from_start(plan)
    with program.profiled() as timing:
        bound = time.perf_counter()
        results = sim._run(steps, progress)
    done = time.perf_counter()
    every = np.ones_like(timing.phases["host"])
    phases = {"build": (built - called) * every, "compile and bind": (bound - built) * every, **timing.phases}
    phases["host"] = phases["host"] + (timing.began - bound)
    phases["collecting"] = (done - timing.ended) * every
    return Profile(results, sim.dt, steps * sim.dt, steps, timing.slices, done - called, timing.ended - timing.began, phases,
                   timing.shares, timing.spikes, timing.events)
