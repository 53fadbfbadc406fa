"""Brunel's random balanced network, as a distribution: rates, irregularity and correlation over seeds, against NEST."""
import math

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.recorders.statistics import interval_cv, mean_correlation
from nestling.recorders.trains import Window

ORDER, G, ETA, EPSILON, J, DELAY = 100, 5.0, 2.0, 0.1, 0.1, 1.5
NE, NI = 4 * ORDER, ORDER
CE, CI = int(EPSILON * NE), int(EPSILON * NI)
NEURON = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
RATE = 1e3 * ETA * NEURON["V_th"] / (J * CE * NEURON["tau_m"]) * CE
BEGIN, END = 200.0, 800.0
SEEDS = range(1, 6)


def here(backend, seed):
    """Spike times and senders of E and I."""
    sim = nl.Simulator(seed=seed, backend=backend)
    populations = [sim.create(nl.iaf_psc_delta, n, params=NEURON) for n in (NE, NI)]
    recorders = [sim.create(nl.spike_recorder) for _ in populations]
    everyone = sum(populations)
    sim.connect(sim.create(nl.poisson_generator, rate=RATE), everyone, weight=J, delay=DELAY)
    sim.connect(populations[0], everyone, rule=nl.fixed_indegree(CE), weight=J, delay=DELAY)
    sim.connect(populations[1], everyone, rule=nl.fixed_indegree(CI), weight=-G * J, delay=DELAY)
    for population, recorder in zip(populations, recorders):
        sim.connect(population, recorder)
    res = sim.simulate(END)
    return [res.events(recorder, plain=True) for recorder in recorders]


def theirs(nest, seed):
    nest.ResetKernel()
    nest.resolution, nest.rng_seed = 0.1, seed
    populations = [nest.Create("iaf_psc_delta", n, params=NEURON) for n in (NE, NI)]
    recorders = [nest.Create("spike_recorder") for _ in populations]
    everyone = populations[0] + populations[1]
    noise = nest.Create("poisson_generator", params=dict(rate=RATE))
    nest.Connect(noise, everyone, syn_spec=dict(weight=J, delay=DELAY))
    nest.Connect(populations[0], everyone, dict(rule="fixed_indegree", indegree=CE), dict(weight=J, delay=DELAY))
    nest.Connect(populations[1], everyone, dict(rule="fixed_indegree", indegree=CI), dict(weight=-G * J, delay=DELAY))
    for population, recorder in zip(populations, recorders):
        nest.Connect(population, recorder)
    nest.Simulate(END)
    events = [recorder.events for recorder in recorders]
    return [(e["times"], e["senders"] - population[0].global_id) for e, population in zip(events, populations)]


def describe(populations):
    """Rate (1/s), CV and correlation of E, then of I."""
    out = []
    for (times, senders), n in zip(populations, (NE, NI)):
        keep = np.flatnonzero(times > BEGIN + 0.05)
        keep = keep[np.argsort(times[keep], kind="stable")]
        times_kept, senders_kept, window = times[keep], senders[keep], Window(BEGIN, END, 0.1)
        first = senders_kept < 100
        out += [len(keep) / n / (END - BEGIN) * 1e3, np.nanmean(interval_cv(times_kept, senders_kept, n)),
                mean_correlation(times_kept[first], senders_kept[first], 100, window, 2.0)]
    return out


@pytest.fixture(scope="module")
def measured(nest, backend):
    """Ours and NEST's: (seeds, 6)."""
    return np.array([describe(here(backend, s)) for s in SEEDS]), np.array([describe(theirs(nest, s)) for s in SEEDS])


@pytest.mark.parametrize("column, name, relative", [
    (0, "rate of E", "NETWORK_RATE"), (1, "CV of E", "NETWORK_CV"), (2, "correlation of E", None),
    (3, "rate of I", "NETWORK_RATE"), (4, "CV of I", "NETWORK_CV"), (5, "correlation of I", None),
], ids=lambda x: str(x).replace(" ", "_"))
def test_brunels_network_agrees_in_distribution(measured, tolerances, column, name, relative):
    a, b = (m[:, column] for m in measured)
    error = math.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))
    allowed = tolerances.NETWORK_STANDARD_ERRORS * error
    if relative:
        allowed = max(allowed, getattr(tolerances, relative) * b.mean())
    print(f"{name}: {a.mean():.4g} +- {a.std(ddof=1):.2g}, NEST {b.mean():.4g} +- {b.std(ddof=1):.2g}, allowed {allowed:.2g}")
    assert abs(a.mean() - b.mean()) < allowed
