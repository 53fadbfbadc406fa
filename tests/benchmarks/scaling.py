"""How cost grows: a step with the number of neurons, a synaptic event with the in-degree.

python tests/benchmarks/scaling.py
"""
import statistics
import time

from common import print_table

from nestling import simulator as nl

NEURON = dict(C_m=1.0, tau_m=20.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)


def seconds(n, indegree, weight, rate, duration, repeats=3):
    """Median seconds of a run, its spikes, and the synaptic events that they made."""
    sim = nl.Simulator(dt=0.1, seed=1, threads=1)
    neurons = sim.create(nl.iaf_psc_delta, n, params=NEURON)
    noise, spikes = sim.create(nl.poisson_generator, rate=rate), sim.create(nl.spike_recorder)
    sim.connect(noise, neurons, weight=0.1, delay=1.5)
    if indegree:
        sim.connect(neurons, neurons, rule=nl.fixed_indegree(indegree), weight=weight, delay=1.5, seed=1)
    sim.connect(neurons, spikes)
    sim.simulate(10.0)
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        res = sim.simulate(duration)
        times.append(time.perf_counter() - begin)
    return statistics.median(times), res.n_events(spikes), res.n_events(spikes) * indegree


rows = []
for n in (1_000, 10_000, 100_000):
    t, _, _ = seconds(n, 0, 0.0, 20_000.0, 10_000_000.0 / n)
    rows.append([f"{n:,}", f"{t / 1e8 * 1e9:.2f}"])
print("a step with Poisson input, by number of neurons")
print_table(["neurons", "ns a neuron and step"], rows)

rows = []
for n, indegree in ((10_000, 10), (10_000, 100), (10_000, 1_000), (10_000, 10_000)):
    silent, spikes0, _ = seconds(n, 0, 0.0, 22_000.0, 1000.0)
    # weights of zero: the same spikes with and without synapses, so the difference is delivery alone
    t, spikes1, events = seconds(n, indegree, 0.0, 22_000.0, 1000.0)
    assert spikes0 == spikes1
    rows.append([f"{n:,}", f"{indegree:,}", f"{events / 1e6:.0f} M", f"{(t - silent) / events * 1e9:.2f}"])
print("a synaptic event, by in-degree")
print_table(["neurons", "in-degree", "events", "ns an event"], rows)
