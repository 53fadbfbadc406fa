"""CollocatedSynapses: the edges are shared, weights, delays and trains of generators are each synapse's own."""
from __future__ import annotations

import numpy as np
import pytest

from nestling import simulator as nl

RULES = [nl.all_to_all, nl.fixed_indegree(7), nl.fixed_outdegree(7), nl.fixed_total_number(150), nl.fixed_prob(0.25),
         nl.pairwise_poisson(0.2)]
SYNAPSES = nl.CollocatedSynapses(dict(weight=nl.dist.Normal(1.0, 0.5), delay=nl.dist.Uniform(0.1, 3.0), receptor_type=1),
                                 dict(weight=nl.dist.Normal(1.0, 0.5), delay=nl.dist.Uniform(0.1, 3.0), receptor_type=3),
                                 dict(weight=2.0, receptor_type=2))


@pytest.fixture
def cells(make):
    """A simulator with sources and neurons of three receptors."""
    def simulator_and_cells(**given):
        sim, (a,) = make(60, **given)
        return sim, a, sim.create(nl.iaf_psc_exp_multisynapse, 50, tau_syn=[1.0, 2.0, 3.0])
    return simulator_and_cells


@pytest.mark.parametrize("named", [None, 5])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_each_specification_has_the_same_edges_and_values_of_its_own(cells, synapse_table, reference, tolerances, rule, named):
    sim, a, b = cells()
    calls = sim.connect(a, b, rule=rule, synapse=SYNAPSES, seed=named)
    numbered = sim.network.populations[1].model.spike_receptors
    assert [c.receptor for c in calls] == [numbered[1], numbered[3], numbered[2]]
    tables = synapse_table.all_synapses(sim.plan())
    found = [tables[c.index].sorted() for c in calls]
    pairs = [sorted(zip(f.source, f.target)) for f in found]
    assert len(pairs[0]) > 50 and pairs[0] == pairs[1] == pairs[2]
    for call in calls:
        f = tables[call.index]
        expected = sorted((s.source, s.target, s.weight, s.delay) for s in reference.synapses_of(call, sim.dt, sim.seed))
        assert sorted(zip(f.source, f.target, f.weight, f.delay)) == expected
    if rule is nl.all_to_all:           # two synapses of one edge know nothing of each other
        bound = tolerances.STANDARD_ERRORS / np.sqrt(len(pairs[0]))
        order = [np.lexsort((f.source, f.target)) for f in found]
        for name in ("weight", "delay"):
            one, other = (getattr(f, name)[o] for f, o in zip(found[:2], order))
            assert not np.array_equal(one, other) and abs(np.corrcoef(one, other)[0, 1]) < bound
    np.testing.assert_array_equal(found[2].weight, 2.0)


def test_a_generator_has_a_train_of_its_own_for_each(backend, tolerances):
    sim = nl.Simulator(backend=backend, seed=3)
    noise, a, b = sim.create(nl.poisson_generator, 2, rate=10_000.0), *(sim.create(nl.parrot_neuron, 40) for _ in range(2))
    rec = sim.create(nl.spike_recorder)
    # parrots pass on what four trains bring: the rate of all, with its Poisson variance, which shared trains would raise
    sim.connect(noise, a, synapse=[dict(delay=1.0), dict(delay=1.0)])
    sim.connect(noise, b, synapse=[dict(), dict()], seed=4)
    sim.connect(a + b, rec)
    times, senders = sim.simulate(401.0).events(rec, plain=True)
    steps = np.rint(times / 0.1).astype(int)
    counts = np.zeros((80, 4011), int)
    np.add.at(counts, (senders, steps), 1)
    window = counts[:, 11:4011].ravel()
    n = len(window)
    assert abs(window.mean() - 4.0) < tolerances.STANDARD_ERRORS * np.sqrt(4.0 / n)
    assert abs(window.var() / 4.0 - 1.0) < tolerances.STANDARD_ERRORS * np.sqrt(2.25 / n)


def test_both_directions_of_several_synapses_come_one_after_another(cells, synapse_table):
    sim, a, _ = cells()
    calls = sim.connect(a[:20], a[20:], rule=nl.fixed_indegree(3), make_symmetric=True,
                        synapse=[dict(weight=nl.dist.Normal(0.0, 1.0)), dict(weight=-2.0, delay=0.5)])
    assert [(c.specification[0], c.transposed) for c in calls] == [(0, False), (0, True), (1, False), (1, True)]
    assert [c.index for c in calls] == [0, 1, 2, 3]
    tables = synapse_table.all_synapses(sim.plan())
    lists = [sorted(zip(*((f.target, f.source) if c.transposed else (f.source, f.target)), f.weight, f.delay))
             for c in calls for f in [tables[c.index]]]
    assert lists[0] == lists[1] and lists[2] == lists[3]
    assert [s[:2] for s in lists[0]] == [s[:2] for s in lists[2]]


def test_one_specification_is_what_the_call_itself_says(make, synapse_table):
    tables = []
    values = dict(weight=nl.dist.Normal(1.0, 0.2), delay=0.7)
    for given in (values, dict(synapse=values)):
        sim, (a, b) = make(10, 12)
        call = sim.connect(a, b, rule=nl.fixed_indegree(4), **given)
        tables.append(synapse_table.synapses_of(sim.plan(), call).sorted())
    for one, other in zip(*tables):
        np.testing.assert_array_equal(one, other)


def test_arrays_are_given_for_each(make, synapse_table):
    sim, (a, b) = make(3, 2)
    matrix = np.arange(6.0).reshape(2, 3)
    calls = sim.connect(a, b, synapse=[dict(weight=matrix), dict(delay=1.0 + matrix)])
    found = [synapse_table.synapses_of(sim.plan(), c) for c in calls]
    for f in found:
        order = np.lexsort((f.source, f.target))
        if f is found[0]:
            np.testing.assert_array_equal(f.weight[order], np.arange(6.0))
        else:
            np.testing.assert_array_equal(f.delay[order], 10 * np.arange(1, 7))


@pytest.mark.parametrize("synapse, error, words", [
    ([], nl.BadConnection, "synapse = []: must be one or several dicts"),
    ("static_synapse", nl.BadConnection, "synapse = 'static_synapse'"),
    ([dict(), 3], nl.BadConnection, "must be one or several dicts of weight, delay, receptor_type"),
    ([dict()] * 17, nl.BadConnection, "17 specifications: at most 16"),
    ([dict(weight=1.0), dict(wieght=2.0)], nl.UnknownName, "synapse 1 has 'wieght'"),
    ([dict(weight=1.0), dict(delay=0.0)], nl.BadConnection, "delay = 0 ms: must be dt = 0.1 ms or more"),
    ([dict(weight=1.0), dict(receptor_type=7)], nl.BadConnection, "receptor_type = 7"),
    ([dict(weight=[1.0, 2.0]), dict()], nl.BadConnection, "weight has shape (2,)"),
])
def test_specifications_are_checked(make, synapse, error, words):
    sim, (a,) = make(4)
    with pytest.raises(error) as caught:
        sim.connect(a, a, synapse=synapse)
    assert words in str(caught.value) and sim.network.projections == ()


@pytest.mark.parametrize("name, value", [("weight", 1.0), ("delay", 1.0), ("receptor_type", 0)])
def test_a_value_stands_in_the_call_or_in_the_specifications(make, name, value):
    sim, (a,) = make(4)
    with pytest.raises(nl.BadConnection, match=f"{name} and synapse are both given"):
        sim.connect(a, a, synapse=[dict()], **{name: value})


def test_it_is_shown_as_it_is_written():
    assert repr(nl.CollocatedSynapses(dict(weight=1.0), dict(delay=2))) == "CollocatedSynapses({'weight': 1.0}, {'delay': 2})"
