"""make_symmetric: the same edges to and fro, with the same weights and delays."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

EDGES = np.random.default_rng(3).integers(0, 18, (2, 60))
RULES = [nl.all_to_all, nl.fixed_indegree(7), nl.fixed_outdegree(7), nl.fixed_total_number(150), nl.fixed_prob(0.25),
         nl.pairwise_poisson(0.2), nl.explicit_edges(*EDGES), nl.symmetric_pairwise_bernoulli(0.3)]


def switches(rule: Any) -> dict[str, bool]:
    return dict(make_symmetric=True, allow_autapses=not rule.symmetric)


def listed(synapses: Any, back: bool = False) -> list[tuple]:
    """The synapses as (from, to, weight, delay), sorted; back: of the other direction."""
    ends = (synapses.target, synapses.source) if back else (synapses.source, synapses.target)
    return sorted(zip(*ends, synapses.weight, synapses.delay))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("values", ["drawn", "matrix", "in order"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_other_direction_has_the_same_edges_weights_and_delays(make, scrambled, synapse_table, rule, values, threads):
    sim, (a, b) = make(24, 18, threads=threads)
    pre, post = scrambled(a), scrambled(b, 1)
    shape = rule.shape(24, 18) if values == "in order" else (18, 24)
    if not shape:
        shape = (18, 24)
    number = np.arange(np.prod(shape)).reshape(shape)
    given = dict(weight=nl.dist.Normal(0.0, 3.0), delay=nl.dist.Uniform(0.1, 2.0)) if values == "drawn" else \
        dict(weight=number / 8.0, delay=0.1 * (1 + number % 23))
    forth, back = sim.connect(pre, post, rule=rule, **given, **switches(rule))
    alone = sim.connect(pre, post, rule=rule, **given, allow_autapses=not rule.symmetric, make_symmetric=rule.symmetric,
                        seed=forth.stream)
    tables = synapse_table.all_synapses(sim.plan())
    there, here = listed(tables[forth.index]), listed(tables[back.index], back=True)
    assert len(there) > 18 and there == here
    assert set(np.unique(tables[back.index].target)) <= set(a.global_id)
    if rule is nl.all_to_all and values != "drawn":         # nothing of it is random: as without the other direction
        assert listed(tables[alone.index]) == there


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_both_directions_are_those_of_the_plain_drawing(make, scrambled, synapse_table, reference, rule):
    sim, (a, b) = make(24, 18)
    for call in sim.connect(scrambled(a), scrambled(b, 1), rule=rule, weight=nl.dist.Normal(0.0, 3.0), delay=1.5, seed=4,
                            **switches(rule)):
        found = synapse_table.synapses_of(sim.plan(), call)
        expected = sorted((s.source, s.target, s.weight, s.delay) for s in reference.synapses_of(call, sim.dt, sim.seed))
        assert listed(found) == expected


def test_the_first_direction_is_drawn_as_without_the_second(make, synapse_table):
    tables = []
    for both in (False, True):
        sim, (a, b) = make(24, 18)
        made = sim.connect(a, b, rule=nl.fixed_indegree(5), weight=nl.dist.Normal(0.0, 1.0), make_symmetric=both)
        after = sim.connect(a, b, rule=nl.fixed_indegree(5), seed=7)
        found = synapse_table.all_synapses(sim.plan())
        tables.append((listed(found[made[0].index if both else made.index]), listed(found[after.index])))
    assert tables[0] == tables[1]


def test_one_to_one_within_a_population_connects_every_node_twice_to_itself(make, built):
    sim, (a,) = make(5)             # as NEST does
    calls = sim.connect(a, a, rule=nl.one_to_one, make_symmetric=True)
    assert [c.transposed for c in calls] == [False, True] and sim.plan().synapses == {0: 5, 1: 5}


def test_receptors_of_both_sides_are_found_for_each(make):
    sim, (a,) = make(5)
    b = sim.create(nl.iaf_psc_delta, 4)
    forth, back = sim.connect(a, b, make_symmetric=True, weight=2.0)
    assert (forth.receptor, back.receptor) == (("spikes",), ("spikes",))
    currents = sim.create(nl.iaf_psc_exp, 4)
    with pytest.raises(nl.BadConnection, match="weights are in mV .* and in pA|weights are in pA .* and in mV"):
        sim.connect(a, currents, make_symmetric=True)
    with pytest.raises(nl.BadConnection, match="dc_generator takes|poisson_generator takes"):
        sim.connect(sim.create(nl.poisson_generator, rate=1.0), a, make_symmetric=True)


def test_spikes_go_both_ways(backend):
    sim = nl.Simulator(backend=backend)
    left, right = sim.create(nl.parrot_neuron, 3), sim.create(nl.parrot_neuron, 3)
    clock, rec = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(nl.spike_recorder)
    sim.connect(clock, left[:1])
    sim.connect(left, right, rule=nl.explicit_edges([0], [2]), delay=2.0, make_symmetric=True)
    sim.connect(left + right, rec)
    times, senders = sim.simulate(9.0).events(rec, plain=True)
    assert [(round(float(t), 6), int(s)) for t, s in zip(times, senders)] == [(2.0, 0), (4.0, 5), (6.0, 0), (8.0, 5)]


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_the_switch_is_true_or_false(make, value):
    sim, (a,) = make(5)
    with pytest.raises(nl.BadConnection, match="make_symmetric = .*True or False"):
        sim.connect(a, a, make_symmetric=value)


def test_a_recorder_takes_no_other_direction(make):
    sim, (a,) = make(5)
    with pytest.raises(nl.BadRecording, match="make_symmetric"):
        sim.connect(a, sim.create(nl.spike_recorder), make_symmetric=True)
