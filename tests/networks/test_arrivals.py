"""Synapses of differing delays arrive by the calendar: each spike at each target, at its time, with its weight, none lost."""
from __future__ import annotations

import numpy as np
import pytest

from nestling import simulator as nl


def currents(sim: nl.Simulator, cells: nl.NodeView, windows: list[float]) -> np.ndarray:
    """The synaptic current of cells whose synapses last one step: what arrived in each step; (steps, cells)."""
    meter = sim.create(nl.multimeter, record_from=["I_syn_ex"], interval=sim.dt)
    sim.connect(meter, cells)
    traces = [(sim.cont if i else sim.simulate)(t).trace(meter, "I_syn_ex", plain=True) for i, t in enumerate(windows)]
    return np.concatenate(traces)


def cells_of(sim: nl.Simulator, n: int) -> nl.NodeView:
    return sim.create(nl.iaf_psc_exp, n, tau_syn_ex=1e-3, V_th=1e9)       # a current of one step: it is gone in the next


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("longest", [7, 8, 9, 200])
def test_every_spike_arrives_once_at_its_time_with_its_weight(backend, threads, longest):
    rng = np.random.default_rng(longest)
    sim = nl.Simulator(threads=threads, backend=backend)
    times = np.unique(np.sort(rng.integers(1, 60, 25))) * 0.1
    sources, cells = sim.create(nl.spike_generator, 12, spike_times=times), cells_of(sim, 9)
    weights = rng.integers(1, 100, (9, 12)).astype(float)
    steps = rng.integers(1, longest + 1, (9, 12))
    steps[0, 0] = longest
    sim.connect(sources, cells, weight=weights, delay=0.1 * steps)
    found = currents(sim, cells, [1.3, 2.0, 40.0])
    expected = np.zeros_like(found)
    for stamp in np.rint(times * 10).astype(int):
        for t in range(9):
            for s in range(12):
                expected[stamp + steps[t, s] - 1, t] += weights[t, s]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["weights", "one weight"])
def test_calls_that_share_sources_and_nodes_that_stand_twice_make_one_queue(backend, kind):
    # several bundles, bundles of several calls, and a source that is in one of them twice
    sim = nl.Simulator(threads=2, backend=backend)
    source, cells = sim.create(nl.spike_generator, 2, spike_times=[1.0, 1.1, 1.3]), cells_of(sim, 8)
    rng = np.random.default_rng(5)
    expected = np.zeros((200, 8))
    for view, ids in ((source, [0, 1]), (source[[1, 0, 1]], [1, 0, 1]), (source[:1], [0])):
        for part in (slice(0, 4), slice(4, 8), slice(2, 6)):
            n = len(range(8)[part])
            delays = rng.integers(1, 12, (n, len(ids)))
            weights = rng.integers(1, 50, (n, len(ids))) * 1.0 if kind == "weights" else np.full((n, len(ids)), 3.0)
            sim.connect(view, cells[part], weight=weights if kind == "weights" else 3.0, delay=0.1 * delays)
            for i, cell in enumerate(range(8)[part]):
                for j in range(len(ids)):
                    for stamp in (10, 11, 13):
                        expected[stamp + delays[i, j] - 1, cell] += weights[i, j]
    np.testing.assert_allclose(currents(sim, cells, [20.0]), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_calendar_grows_where_more_is_on_its_way_than_it_holds(backend, threads):
    # every node sends a spike in every step, and all are on their way for up to 500 steps
    sim = nl.Simulator(threads=threads, backend=backend)
    source, cells = sim.create(nl.dc_generator, amplitude=1e6), cells_of(sim, 3)
    relays = sim.create(nl.iaf_psc_delta, 20, t_ref=0.1)
    sim.connect(source, relays)
    delays = 0.1 * (1 + np.arange(60).reshape(3, 20) * 499 // 59)
    sim.connect(relays, cells, weight=1.0, delay=delays)
    recorder = sim.create(nl.spike_recorder)
    sim.connect(relays[0], recorder)
    meter = sim.create(nl.multimeter, record_from=["I_syn_ex"], interval=0.1)
    sim.connect(meter, cells)
    res = sim.simulate(120.0)
    sent = np.rint(res.events(recorder, plain=True)[0] * 10).astype(int)
    assert len(sent) > 500
    expected = np.zeros((1200, 3))
    for t in range(3):
        for step in np.rint(delays[t] * 10).astype(int):
            arrived = sent + step - 1
            expected[arrived[arrived < 1200], t] += 1.0
    np.testing.assert_allclose(res.trace(meter, "I_syn_ex", plain=True), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rates", [(0.0, 1e6), (1e6, 0.0)])
def test_what_is_on_its_way_arrives_whole_when_tables_are_made_anew(backend, rates, threads):
    # another rate of the noise makes another scale of the receptor, and other tables; the noise alone is subtracted
    found = []
    for times in ([1.0, 1.5, 1.9], []):
        sim = nl.Simulator(threads=threads, backend=backend)
        source, cells = sim.create(nl.spike_generator, spike_times=times), cells_of(sim, 4)
        noise = sim.create(nl.poisson_generator, rate=rates[0])
        sim.connect(noise, cells, weight=8.0)
        sim.connect(source, cells, weight=[[16.0], [32.0], [64.0], [128.0]], delay=[[0.1], [0.7], [3.0], [9.0]])
        meter = sim.create(nl.multimeter, record_from=["I_syn_ex"], interval=0.1)
        sim.connect(meter, cells)
        traces, exponents = [], []
        for i, rate in enumerate((rates[0], rates[1], rates[0])):
            noise.set(rate=rate)
            traces.append((sim.cont if i else sim.simulate)(2.0 if i < 2 else 10.0).trace(meter, "I_syn_ex", plain=True))
            exponents.append(sim.plan().blocks[0].lanes["ex"].exponent)
        found.append(np.concatenate(traces))
        if times:
            assert exponents == sorted(exponents, reverse=True), "in a run that goes on no scale becomes finer"
            assert len(set(exponents)) > 1 or rates[0] == max(rates), "the scale must change for this to be a test"
    expected = np.zeros((140, 4))
    for stamp in (10, 15, 19):
        for t, (step, weight) in enumerate(((1, 16.0), (7, 32.0), (30, 64.0), (90, 128.0))):
            expected[stamp + step - 1, t] += weight
    np.testing.assert_allclose(found[0] - found[1], expected, rtol=0, atol=1e-6)


def test_a_fresh_run_has_nothing_on_its_way(backend):
    sim = nl.Simulator(backend=backend)
    source, cells = sim.create(nl.spike_generator, spike_times=[1.0]), cells_of(sim, 2)
    sim.connect(source, cells, weight=2.0, delay=[[3.0], [5.0]])
    meter = sim.create(nl.multimeter, record_from=["I_syn_ex"], interval=0.1)
    sim.connect(meter, cells)
    sim.simulate(2.0)
    source.set(spike_times=[50.0])
    assert not sim.simulate(10.0).trace(meter, "I_syn_ex", plain=True).any()
    assert not sim.cont(10.0).trace(meter, "I_syn_ex", plain=True).any()


def test_rings_hold_no_more_than_constant_delays_ask_for(backend):
    slots = []
    for delay in (30.0, nl.dist.Uniform(1.0, 30.0)):
        sim = nl.Simulator(backend=backend)
        a = sim.create(nl.iaf_psc_exp, 10)
        sim.connect(a, a, delay=delay)
        slots.append(sim.plan().slots)
    assert slots == ([512, 1] if backend == "cpu" else [512, 512])          # a GPU delivers at once, to rows of all delays
