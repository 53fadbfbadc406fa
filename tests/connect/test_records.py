"""Long rows, projections that share their sources, delays that need many bits: what the compiled passes treat apart."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

N = 1301                    # a row of more than one stretch, and no multiple of 4


def scaled_sample(u: Any, mean: Any, std: Any) -> Any:
    return mean + std * (u * 2.0**-32)


class OwnNormal(nl.dist.Normal):
    """A distribution of a user's that keeps the numbers of another, and draws in its own way."""

    sample = staticmethod(scaled_sample)


LAWS = [nl.dist.Normal(1.0, 0.5), nl.dist.Normal(1.0, 2.0, min=0.5, max=2.0), nl.dist.Normal(0.0, 1.0, min=0.9),
        nl.dist.Uniform(-1.0, 3.0, min=0.1), nl.dist.LogNormal(0.0, 0.5, max=2.0),
        nl.dist.Exponential(0.5), OwnNormal(1.0, 0.5)]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_long_rows_hold_what_the_distribution_gives_word_by_word(make, synapse_table, reference, law):
    sim, (many, few) = make(N, 2, threads=2)
    for pre, post, rule in ((many, few, nl.all_to_all), (few, many, nl.fixed_outdegree(N))):
        call = sim.connect(pre, post, rule=rule, weight=law, delay=nl.dist.Uniform(0.1, 3.0))
        found = synapse_table.synapses_of(sim.plan(), call)
        expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
        assert len(expected) == 2 * N
        assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected


def test_a_distribution_of_ones_own_does_not_inherit_the_formula_of_another_sample():
    class Same(nl.dist.Normal):
        pass
    assert OwnNormal.central is None and nl.dist.LogNormal.central[0] is not nl.dist.Normal.central[0]
    assert Same.central is nl.dist.Normal.central is not None


@pytest.mark.parametrize("kind", [nl.dist.Normal, nl.dist.LogNormal])
def test_the_central_formula_is_the_sample_where_it_applies(kind):
    formula, applies = kind.central
    words = np.random.default_rng(4).integers(0, 2**32, 20_000)
    words = np.concatenate([words, (np.array([0.075, 0.925]) * 2.0**32).astype(np.int64)[:, None].repeat(9, 1).ravel()
                            + np.tile(np.arange(-4, 5), 2)])
    assert applies(322122547) and not applies(322122546)         # 0.075 * 2**32 = 322122547.2
    central = [u for u in words if applies(int(u))]
    assert 0.84 < len(central) / len(words) < 0.86
    assert all(formula(int(u), 0.3, 2.0) == kind.sample(int(u), 0.3, 2.0) for u in central)


def in_order(plan: Any) -> bool:
    """Whether the targets of every group stand in ascending order."""
    return all((np.diff(t.targets[g["begin"]:g["end"]].astype(np.int64)) >= 0).all() for t in plan.tables for g in t.groups)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("law", [nl.dist.Uniform(0.0, 1.0), nl.dist.Normal(-1.0, 0.1), nl.dist.Uniform(-1.0, 1.0)], ids=str)
@pytest.mark.parametrize("rules", [(nl.fixed_indegree(20),) * 3, (nl.fixed_outdegree(20),) * 3,
                                   (nl.fixed_prob(0.2), nl.fixed_outdegree(20), nl.fixed_indegree(20))], ids=str)
def test_projections_that_share_their_sources_come_in_order(make, synapse_table, reference, rules, law, threads):
    sim, _ = make(1, threads=threads)
    a, b = (sim.create(nl.iaf_psc_exp, n) for n in (60, 90))
    parts = b[60:], a, b[:60:2]                         # neither first to last nor last to first
    if rules[2].by == "target":
        parts = b[60:], b[1:60:2], b[:60:2]             # the last two lie among each other
    calls = [sim.connect(a, part, rule=rule, weight=law, delay=nl.dist.Uniform(0.1, 1.0)) for part, rule in zip(parts, rules)]
    plan = sim.plan()
    assert len(plan.bundles) == 1 and in_order(plan)
    for call in calls:
        found = synapse_table.all_synapses(plan)[call.index].sorted()
        expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
        assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected


def check(call: Any, sim: Any, synapse_table: Any, reference: Any) -> None:
    """Whether the table holds a call's synapses."""
    found = synapse_table.synapses_of(sim.plan(), call)
    expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
    assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected


@pytest.mark.parametrize("rule", [nl.fixed_indegree(7), nl.fixed_outdegree(7)], ids=str)
def test_projections_from_different_sources_leave_each_others_weights(make, synapse_table, reference, rule):
    sim, (a, b) = make(31, 45, threads=2)
    for pre, post in ((a, b), (b, a), (a[3:], a + b)):
        sim.connect(pre, post, rule=nl.fixed_prob(0.2), weight=1.0, delay=nl.dist.Uniform(0.3, 1.0))
        sim.connect(pre, post, rule=rule, weight=nl.dist.Normal(1.0, 0.1), delay=nl.dist.Uniform(0.3, 1.0))
        sim.connect(pre, post, rule=rule, weight=nl.dist.Normal(1.0, 0.1))
    for call in sim.network.projections:
        check(call, sim, synapse_table, reference)


@pytest.mark.parametrize("rule", [nl.fixed_indegree(90), nl.fixed_outdegree(90)], ids=str)
@pytest.mark.parametrize("longest", [0.5, 200.0, 10_000.0])
def test_delays_of_any_range_come_out_sorted(make, synapse_table, reference, rule, longest):
    sim, (a, b) = make(40, 30, threads=2)               # up to 100,000 steps
    call = sim.connect(a, b, rule=rule, weight=nl.dist.Uniform(0.0, 1.0), delay=nl.dist.Uniform(0.3, longest))
    plan = sim.plan()
    assert in_order(plan)
    for t in plan.tables:
        begins = t.first_group.astype(np.int64)
        assert all((np.diff(t.groups["delay"][i:j].astype(np.int64)) > 0).all() for i, j in zip(begins, begins[1:]))
    found = synapse_table.synapses_of(plan, call)
    expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
    assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected
