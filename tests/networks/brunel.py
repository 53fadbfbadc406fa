"""The random network of most tests of promises, and how its results are compared."""
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nestling import simulator as nl


@dataclass
class Brunel:
    """A random network of 400 excitatory and 100 inhibitory neurons, its simulator and its recorders."""

    sim: nl.Simulator
    excitatory: Any
    inhibitory: Any
    spikes: Any
    voltage: Any
    recurrent: Any

    def take(self, results: list[nl.Results]) -> list[np.ndarray]:
        """Everything recorded, in one list of arrays: times, senders, times of samples, samples."""
        return [np.concatenate([f(r) for r in results]) for f in (
            lambda r: r.events(self.spikes, plain=True)[0], lambda r: r.events(self.spikes)[1],
            lambda r: r.trace_times(self.voltage, plain=True), lambda r: r.trace(self.voltage, plain=True))]


def brunel(backend: str, *, threads: int | None = 1, seed: int = 1, precision: str = "double", varied: bool = False,
           before: Callable | None = None, connect_seed: int = 1) -> Brunel:
    """Brunel (2000), scaled down; `varied` draws weights, delays, thresholds and initial values at random.

    before: called with the simulator and the neurons before the projection with seed=connect_seed is made.
    """
    sim = nl.Simulator(0.1, seed=seed, threads=threads, precision=precision, backend=backend)
    neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
    if varied:
        neuron |= dict(V_th=nl.init.Normal(20.0, 0.5), V_m=nl.init.Uniform(0.0, 19.0))
    excitatory, inhibitory = sim.create(nl.iaf_psc_delta, 400, params=neuron), sim.create(nl.iaf_psc_delta, 100, params=neuron)
    noise = sim.create(nl.poisson_generator, rate=20_000.0)
    spikes, voltage = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.7)
    if before is not None:
        before(sim, excitatory, inhibitory)
    strong = dict(weight=nl.dist.Normal(-0.5, 0.1), delay=nl.dist.Uniform(0.4, 2.7)) if varied else dict(weight=-0.5, delay=1.5)
    weak = dict(weight=nl.dist.LogNormal(-2.5, 0.5), delay=nl.dist.Normal(1.5, 0.5, min=0.3, max=4.0)) if varied else \
        dict(weight=0.1, delay=1.5)
    both = excitatory + inhibitory
    sim.connect(noise, both, weight=0.1, delay=1.5, seed=3)
    recurrent = sim.connect(excitatory, both, rule=nl.fixed_indegree(40), seed=connect_seed, **weak)
    sim.connect(inhibitory, both, rule=nl.fixed_indegree(10), seed=2, **strong)
    sim.connect(both, spikes)
    sim.connect(voltage, excitatory[:5] + inhibitory[90:])
    return Brunel(sim, excitatory, inhibitory, spikes, voltage, recurrent)


def assert_same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    """Equal bit for bit, and not empty."""
    assert all(len(x) for x in a)
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


def same_spikes(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])
