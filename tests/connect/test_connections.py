"""get_connections gives what stands in the tables, whatever the filter, in an order that nothing but the network decides."""
from __future__ import annotations

import numpy as np
import pytest

from nestling import simulator as nl

NAMES = ["source", "target", "weight", "delay", "receptor", "synapse"]
RULES = {"all_to_all": nl.all_to_all, "fixed_indegree": nl.fixed_indegree(9), "fixed_outdegree": nl.fixed_outdegree(9),
         "fixed_total_number": nl.fixed_total_number(150), "fixed_prob": nl.fixed_prob(0.3),
         "explicit_edges": nl.explicit_edges([0, 3, 3, 1, 3], [2, 5, 5, 0, 5])}
VALUES = {"constant": (0.3, 1.2), "random": (nl.dist.Normal(1.0, 1.0), nl.dist.Uniform(0.5, 3.0)),
          "random delay": (-0.7, nl.dist.Uniform(0.1, 1.0))}


def network(backend, threads=1, precision="double"):
    """Two populations of neurons, parrots and generators, with calls of all kinds; two calls make one bundle."""
    sim = nl.Simulator(backend=backend, threads=threads, precision=precision, seed=3)
    a, b = (sim.create(nl.iaf_psc_exp, n) for n in (30, 40))
    parrots, noise = sim.create(nl.parrot_neuron, 5), sim.create(nl.poisson_generator, 3, rate=100.0)
    drawn = dict(weight=nl.dist.Normal(1.0, 1.0), delay=nl.dist.Uniform(0.5, 3.0))
    calls = [sim.connect(a, b, rule=nl.fixed_indegree(20), **drawn),
             sim.connect(a, a[::-1], rule=nl.fixed_outdegree(20), **drawn),
             sim.connect(a[5:] + b, b[::-1], rule=nl.fixed_prob(0.3), weight=-2.5),
             sim.connect(b, parrots, weight=7.0, delay=0.3),
             sim.connect(noise, b[3:9] + a, weight=nl.dist.Normal(1.0, 1.0), delay=nl.dist.Uniform(0.5, 3.0))]
    return sim, a, b, parrots, noise, calls


@pytest.fixture(params=[1, 3])
def net(backend, request):
    return network(backend, request.param)


def of_tables(synapse_table, sim, projection):
    """Columns of a projection's synapses, read by the other decoder."""
    s = synapse_table.synapses_of(sim.plan(), projection)
    return np.array([s.source, s.target, s.weight, s.delay]).T


def columns(sim, found):
    read = found.get(NAMES)
    return np.array([read["source"], read["target"], read["weight"], np.rint(read["delay"] / sim.dt)]).T


def rows_sorted(table):
    return table[np.lexsort(table.T)]


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("rule", RULES)
def test_what_is_read_is_what_the_reference_draws(make, reference, synapse_table, rule, values):
    sim, (a, b) = make(8, 7)
    weight, delay = VALUES[values]
    call = sim.connect(a[::-1], b, rule=RULES[rule], weight=weight, delay=delay)
    wanted = np.array([s[:4] for s in reference.synapses_of(call, sim.dt, sim.seed)])
    found = sim.get_connections(synapse=call)
    assert len(found) == len(wanted)
    np.testing.assert_allclose(rows_sorted(columns(sim, found)), rows_sorted(wanted), rtol=1e-12)
    np.testing.assert_allclose(rows_sorted(columns(sim, found)), rows_sorted(of_tables(synapse_table, sim, call)), rtol=1e-12)
    if not isinstance(weight, nl.dist.Normal):
        assert (found.weight == weight).all(), "a constant weight is not what was declared"


def test_every_call_is_read_as_it_stands_in_the_tables(net, synapse_table):
    sim, *_, calls = net
    for call in calls[:4]:
        found = sim.get_connections(synapse=call)
        table = rows_sorted(of_tables(synapse_table, sim, call))
        if call is calls[3]:
            table[:, 2] = 7.0           # parrots keep no weights
        np.testing.assert_array_equal(rows_sorted(columns(sim, found)), table)
        assert (found.get("synapse") == call.index).all()
    targets = np.sort(sim.get_connections(synapse=calls[4]).target)
    np.testing.assert_array_equal(targets, synapse_table.targets_of_generators(sim.plan(), calls[4]))


def test_connections_of_generators_have_what_the_reference_draws(net, reference):
    sim, *_, calls = net
    wanted = np.array([s[:4] for s in reference.synapses_of(calls[4], sim.dt, sim.seed)])
    found = columns(sim, sim.get_connections(synapse=calls[4]))
    np.testing.assert_allclose(rows_sorted(found)[:, [0, 1, 3]], rows_sorted(wanted)[:, [0, 1, 3]])
    np.testing.assert_allclose(rows_sorted(found), rows_sorted(wanted), atol=1e-9)


def test_a_filter_leaves_what_a_mask_over_all_leaves(net):
    sim, a, b, parrots, noise, calls = net
    everything = sim.get_connections().get(NAMES)
    for source in (None, a[4:5], b[::2] + noise[1:], a[7:3:-1]):
        for target in (None, b[3:5], a[::-1], b + a, parrots[:1]):
            for call in (None, calls[1], [calls[0], calls[2], calls[4]]):
                mine = np.ones(len(everything["source"]), bool)
                if source is not None:
                    mine &= np.isin(everything["source"], source.global_id)
                if target is not None:
                    mine &= np.isin(everything["target"], target.global_id)
                if call is not None:
                    mine &= np.isin(everything["synapse"], [c.index for c in (call if isinstance(call, list) else [call])])
                found = sim.get_connections(source, target, call)
                assert len(found) == np.count_nonzero(mine)
                for name, values in found.get(NAMES).items():
                    np.testing.assert_array_equal(values, everything[name][mine], err_msg=name)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_values_and_order_are_the_same_for_any_number_of_threads(backend, precision):
    one, *others = (network(backend, threads, precision)[0].get_connections().get(NAMES) for threads in (1, 2, 4))
    for other in others:
        for name in NAMES:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)
    assert (np.lexsort((one["delay"], one["synapse"], one["target"], one["source"])) == np.arange(len(one["source"]))).all()


def test_chunks_make_no_difference(net, monkeypatch):
    import nestling.simulator.finding as finding
    sim, a, *_ = net
    whole, some = sim.get_connections().get(NAMES), sim.get_connections(target=a[2:6]).get(NAMES)
    monkeypatch.setattr(finding, "CHUNK", 100)
    for before, found in ((whole, sim.get_connections()), (some, sim.get_connections(target=a[2:6]))):
        for name, values in found.get(NAMES).items():
            np.testing.assert_array_equal(values, before[name])


def test_they_are_read_between_runs_and_after_further_calls(net):
    sim, a, b, *_, calls = net
    found = sim.get_connections(a[:7])
    lazy = sim.get_connections(a[:7])
    before = found.get(NAMES)
    sim.simulate(3.0)
    sim.cont(2.0)
    sim.connect(b, a, rule=nl.fixed_indegree(5), delay=0.2)
    sim.connect(a, b, weight=9.0)
    for again in (found, lazy, sim.get_connections(a[:7], synapse=calls)):
        for name, values in again.get(NAMES).items():
            np.testing.assert_array_equal(values, before[name], err_msg=name)
    assert len(sim.get_connections(a[:7])) == len(found) + 7 * len(b)


def test_receptors_have_the_numbers_and_names_that_connect_takes(make):
    sim = nl.Simulator()
    many = sim.create(nl.iaf_psc_exp_multisynapse, 4, tau_syn=[1.0, 2.0, 3.0])
    pre = sim.create(nl.iaf_psc_exp, 3)
    sim.connect(pre, many, receptor_type=np.array([[1, 2, 3]] * 4), weight=2.0)
    sim.connect(many, pre, weight=np.array([[1.0, -1.0, 2.0, -3.0]] * 3))
    np.testing.assert_array_equal(sim.get_connections(pre).get("receptor"), [1] * 4 + [2] * 4 + [3] * 4)
    back = sim.get_connections(many)
    np.testing.assert_array_equal(back.get("receptor"), 0)
    assert back.get("receptor_name").tolist() == ["ex"] * 3 + ["inh"] * 3 + ["ex"] * 3 + ["inh"] * 3
    np.testing.assert_array_equal(back.weight, np.repeat([1.0, -1.0, 2.0, -3.0], 3))


def test_a_collection_is_a_list(net):
    sim, a, b, *_ = net
    all_ = sim.get_connections()
    n, source, target = len(all_), all_.source, all_.target
    mask = np.arange(n) % 3 == 1
    for item, places in ((4, [4]), (-1, [n - 1]), (slice(2, 30, 5), np.arange(2, 30, 5)), ([7, -2], [7, n - 2]),
                         (mask, np.flatnonzero(mask)), ([], np.zeros(0, int))):
        part = all_[item]
        np.testing.assert_array_equal(part.source, source[places])
        np.testing.assert_array_equal(part.target, target[places])
        assert len(part) == len(places)
    assert all_[3:5] + all_[9] == all_[[3, 4, 9]] and all_[3:5] != all_[[4, 3]] and all_ == sim.get_connections()
    assert [one.target.tolist() for one in all_[:4]] == target[:4, None].tolist()
    assert repr(all_) == f"<Connections: {n:,}>" and all_ != 3
    for item, words in ((n, f"connection {n} of {n}"), ([0, -n - 1], f"connection {-n - 1}"),
                        (mask[1:], "one entry a connection"), (1.5, "not 1.5"), ("weight", "not 'weight'"),
                        ([[1]], "whole-number")):
        with pytest.raises(nl.BadView) as caught:
            all_[item]
        assert words in str(caught.value)


def test_degrees_and_matrices_are_what_the_pairs_give(net, synapse_table):
    sim, a, b, *_, calls = net
    found = sim.get_connections(synapse=calls[0])
    s = synapse_table.synapses_of(sim.plan(), calls[0])
    pairs = s.pairs(a.global_id, b.global_id)
    np.testing.assert_array_equal(found.in_degree(b), 20)
    np.testing.assert_array_equal(found.out_degree(a), pairs.sum(axis=0))
    np.testing.assert_array_equal(found.out_degree(a[::-2]), pairs.sum(axis=0)[::-2])
    np.testing.assert_array_equal(found.in_degree(a), 0)
    dense = np.zeros((len(b), len(a)))
    np.add.at(dense, (s.target - b.global_id[0], s.source - a.global_id[0]), s.weight)
    assert pairs.max() > 1, "no two synapses between two nodes: nothing to add up"
    np.testing.assert_allclose(found.to_scipy(a, b).toarray(), dense, rtol=1e-12)
    np.testing.assert_allclose(found.to_scipy(a[::-1], b[4:9]).toarray(), dense[4:9, ::-1], rtol=1e-12)
    with pytest.raises(nl.BadView, match="stands twice"):
        found.to_scipy(a + a[:1], b)


def test_pandas_gets_a_row_a_connection(net):
    sim, a, *_ = net
    found = sim.get_connections(a[:2])
    frame = found.to_frame()
    assert list(frame.columns) == NAMES and len(frame) == len(found)
    np.testing.assert_array_equal(found.get(["weight"], output="pandas")["weight"], found.weight)


def test_without_pandas_the_error_says_what_is_missing(net, monkeypatch):
    import sys
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        net[0].get_connections().to_frame()


def test_nothing_is_found_where_nothing_is(backend):
    sim = nl.Simulator(backend=backend)
    a, rec = sim.create(nl.iaf_psc_exp, 3), sim.create(nl.spike_recorder)
    sim.connect(a, rec)
    for found in (sim.get_connections(), sim.get_connections(a), sim.get_connections(target=a), sim.get_connections(a, rec)):
        assert len(found) == 0 and all(len(v) == 0 for v in found.get().values())
    assert found.to_scipy(a, a).shape == (3, 3) and found.in_degree(a).tolist() == [0, 0, 0]


def test_bad_questions_are_refused(net, backend):
    sim, a, b, *_, calls = net
    other, oa, *_, others = network(backend)
    found = sim.get_connections()
    for call, error, words in (
            (lambda: sim.get_connections(3), TypeError, "source = 3"),
            (lambda: sim.get_connections(target=a.global_id), TypeError, "target = "),
            (lambda: sim.get_connections(oa), nl.BadView, "source belongs to another simulator"),
            (lambda: sim.get_connections(synapse="static_synapse"), TypeError, "what connect() returned"),
            (lambda: sim.get_connections(synapse=[calls[0], others[1]]), nl.BadView, "synapse belongs to another"),
            (lambda: found.get("wieght"), nl.UnknownName, "did you mean weight"),
            (lambda: found.get(["source", "port"]), nl.UnknownName, "'port'"), (lambda: found.get(3), TypeError, "names = 3"),
            (lambda: found.get(output="polars"), ValueError, "'polars'"), (lambda: found.in_degree(oa), nl.BadView, "another"),
            (lambda: found.out_degree([0]), TypeError, "nodes = [0]"),
            (lambda: found + other.get_connections(), nl.BadView, "different simulators")):
        with pytest.raises(error) as caught:
            call()
        assert words in str(caught.value)
