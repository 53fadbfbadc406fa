"""The tables hold the synapses that were drawn: weights and delays at their places, sorted, the same on any number of threads.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

EDGES = np.random.default_rng(9).integers(0, 31, (2, 120))
RULES = [nl.all_to_all, nl.one_to_one, nl.fixed_indegree(7), nl.fixed_outdegree(7), nl.fixed_total_number(150),
         nl.fixed_prob(0.25), nl.pairwise_poisson(0.2), nl.explicit_edges(*EDGES)]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_any_number_of_threads_builds_the_same_synapses(make, scrambled, synapse_table, rule, precision):
    found = []
    for threads in (1, 2, 5):
        sim, (a, b) = make(13, 18, threads=threads, precision=precision)
        view = scrambled(a + b)
        projection = sim.connect(view, scrambled(view, 2), rule=rule, weight=nl.dist.Normal(1.0, 2.0),
                                 delay=nl.dist.Uniform(0.1, 2.0))
        found.append(synapse_table.synapses_of(sim.plan(), projection).sorted())
    for other in found[1:]:
        for name in ("source", "target", "weight", "delay"):
            np.testing.assert_array_equal(getattr(found[0], name), getattr(other, name))


def weight_of(source: Any, target: Any) -> Any:
    """A weight that tells a pair, exact in fixed point; negative ones too."""
    return (np.asarray(target) * 64 + np.asarray(source) - 1000) / 256.0


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_table_holds_the_synapses_that_the_rule_draws_row_by_row(make, scrambled, synapse_table, reference, rule, threads):
    # drawn by the rule's plain row function, weights and delays in the order of drawing, as pairs, and from distributions
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = scrambled(a + b), scrambled(b + a, 3)
    shape, matrix = rule.shape(31, 31), (31, 31)
    number = np.arange(31 * 31)
    forms = [dict(weight=-0.75, delay=1.3), dict(weight=nl.dist.Normal(0.0, 3.0), delay=nl.dist.Uniform(0.1, 2.0)),
             dict(weight=number.reshape(matrix) / 8.0, delay=(0.1 * (1 + number % 23)).reshape(matrix)),
             dict(weight=nl.dist.LogNormal(0.0, 1.0, max=3.0), delay=(0.1 * (1 + number % 23)).reshape(matrix))]
    if shape:
        size = int(np.prod(shape))
        forms.append(dict(weight=np.arange(size).reshape(shape) / 8.0, delay=(0.1 * (1 + np.arange(size) % 23)).reshape(shape)))
    for autapses in (True, hasattr(rule, "edges")):       # listed edges must not contain what is forbidden
        calls = [sim.connect(pre, post, rule=rule, allow_autapses=autapses, **form) for form in forms]
        for call in calls:
            found = synapse_table.all_synapses(sim.plan())[call.index].sorted()
            expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
            assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_matrix_of_weights_and_delays_ends_at_its_pairs(make, scrambled, synapse_table, rule, threads):
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = scrambled(a + b), scrambled(b + a, 3)
    sources, targets = np.meshgrid(pre.global_id, post.global_id)
    delays = 1 + (sources + 3 * targets) % 29
    projection = sim.connect(pre, post, rule=rule, weight=weight_of(sources, targets), delay=0.1 * delays)
    found = synapse_table.synapses_of(sim.plan(), projection)
    assert len(found.source) >= 31
    np.testing.assert_array_equal(found.weight, weight_of(found.source, found.target))
    np.testing.assert_array_equal(found.delay, 1 + (found.source + 3 * found.target) % 29)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(6), nl.fixed_outdegree(6), nl.one_to_one], ids=str)
def test_an_array_in_the_rules_shape_gives_each_row_its_values(make, scrambled, synapse_table, rule, threads):
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = scrambled(a + b), scrambled(b + a, 3)
    shape = rule.shape(31, 31)
    row_ids = pre.global_id if rule.by == "source" else post.global_id
    weights = np.arange(np.prod(shape)).reshape(shape) / 16.0
    delays = 1 + np.arange(np.prod(shape)).reshape(shape) % 19
    projection = sim.connect(pre, post, rule=rule, weight=weights, delay=0.1 * delays)
    found = synapse_table.synapses_of(sim.plan(), projection)
    rows = found.source if rule.by == "source" else found.target
    for i, id_ in enumerate(row_ids):
        mine = rows == id_
        # the values of a row stay together, and weight and delay of a synapse do
        assert sorted(zip(found.weight[mine], found.delay[mine])) == sorted(zip(np.ravel(weights[i]), np.ravel(delays[i])))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("delay", [1.5, nl.dist.Uniform(0.1, 2.0)], ids=["one delay", "many delays"])
@pytest.mark.parametrize("rule", RULES, ids=str)
@pytest.mark.parametrize("order", ["in order", "scrambled"])
def test_a_sources_synapses_lie_together_sorted_by_delay_and_target(make, scrambled, synapse_table,
                                                                    rule, delay, threads, order):
    sim, (a, b) = make(33, 28, threads=threads)
    view = a + b if order == "in order" else scrambled(a + b)
    other = sim.connect(view, a, rule=nl.fixed_indegree(3), delay=1.5)
    projection = sim.connect(view, view if order == "in order" else scrambled(view, 2), rule=rule, delay=delay)
    for call in (other, projection):
        found = synapse_table.synapses_of(sim.plan(), call)
        found = found.picked(np.lexsort((found.place, found.part)))
        for part in range(threads):
            mine = found.picked(found.part == part)
            # in the order of storage: each source's synapses in one run, within it by delay, within that by target
            changes = np.flatnonzero(np.diff(mine.source)) + 1
            runs = np.split(np.arange(len(mine.source)), changes)
            assert len(runs) == max(1, len(np.unique(mine.source)))
            for run in runs:
                synapses = mine.picked(run)
                assert (np.diff(synapses.place) == 1).all()
                order_ = np.lexsort((synapses.target, synapses.delay))
                assert (np.diff(synapses.delay) >= 0).all()
                np.testing.assert_array_equal(synapses.target, synapses.target[order_])
                # one header for each delay
                assert len(np.unique(synapses.group)) == len(np.unique(synapses.delay))


def test_projections_into_two_models_and_two_receptors_stay_apart(make, synapse_table):
    sim, (a,) = make(9, threads=2)
    parrots = sim.create(nl.parrot_neuron, 5)
    currents = sim.create(nl.dc_generator, 2, amplitude=1.0)
    to_neurons, to_parrots = sim.connect(a, a, weight=2.5, delay=0.3), sim.connect(a, parrots, weight=2.5, delay=0.2)
    into_current = sim.connect(currents, a[2:], weight=3.0)
    back = sim.connect(parrots, a, weight=-1.25, rule=nl.fixed_indegree(2))
    found = synapse_table.all_synapses(sim.plan())
    np.testing.assert_array_equal(found[to_neurons.index].pairs(a.global_id, a.global_id), 1)
    np.testing.assert_array_equal(found[to_parrots.index].pairs(a.global_id, parrots.global_id), 1)
    np.testing.assert_array_equal(found[to_parrots.index].weight, 1.0)      # parrots count spikes, whatever their weights
    np.testing.assert_array_equal(found[back.index].pairs(parrots.global_id, a.global_id).sum(axis=1), 2)
    np.testing.assert_array_equal(found[back.index].weight, -1.25)
    np.testing.assert_array_equal(synapse_table.targets_of_generators(sim.plan(), into_current), np.repeat(a.global_id[2:], 2))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(6), nl.fixed_outdegree(6), nl.fixed_total_number(40), nl.fixed_prob(0.4)],
                         ids=str)
def test_generators_draw_the_same_rules(make, scrambled, synapse_table, reference, rule, threads):
    sim, (a,) = make(19, threads=threads)
    noise = sim.create(nl.poisson_generator, 8, rate=10.0)
    call = sim.connect(scrambled(noise), scrambled(a), rule=rule, delay=nl.dist.Uniform(0.1, 0.5))
    expected = sorted(s.target for s in reference.synapses_of(call, sim.dt, sim.seed))
    np.testing.assert_array_equal(synapse_table.targets_of_generators(sim.plan(), call), expected)


@pytest.mark.parametrize("rule", [nl.fixed_outdegree(9), nl.fixed_indegree(9), nl.fixed_prob(0.5, by="source")], ids=str)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_weights_reach_the_receptor_of_their_sign_where_partitions_hold_no_target(make, synapse_table, rule, n):
    for threads in (1, 2, 3, 7):
        sim, (a,) = make(30, threads=threads)
        b = sim.create(nl.iaf_psc_exp, n)
        call = sim.connect(a, b, rule=rule, weight=nl.dist.Normal(0.0, 2.0), delay=nl.dist.Uniform(0.1, 2.0))
        plan = sim.plan()
        found = synapse_table.synapses_of(plan, call)
        for part, table in enumerate(plan.tables):
            mine = found.part == part
            names = synapse_table.lanes_of(plan, part)[2][table.targets[found.place[mine]].astype(int)]
            np.testing.assert_array_equal(names, np.where(found.weight[mine] < 0.0, "inh", "ex"))
        assert (found.weight < 0.0).any() and (found.weight > 0.0).any()
