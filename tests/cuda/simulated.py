"""Tiny networks on the CPU and under numba's CUDA simulator, where kernels are Python.

NUMBA_ENABLE_CUDASIM=1 python tests/cuda/simulated.py

Prints a line for each model, device and kind of synapse: its name, and whether spikes and states were the same bit for bit.
"""
import types
import warnings

import numpy as np

from nestling import simulator as nl
from nestling.models.reading import is_model, read_model

MODELS = [m for m in vars(nl).values() if isinstance(m, types.ModuleType) and is_model(m) and hasattr(m, "update")]


def record(sim, nodes, states):
    spikes = sim.create(nl.spike_recorder)
    sim.connect(nodes, spikes)
    meter = sim.create(nl.multimeter, record_from=list(states), interval=0.1) if states else None
    if meter is not None:
        sim.connect(meter, nodes)
    first, second = sim.simulate(2.0), sim.cont(1.5)
    found = [x for r in (first, second) for x in r.events(spikes, plain=True)]
    return found + [r.trace(meter, name, plain=True) for r in (first, second) for name in states]


def neurons(model):
    """Three neurons under a current and spikes at every receptor, each in its own state."""
    def run(backend):
        sim = nl.Simulator(backend=backend, threads=1, seed=11)
        described = read_model(model)
        pulses = dict(pulse_times=[1.0, 2.0], activity=20, sdev=0.3)
        nodes = sim.create(model, 3, params={f.name: pulses[f.name] for f in described.params if f.name in pulses})
        train = sim.create(nl.spike_generator, spike_times=[0.2, 0.3, 1.0, 2.5])
        noise = sim.create(nl.poisson_generator, rate=3000.0)
        for receptor in list(described.spike_receptors)[:2]:
            sim.connect(train, nodes[:2], weight=40.0, delay=0.4, receptor_type=receptor)
            sim.connect(noise, nodes, weight=30.0, delay=0.3, receptor_type=receptor)
        if described.current_receptors:
            sim.connect(sim.create(nl.dc_generator, amplitude=900.0), nodes[1:], delay=0.5)
        receptor = next(iter(described.spike_receptors), None)
        ends = (nodes, receptor) if receptor is not None else (sim.create(nl.parrot_neuron, 2), 0)
        sim.connect(nodes, ends[0], rule=nl.fixed_indegree(2), weight=nl.dist.Normal(20.0, 5.0),
                    delay=nl.dist.Uniform(0.4, 1.2), receptor_type=ends[1])
        return record(sim, nodes, [f.name for f in described.state if f.type is float][:4])
    return run


def generator(model):
    """A generator of spikes or currents onto three neurons, with two delays."""
    def run(backend):
        sim = nl.Simulator(backend=backend, threads=1, seed=11)
        names = {f.name for f in read_model(model).params}
        given = {k: v for k, v in dict(rate=3000.0, amplitude=300.0, mean=300.0, std=100.0, frequency=200.0, gamma_shape=3,
                                       p_copy=0.5, dt=0.2, pulse_times=[1.0], activity=20, sdev=0.3).items() if k in names}
        for name, value in (("rate_times", [0.5, 2.0]), ("rate_values", [3000.0, 9000.0]), ("amplitude_times", [0.3, 2.0]),
                            ("amplitude_values", [200.0, -100.0])):
            if name in names:
                given[name] = value
        source, nodes = sim.create(model, **given), sim.create(nl.iaf_psc_alpha, 3)
        sim.connect(source, nodes[:2], weight=1.0 if read_model(model).emits == "current" else 100.0, delay=0.3)
        sim.connect(source, nodes[1:], weight=2.0, delay=0.6)
        return record(sim, nodes, ["V_m"])
    return run


def synapses(**given):
    """A network of nine neurons with synapses of some kind."""
    def run(backend):
        sim = nl.Simulator(backend=backend, threads=1, seed=4)
        nodes = sim.create(nl.iaf_psc_exp, 9, I_e=900.0, V_m=nl.init.Uniform(-60.0, -55.0))
        sim.connect(nodes[:6], nodes, **given)
        return record(sim, nodes, ["V_m"])
    return run


VARIED = dict(weight=nl.dist.Normal(50.0, 100.0), delay=nl.dist.Uniform(0.3, 2.0))
KINDS = {"constant": synapses(rule=nl.fixed_indegree(4), weight=100.0, delay=0.5),
         "drawn": synapses(rule=nl.fixed_indegree(4), **VARIED),
         "matrix": synapses(weight=np.linspace(-90.0, 90.0, 54).reshape(9, 6), delay=np.tile([0.3, 1.0, 0.5], (9, 2))),
         "procedural": synapses(rule=nl.fixed_outdegree(4), comm="procedural", **VARIED),
         "procedural, constant": synapses(rule=nl.pairwise_bernoulli(0.5, by="source"), comm="procedural", weight=60.0,
                                          delay=0.4)}


def main():
    cases = {m.__name__.rpartition(".")[2]: (generator if read_model(m).per_connection else neurons)(m) for m in MODELS}
    warnings.simplefilter("ignore", RuntimeWarning)
    for name, run in {**cases, **KINDS}.items():
        a, b = run("cpu"), run("cuda")
        same = len(a) == len(b) and all(x.shape == y.shape and (x == y).all() for x, y in zip(a, b))
        changing = any(np.ptp(x) > 0 for x in a if x.size)
        print(f"{name}: {'equal' if same and changing else 'nothing happened' if same else 'DIFFERENT'}")


if __name__ == "__main__":
    main()
