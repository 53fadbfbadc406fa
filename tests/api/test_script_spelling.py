"""Scripts written for brainpy.state's Simulator run with other imports; each spelling means what it says."""
from __future__ import annotations

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl

REST = dict(E_L=0.0 * u.mV, V_reset=0.0 * u.mV, V_th=15.0 * u.mV)


def only(sim, what="projections"):
    (found,) = getattr(sim.network, what)
    return found


def two(backend, n=8, m=5):
    sim = nl.Simulator(dt=0.1 * u.ms, backend=backend)
    return sim, sim.create(nl.iaf_psc_delta, n), sim.create(nl.iaf_psc_delta, m)


def table(sim, source, target, weight=1.0, **options):
    """The connections that a call makes, as (targets, sources) counts: from the targets' answer to one spike a source."""
    n, m = len(source), len(target)
    base = sim.network
    times = sim.create(nl.spike_generator, n, spike_times=[[1.0 + i] for i in range(n)])
    relays, volt = sim.create(nl.parrot_neuron, n), sim.create(nl.voltmeter, interval=1.0)
    cells = sim.create(nl.iaf_psc_delta, m, params=dict(**REST, V_m=0.0, tau_m=1e300))
    sim.connect(times, relays, rule=nl.one_to_one, delay=0.1)
    sim.connect(relays, cells, weight=weight, delay=0.5, **options)
    sim.connect(volt, cells)
    trace = sim.simulate(n + 3.0).trace(volt, plain=True)
    sim.network = base
    return np.rint(np.diff(trace, axis=0, prepend=0.0)[1:n + 1].T / weight).astype(int)


def test_a_small_script_in_that_spelling_runs_from_end_to_end(backend):
    size, recorded = 60, 20
    neuron = dict(C_m=1.0 * u.pF, tau_m=15.0 * u.ms, t_ref=1.5 * u.ms, **REST, V_initializer=nl.init.Constant(5.0 * u.mV))
    sim = nl.Simulator(dt=0.1 * u.ms, backend=backend)
    exc = sim.create(nl.iaf_psc_delta, 4 * size, params=neuron)
    inh = sim.create(nl.iaf_psc_delta, size, params=neuron)
    drive = sim.create(nl.poisson_generator, rate=12_000.0 * u.Hz)
    exc_rec, inh_rec = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
    for cells in (exc, inh):
        sim.connect(drive, cells, weight=0.2 * u.mV, delay=1.0 * u.ms, rule=nl.all_to_all)
    for cells, degree, weight, seed in ((exc, 24, 0.2, 1), (inh, 6, -1.0, 2)):
        sim.connect(cells, exc + inh, weight=weight * u.mV, delay=1.0 * u.ms, rule=nl.fixed_indegree(degree), comm="sparse",
                    allow_multapses=True, seed=seed)
    sim.connect(exc[:recorded], exc_rec)
    sim.connect(inh[:recorded], inh_rec)
    res = sim.simulate(200.0 * u.ms)
    for rec in (exc_rec, inh_rec):
        population = rec.segments[0].population
        spikes = np.asarray(res.spikes(population))
        assert spikes.shape == (2000, recorded)
        assert 5.0 < res.rate(population) < 200.0
        assert res.rate(population) == res.rate(rec) == pytest.approx(spikes.sum() / recorded / 0.2)
        steps, ids = np.nonzero(spikes > 0)
        times, senders = res.events(rec, plain=True)
        np.testing.assert_allclose((steps + 1) * 0.1, times)
        np.testing.assert_array_equal(ids, senders)
    assert res.n_events(exc_rec) != res.n_events(inh_rec)


def test_a_recorder_s_population_stands_for_the_recorder_in_all_results(backend):
    sim, a, _ = two(backend)
    rec, volt = sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(sim.create(nl.poisson_generator, rate=20.0 * u.kHz), a, weight=3.0 * u.mV)
    sim.connect(a, rec)
    sim.connect(volt, a)
    res = sim.simulate(20.0 * u.ms)
    for read in (res.rate, res.n_events, res.rates, res.spikes, res.size, res.duration, lambda r: res.events(r)[1]):
        np.testing.assert_array_equal(read(rec.segments[0].population), read(rec))
    assert res.n_events(rec) > 0
    np.testing.assert_array_equal(res.trace(volt.segments[0].population, "V_m", plain=True), res.trace(volt, plain=True))


def test_keywords_win_over_params(backend):
    sim = nl.Simulator(backend=backend)
    sim.create(nl.iaf_psc_delta, 3, params=dict(tau_m=15.0 * u.ms, C_m=100.0 * u.pF), tau_m=20.0 * u.ms)
    assert only(sim, "populations").params == dict(tau_m=20.0, C_m=100.0)


def test_params_are_left_as_they_were(backend):
    params = dict(tau_m=15.0 * u.ms, V_initializer=nl.init.Normal(1.0, 2.0, unit=u.mV))
    before = dict(params)
    sim = nl.Simulator(backend=backend)
    sim.create(nl.iaf_psc_delta, 3, params=params, C_m=1.0)
    sim.create(nl.iaf_psc_delta, 3, params=params)
    assert params == before
    assert [p.params for p in sim.network.populations] == [dict(tau_m=15.0, C_m=1.0), dict(tau_m=15.0)]


@pytest.mark.parametrize("given, expected", [
    (3.5, 3.5), (3.5 * u.mV, 3.5), (nl.init.Constant(3.5), 3.5), (nl.init.Constant(3.5 * u.mV), 3.5),
    (nl.init.Constant(3.5, unit=u.mV), 3.5), (np.arange(4.0), [0.0, 1.0, 2.0, 3.0]), ([4, 5, 6, 7], [4.0, 5.0, 6.0, 7.0]),
    (np.arange(4.0) * u.mV, [0.0, 1.0, 2.0, 3.0]), (nl.init.Constant(np.arange(4.0)), [0.0, 1.0, 2.0, 3.0]),
], ids=str)
def test_v_initializer_takes_numbers_quantities_arrays_and_constants(backend, given, expected):
    sim = nl.Simulator(backend=backend)
    cells = sim.create(nl.iaf_psc_delta, 4, V_initializer=given, E_L=3.0)
    assert len(cells) == 4
    (block,) = sim.plan().blocks
    np.testing.assert_array_equal(block.state[0], np.broadcast_to(expected, 4))


@pytest.mark.parametrize("initial, low, high, mean", [
    (nl.init.Normal(10.0, 2.0, unit=u.mV), 0.0, 20.0, 10.0), (nl.init.Normal(std=2.0 * u.mV, mean=9.0 * u.mV), 0.0, 20.0, 9.0),
    (nl.init.Uniform(5.0, 7.0, unit=u.mV), 5.0, 7.0, 6.0), (nl.init.Normal(0.0, 3.0, min=0.0, max=9.0), 0.0, 9.0, 2.39),
    (nl.init.LogNormal(1.0, 0.1), 1.5, 5.0, np.exp(1.005)),
], ids=str)
def test_v_initializer_takes_distributions(backend, initial, low, high, mean):
    sim = nl.Simulator(backend=backend)
    sim.create(nl.iaf_psc_delta, 4000, params=dict(V_initializer=initial))
    values = sim.plan().blocks[0].state[0]
    assert low <= values.min() and values.max() <= high and len(set(values)) > 3900
    assert abs(values.mean() - mean) < 4 * values.std() / np.sqrt(4000)


def test_v_initializer_is_another_name_of_v_m(backend):
    states = []
    for given in (dict(V_initializer=nl.init.Normal(-60.0, 2.0)), dict(V_m=nl.init.Normal(-60.0, 2.0))):
        sim = nl.Simulator(backend=backend)
        sim.create(nl.iaf_psc_delta, 50, params=given)
        states.append(sim.plan().blocks[0].state[0])
    np.testing.assert_array_equal(*states)


def test_the_names_of_distributions_are_those_of_weights_and_of_initial_values():
    for name in ("Constant", "Normal", "Uniform", "LogNormal"):
        assert getattr(nl.init, name) is getattr(nl.dist, name)


def test_sparse_and_dense_are_the_same_connections(backend):
    options = dict(rule=nl.fixed_indegree(3), seed=1)
    tables = []
    for comm in ("sparse", "dense"):
        sim, a, b = two(backend)
        tables.append(table(sim, a, b, comm=comm, **options))
    np.testing.assert_array_equal(*tables)
    assert (tables[0].sum(axis=1) == 3).all()


def test_rules_without_parameters_are_written_with_or_without_parentheses(backend):
    sim, a, b = two(backend)
    for rule in (nl.all_to_all, nl.all_to_all(), None):
        np.testing.assert_array_equal(table(sim, a, b, rule=rule), np.ones((5, 8), int))
    for rule in (nl.one_to_one, nl.one_to_one()):
        np.testing.assert_array_equal(table(sim, b, b, rule=rule), np.eye(5, dtype=int))


def test_a_seed_names_a_projection_s_random_numbers(backend):
    def drawn(seed, before=0):
        sim, a, b = two(backend)
        for _ in range(before):
            sim.connect(a, b, rule=nl.fixed_indegree(1))
        return table(sim, a, b, rule=nl.fixed_indegree(3), seed=seed)
    np.testing.assert_array_equal(drawn(1), drawn(1, before=3))
    assert (drawn(1) != drawn(2)).any()
    assert (drawn(None) != drawn(None, before=1)).any()


def test_allow_multapses_and_autapses_are_switches(backend):
    sim, a, _ = two(backend, n=6)
    assert table(sim, a, a, rule=nl.fixed_indegree(6), allow_multapses=True, seed=1).max() > 1
    np.testing.assert_array_equal(table(sim, a, a, rule=nl.fixed_indegree(6), allow_multapses=False, seed=1), np.ones((6, 6)))
    sim.connect(a, a, rule=nl.fixed_indegree(5), allow_multapses=False, allow_autapses=False)
    assert sim.plan().synapses[0] == 30


def test_sizes_may_be_shapes(backend):
    sim = nl.Simulator(backend=backend)
    assert sim.create(nl.iaf_psc_delta, (6, 7)).size == 42 and sim.create(nl.iaf_psc_delta, (5,)).size == 5


def test_weight_and_delay_are_1_unless_given(backend):
    sim, a, b = two(backend)
    sim.connect(a, b)
    assert (only(sim).weight, only(sim).delay, repr(only(sim).rule)) == (1.0, 1.0, "all_to_all")


def test_simulate_starts_afresh_and_cont_goes_on(backend):
    sim, a, _ = two(backend)
    rec = sim.create(nl.spike_recorder)
    sim.connect(sim.create(nl.poisson_generator, rate=15_000.0 * u.Hz), a, weight=2.0 * u.mV, delay=1.5 * u.ms)
    sim.connect(a, rec)
    whole, again = (sim.simulate(30.0 * u.ms).events(rec, plain=True) for _ in range(2))
    np.testing.assert_array_equal(whole, again)
    first, second = sim.simulate(10.0 * u.ms), sim.cont(20.0 * u.ms)
    np.testing.assert_array_equal(np.hstack([first.events(rec, plain=True), second.events(rec, plain=True)]), whole)
    assert len(whole[0]) > 20 and (second.times_ms[0], len(second.times_ms)) == (pytest.approx(10.1), 200)
