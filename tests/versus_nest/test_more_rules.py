"""pairwise_poisson, symmetric_pairwise_bernoulli, both directions, and collocated synapses, against NEST."""
from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

SEEDS = range(1, 61)
N, M = 12, 9


def load():
    """The reader of built synapses of the tests of rules."""
    path = Path(__file__).parent.parent / "connect" / "synapse_table.py"
    spec = importlib.util.spec_from_file_location("nestling_tests_synapse_table", path)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def counts_here(rule, same, **switches):
    """How often each pair is connected (targets, sources), both directions together, for every seed."""
    tables = []
    for seed in SEEDS:
        sim = nl.Simulator(seed=seed, threads=1)
        cells = sim.create(nl.iaf_psc_delta, N + M)
        a, b = (cells[:N], cells[:N]) if same else (cells[:N], cells[N:])
        sim.connect(a, b, rule=rule, **switches)
        ids = cells.global_id
        tables.append(sum(s.pairs(ids, ids) for s in load().all_synapses(sim.plan()).values()))
    return np.array(tables)


def counts_there(nest, rule, same):
    tables = []
    for seed in SEEDS:
        nest.ResetKernel()
        nest.rng_seed = seed
        cells = nest.Create("iaf_psc_delta", N + M)
        a, b = (cells[:N], cells[:N]) if same else (cells[:N], cells[N:])
        nest.Connect(a, b, rule)
        table = np.zeros((N + M, N + M), int)
        if nest.num_connections:
            found = nest.GetConnections().get(["source", "target"])
            np.add.at(table, (np.array(found["target"]) - 1, np.array(found["source"]) - 1), 1)
        tables.append(table)
    return np.array(tables)


def same_numbers(one, other, tolerances):
    """Whole numbers of two samples come from one distribution: chi-squared of the two histograms, rare values together."""
    top = max(one.max(), other.max()) + 1
    both = np.array([np.bincount(x.ravel(), minlength=top) for x in (one, other)], float)
    merged = [np.zeros(2)]
    for column in both.T:
        merged[-1] = merged[-1] + column
        if merged[-1].min() >= 5:
            merged.append(np.zeros(2))
    if merged[-1].min() < 5 and len(merged) > 1:
        merged[-2:] = [merged[-2] + merged[-1]]
    if len(merged) > 1:
        assert stats.chi2_contingency(np.array(merged).T).pvalue > tolerances.P_VALUE
    else:
        np.testing.assert_array_equal(both[0] > 0, both[1] > 0)


RULES = [(nl.pairwise_poisson(0.3), dict(rule="pairwise_poisson", pairwise_avg_num_conns=0.3), {}),
         (nl.pairwise_poisson(2.0), dict(rule="pairwise_poisson", pairwise_avg_num_conns=2.0), {}),
         (nl.pairwise_poisson(0.8), dict(rule="pairwise_poisson", pairwise_avg_num_conns=0.8), dict(allow_autapses=False)),
         *[(nl.symmetric_pairwise_bernoulli(p), dict(rule="symmetric_pairwise_bernoulli", p=p),
            dict(allow_autapses=False, make_symmetric=True)) for p in (0.2, 0.8)]]


@pytest.mark.parametrize("same", [True, False], ids=["same", "apart"])
@pytest.mark.parametrize("rule, there, switches", RULES, ids=[str(rule) for rule, _, _ in RULES])
def test_pairs_degrees_and_autapses_are_distributed_as_in_nest(nest, tolerances, rule, there, switches, same):
    here, theirs = counts_here(rule, same, **switches), counts_there(nest, dict(there, **switches), same)
    rows = slice(0, N) if same or switches.get("make_symmetric") else slice(N, N + M)
    columns = slice(0, N)
    for axis, kept in ((2, rows), (1, columns)):        # in-degrees, out-degrees
        same_numbers(here.sum(axis=axis)[:, kept], theirs.sum(axis=axis)[:, kept], tolerances)
    pairs = np.ix_(range(len(SEEDS)), range(N), range(N)) if same else np.ix_(range(len(SEEDS)), range(N, N + M), range(N))
    same_numbers(here[pairs], theirs[pairs], tolerances)                          # multapses
    if same:
        same_numbers(*(np.trace(t, axis1=1, axis2=2) for t in (here, theirs)), tolerances)      # autapses


@pytest.mark.parametrize("values", [{}, dict(weight=[1.0, 2.0, -3.0, 4.0], delay=[0.5, 1.5, 2.5, 3.5])], ids=["one", "each"])
@pytest.mark.parametrize("same", [True, False], ids=["same", "apart"])
def test_one_to_one_both_ways_is_that_of_nest(nest, values, same):
    nest.ResetKernel()
    cells = nest.Create("iaf_psc_delta", 8)
    nest.Connect(cells[:4], cells[:4] if same else cells[4:], dict(rule="one_to_one", make_symmetric=True), dict(values))
    found = nest.GetConnections().get(["source", "target", "weight", "delay"])
    theirs = sorted(zip(np.array(found["source"]) - 1, np.array(found["target"]) - 1, found["weight"], np.rint(
        10 * np.array(found["delay"]))))
    sim = nl.Simulator()
    cells = sim.create(nl.iaf_psc_delta, 8)
    sim.connect(cells[:4], cells[:4] if same else cells[4:], rule=nl.one_to_one, make_symmetric=True, **values)
    tables = load().all_synapses(sim.plan()).values()
    assert sorted(s for t in tables for s in zip(t.source, t.target, t.weight, t.delay)) == theirs


def collocated_here(rule, specifications):
    sim = nl.Simulator(seed=3)
    a, b = sim.create(nl.iaf_psc_delta, 40), sim.create(nl.iaf_psc_exp_multisynapse, 30, tau_syn=[1.0, 2.0, 3.0])
    calls = sim.connect(a, b, rule=rule, synapse=nl.CollocatedSynapses(*specifications))
    number = {names: k for k, names in b.segments[0].population.model.spike_receptors.items()}
    tables = load().all_synapses(sim.plan())
    return [(int(s), int(t), number[c.receptor], w, int(d)) for c in calls for f in [tables[c.index]]
            for s, t, w, d in zip(f.source, f.target, f.weight, f.delay)]


def collocated_there(nest, rule, specifications):
    nest.ResetKernel()
    nest.rng_seed = 3
    a, b = nest.Create("iaf_psc_delta", 40), nest.Create("iaf_psc_exp_multisynapse", 30, params=dict(tau_syn=[1.0, 2.0, 3.0]))
    nest.Connect(a, b, rule, nest.CollocatedSynapses(*specifications))
    found = nest.GetConnections().get(["source", "target", "receptor", "weight", "delay"])
    return [(s - 1, t - 1, r, w, round(10 * d)) for s, t, r, w, d in zip(*(found[k] for k in (
        "source", "target", "receptor", "weight", "delay")))]


def test_collocated_synapses_of_all_pairs_are_those_of_nest(nest):
    given = [dict(weight=2.0, delay=0.5, receptor_type=1), dict(weight=-1.5, receptor_type=3), dict(receptor_type=3, delay=2.5)]
    assert sorted(collocated_here(nl.all_to_all, given)) == sorted(collocated_there(nest, "all_to_all", given))


def test_collocated_synapses_draw_weights_by_themselves_and_edges_together_as_in_nest(nest, tolerances):
    here = collocated_here(nl.fixed_indegree(20), [dict(weight=nl.dist.Normal(1.0, 0.5), receptor_type=1),
                                                   dict(weight=nl.dist.Normal(3.0, 1.0), receptor_type=2)])
    normal = nest.random.normal
    there = collocated_there(nest, dict(rule="fixed_indegree", indegree=20), [
        dict(weight=normal(1.0, 0.5), receptor_type=1), dict(weight=normal(3.0, 1.0), receptor_type=2)])
    assert Counter((t, r) for _, t, r, _, _ in here) == Counter((t, r) for _, t, r, _, _ in there)
    for found in (here, there):         # the same edges for both
        assert Counter((s, t) for s, t, r, _, _ in found if r == 1) == Counter((s, t) for s, t, r, _, _ in found if r == 2)
        once = {k for k, n in Counter((s, t) for s, t, *_ in found).items() if n == 2}
        one, two = ([w for _, _, w in sorted((s, t, w) for s, t, r, w, _ in found if r == k and (s, t) in once)]
                    for k in (1, 2))
        assert abs(np.corrcoef(one, two)[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(one))
    for receptor in (1, 2):
        weights = [[w for _, _, r, w, _ in found if r == receptor] for found in (here, there)]
        assert stats.ks_2samp(*weights).pvalue > tolerances.P_VALUE


def test_what_nest_refuses_of_these_rules_is_refused_here(nest):
    sim = nl.Simulator()
    a = sim.create(nl.iaf_psc_delta, 5)
    for rule, there, switches in [
            (nl.pairwise_poisson(1.0), RULES[0][1], dict(allow_multapses=False)),
            (nl.symmetric_pairwise_bernoulli(0.5), RULES[3][1], dict(allow_autapses=False)),
            (nl.symmetric_pairwise_bernoulli(0.5), RULES[3][1], dict(make_symmetric=True)),
            (nl.symmetric_pairwise_bernoulli(0.5), RULES[3][1],
             dict(make_symmetric=True, allow_autapses=False, allow_multapses=False))]:
        nest.ResetKernel()
        cells = nest.Create("iaf_psc_delta", 5)
        with pytest.raises(nest.NESTError):
            nest.Connect(cells, cells, dict(there, **switches))
        with pytest.raises(nl.BadConnection):
            sim.connect(a, a, rule=rule, **switches)


@pytest.mark.parametrize("rule, there, shape", [
    (nl.all_to_all, "all_to_all", (M, N)), (nl.one_to_one, "one_to_one", (M,)),
    (nl.fixed_indegree(1), dict(rule="fixed_indegree", indegree=1), (M, 1))], ids=["all", "one", "one source"])
def test_a_receptor_for_each_synapse_has_the_effect_that_it_has_in_nest(nest, backend, tolerances, rule, there, shape):
    rng = np.random.default_rng(6)
    n = N if rule is nl.all_to_all else M if rule is nl.one_to_one else 1
    which, weight, delay = rng.integers(1, 4, shape), rng.normal(0.0, 300.0, shape), rng.integers(1, 30, shape) / 10.0
    trains = [np.sort(rng.integers(1, 200, 20)) / 10.0 for _ in range(n)]
    tau, synapse = dict(tau_syn=[0.5, 3.0, 20.0], V_th=1000.0), dict(weight=weight, delay=delay, receptor_type=which)
    sim = nl.Simulator(backend=backend)
    cells = sim.create(nl.iaf_psc_exp_multisynapse, M, **tau)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.1)
    sim.connect(meter, cells)
    sim.connect(sim.create(nl.spike_generator, n, spike_times=trains), cells, rule=rule, **synapse)
    found = sim.simulate(30.0).trace(meter, "V_m", plain=True)
    nest.ResetKernel()
    nest.resolution = 0.1
    cells = nest.Create("iaf_psc_exp_multisynapse", M, params=tau)
    meter = nest.Create("multimeter", params=dict(record_from=["V_m"], interval=0.1))
    nest.Connect(meter, cells)
    nest.Connect(nest.Create("spike_generator", n, params=[dict(spike_times=t) for t in trains]), cells, there, synapse)
    nest.Simulate(36.0)
    events = meter.events
    order = np.lexsort((events["senders"], np.rint(events["times"] / 0.1)))
    theirs = events["V_m"][order].reshape(-1, M)[:300]
    assert np.ptp(found) > 1.0
    np.testing.assert_allclose(found, theirs, rtol=0, atol=tolerances.EXACT_MV)
