"""A network of all that a checkpoint holds. As a script (CHECKPOINT BACKEND THREADS MS OUT) it goes on with its run."""
from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nestling import simulator as nl
from nestling.models.contract import clock, pA, poisson


class Params(NamedTuple):
    amplitude: pA = 400.0


class Phase(NamedTuple):
    n: int = 0


class Inputs(NamedTuple):
    step: clock
    drawn: poisson


class Constants(NamedTuple):
    amplitude: pA
    drawn: float


class Sawtooth:
    """A user's generator with a state in each of its connections: a current that grows by chance, and falls."""

    EMITS, PER_CONNECTION = "current", True
    Params, State, Inputs, Step = Params, Phase, Inputs, Constants

    def derive(p, dt):
        return Constants(p.amplitude, 0.1 + 0.0 * p.amplitude)

    def bound(c):
        return np.abs(c.amplitude)

    def update(s, c, x):
        return Phase((s.n + x.drawn) % 50), c.amplitude * (s.n % 50) / 50.0


@nl.rule(longest=6, by="source")
def steps_ahead(index, n, draw, out, reach=3):
    for i in range(reach):
        out[i] = (index + 1 + i + int(nl.uniform(draw, i) * 2)) % n
    return reach


def build(backend: str, threads: int | None = 1, precision: str = "double") -> nl.Simulator:
    """40 neurons of two models in space, and what drives and records them; recorders are the last three populations."""
    sim = nl.Simulator(0.1, seed=5, threads=threads, backend=backend, precision=precision)
    a = sim.create(nl.iaf_psc_exp, params=dict(V_m=nl.init.Uniform(-70.0, -56.0), I_e=250.0), positions=nl.spatial.grid([5, 5]))
    b = sim.create(nl.iaf_cond_exp, 15, V_th=nl.init.Normal(-55.0, 0.5), I_e=np.linspace(200.0, 400.0, 15))
    parrots = sim.create(nl.parrot_neuron, 3)
    for model, to, given in ((nl.poisson_generator, a, dict(rate=4000.0)), (nl.noise_generator, a[:5], dict(std=100.0, dt=0.7)),
                             (nl.ac_generator, b, dict(amplitude=80.0, frequency=40.0)), (Sawtooth, a[5:], {}),
                             (nl.step_current_generator, a[:9], dict(amplitude_times=[4.1, 30.3, 44.0],
                                                                     amplitude_values=[80.0, -50.0, 9.0])),
                             (nl.gamma_sup_generator, parrots, dict(rate=300.0, gamma_shape=4)),
                             (nl.spike_generator, b[:4], dict(spike_times=np.arange(1.0, 1000.0, 1.7).round(1))),
                             (nl.sinusoidal_poisson_generator, parrots, dict(rate=200.0, amplitude=100.0, frequency=20.0))):
        sim.connect(sim.create(model, **given), to, weight=5.0 if model is not nl.spike_generator else 1.0, delay=1.2)
    drawn = dict(weight=nl.dist.Normal(20.0, 5.0), delay=nl.dist.Uniform(0.4, 4.0))
    sim.connect(a, a, rule=nl.fixed_indegree(6), **drawn)
    sim.connect(a, b, rule=nl.pairwise_bernoulli(0.3), weight=nl.dist.LogNormal(0.0, 0.3), delay=1.5)
    sim.connect(b, a, rule=nl.fixed_outdegree(4), comm="procedural", weight=nl.dist.Normal(-30.0, 8.0),
                delay=nl.dist.Uniform(1.0, 3.0))
    sim.connect(a, a, rule=steps_ahead(reach=2), comm="procedural", weight=10.0, delay=0.9)
    sim.connect(a, a, rule=nl.fixed_prob(p=0.4 * nl.spatial_distributions.gaussian(nl.distance, std=0.3),
                                         mask=nl.spatial.circular(0.5) - nl.spatial.circular(0.15)),
                weight=8.0 * nl.distance + nl.dist.Exponential(3.0), delay=0.5 + nl.distance)
    sim.connect(parrots, a[:12], rule=nl.explicit_edges([0, 1, 2, 0], [3, 4, 5, 11], weight=[9.0, 8.0, 30.0, 7.0]), delay=0.8)
    spikes, trace, other = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.7), \
        sim.create(nl.multimeter, record_from=["g_ex", "g_in"], interval=1.0, start=20.0)
    sim.connect(a + b + parrots, spikes)
    sim.connect(sim.populations[3], spikes)
    sim.connect(trace, a)
    sim.connect(other, b)
    return sim


def change(sim: nl.Simulator) -> None:
    """What a user may set while a run goes on."""
    a, b, calls = *sim.populations[:2], sim.network.projections
    for p in calls:
        if p.sources[0].population.name == "iaf_psc_exp" and not p.procedural and p.targets[0].population.index == 0:
            found = sim.get_connections(synapse=p)
            found[::3].set(weight=found.weight[::3] * 0.7 + 1.0)
    first = sim.get_connections(source=sim.populations[3], synapse=calls[0])
    first[:3].set(weight=7.5)
    sim.disconnect(sim.get_connections(target=b[2], synapse=calls[9]))
    b.set(I_e=nl.dist.Uniform(250.0, 350.0))
    a[3:6].set(V_m=-60.0)


def recorded(sim: nl.Simulator, results: list[nl.Results]) -> list[np.ndarray]:
    """Everything recorded, in one list of arrays."""
    spikes, trace, other = sim.populations[-3:]
    takers: list[Any] = [lambda r: r.events(spikes, plain=True)[0], lambda r: r.events(spikes)[1],
                         lambda r: r.trace(trace, plain=True), lambda r: r.trace_times(other, plain=True),
                         lambda r: r.trace(other, "g_ex", plain=True), lambda r: r.trace(other, "g_in", plain=True)]
    return [np.concatenate([take(r) for r in results]) for take in takers]


if __name__ == "__main__":
    path, backend, threads, ms, out = sys.argv[1:]
    if backend == "cuda":
        sys.path.insert(0, str(Path(__file__).parents[1] / "cuda"))
        from nestling.simulator import cuda
        try:
            cuda.open_device("double")
        except nl.NotAvailable:
            import emulated
            cuda._device = emulated.EmulatedDevice()
    sim = nl.Simulator.load(path, backend=backend, threads=int(threads))
    np.savez(out, *recorded(sim, [sim.cont(float(ms))]), time=sim.time)
