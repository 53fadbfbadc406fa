"""Weights and delays: drawn ones have their distribution, delays stand on the grid, given ones are exact."""
from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect import draws

LAWS = [(nl.dist.Normal(2.0, 3.0), stats.norm(2.0, 3.0)), (nl.dist.LogNormal(0.5, 0.8), stats.lognorm(0.8, scale=np.exp(0.5))),
        (nl.dist.Uniform(-1.0, 4.0), stats.uniform(-1.0, 5.0)),
        (nl.dist.Normal(1.0, 2.0, min=0.0, max=2.5), stats.truncnorm(-0.5, 0.75, 1.0, 2.0)),
        (nl.dist.LogNormal(0.0, 1.0, min=0.5), None), (nl.dist.Uniform(0.0, 10.0, max=1.0), stats.uniform(0.0, 1.0))]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(50), nl.fixed_outdegree(50), nl.all_to_all], ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: repr(law[0]) if isinstance(law, tuple) else None)
def test_weights_have_their_distribution(make, synapse_table, tolerances, law, rule, threads):
    given, exact = law
    if exact is None:       # a log-normal cut off below
        full = stats.lognorm(1.0)
        cdf = lambda x: np.clip((full.cdf(x) - full.cdf(0.5)) / full.sf(0.5), 0.0, 1.0)     # noqa: E731
    else:
        cdf = exact.cdf
    sim, (a,) = make(200, threads=threads, seed=7)
    call = sim.connect(a, a, rule=rule, weight=given)
    found = synapse_table.synapses_of(sim.plan(), call)
    assert stats.kstest(found.weight, cdf).pvalue > tolerances.P_VALUE
    assert found.weight.min() >= given.min - 1e-8 and found.weight.max() <= given.max + 1e-8
    # neighbours in a row, and equal places of neighbouring rows, know nothing of each other
    ordered = found.picked(np.lexsort((found.source, found.target))).weight
    bound = tolerances.STANDARD_ERRORS / np.sqrt(len(ordered))
    for lag in (1, 2, 3, 4, 50, 200):
        assert abs(np.corrcoef(ordered[lag:], ordered[:-lag])[0, 1]) < bound


@pytest.mark.parametrize("rule", [nl.fixed_indegree(50), nl.fixed_outdegree(50)], ids=str)
@pytest.mark.parametrize("law, exact", [
    (nl.dist.Uniform(0.3, 2.0), stats.uniform(0.3, 1.7)),
    (nl.dist.Normal(1.5, 0.4, min=0.1), stats.truncnorm(-3.5, 99, 1.5, 0.4)),
    (nl.dist.Normal(0.2, 0.2, min=0.05), stats.truncnorm(-0.75, 99, 0.2, 0.2)),       # from half a step on, as in NEST
    (nl.dist.LogNormal(0.2, 0.3, min=0.1), stats.lognorm(0.3, scale=np.exp(0.2)))],
    ids=["uniform", "normal", "normal near 0", "log-normal"])
def test_delays_have_their_distribution_rounded_to_the_grid(make, synapse_table, goodness, tolerances, law, exact, rule):
    sim, (a,) = make(300, seed=5)
    call = sim.connect(a, a, rule=rule, delay=law, weight=nl.dist.Normal(0.0, 1.0))
    found = synapse_table.synapses_of(sim.plan(), call)
    steps = np.arange(120)
    goodness.numbers_follow(found.delay, exact.cdf(0.1 * (steps + 0.5)) - exact.cdf(0.1 * (steps - 0.5)), tolerances)
    # weights and delays of a synapse come from different words
    assert abs(np.corrcoef(found.delay, found.weight)[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(found.delay))


def test_delays_given_as_numbers_are_rounded_to_the_nearest_step(make, synapse_table):
    sim, (a,) = make(4)
    given = [0.1, 0.3, 0.7, 1.1, 5.7, 10.0, 33.3, 0.14, 0.16, 1.04, 2.58, 0.15, 0.25, 0.35, 1.05, 4.35]     # halves up
    with pytest.warns(UserWarning, match="no multiple of dt"):
        calls = [sim.connect(a, a, delay=d, rule=nl.one_to_one) for d in given]
        as_array = sim.connect(a, a, delay=np.resize(given, (4, 4)))
    found = synapse_table.all_synapses(sim.plan())
    steps = [1, 3, 7, 11, 57, 100, 333, 1, 2, 10, 26, 2, 3, 4, 11, 44]
    assert [np.unique(found[c.index].delay).tolist() for c in calls] == [[s] for s in steps]
    rows = found[as_array.index].picked(np.lexsort((found[as_array.index].source, found[as_array.index].target)))
    np.testing.assert_array_equal(rows.delay, np.resize(steps, 16))


def test_weights_are_exact_where_the_user_gives_them_and_on_a_fine_grid_where_they_are_drawn(make, synapse_table, reference):
    sim, (a,) = make(50)
    constant, array = sim.connect(a, a, weight=0.1), sim.connect(a, a, weight=np.linspace(-3.0, 7.0, 2500).reshape(50, 50))
    law = nl.dist.Normal(1.0, 2.0)
    random = sim.connect(a, a, weight=law)
    found = synapse_table.all_synapses(sim.plan())
    np.testing.assert_allclose(found[constant.index].weight, 0.1, rtol=1e-14)
    ordered = found[array.index].picked(np.lexsort((found[array.index].source, found[array.index].target)))
    np.testing.assert_allclose(ordered.weight, np.linspace(-3.0, 7.0, 2500), rtol=0, atol=1e-14)
    drawn = np.array([reference.drawn(law, 50, row, random.stream, draws.WEIGHTS, sim.seed) for row in range(50)])
    ordered = found[random.index].picked(np.lexsort((found[random.index].source, found[random.index].target)))
    top = max(abs(limit) for limit in law.limits())
    np.testing.assert_allclose(ordered.weight, drawn.ravel(), rtol=0, atol=top * 2.0**-30)


@pytest.mark.parametrize("law, text", [
    (nl.dist.Normal(1.0, 0.2), "Normal(mean=1.0, std=0.2)"), (nl.dist.Normal(), "Normal(mean=0.0, std=1.0)"),
    (nl.dist.Normal(1.0, 0.2, min=0.1), "Normal(mean=1.0, std=0.2, min=0.1)"), (nl.dist.UniformInt(5), "UniformInt(n=5)"),
    (nl.dist.Uniform(max=0.5), "Uniform(low=0.0, high=1.0, max=0.5)"), (nl.dist.Constant(3.0), "Constant(value=3.0)"),
    (nl.dist.Exponential(2.0), "Exponential(beta=2.0)"),
    (2.0 * nl.dist.LogNormal(0.5, 0.1, max=4.0), "2 * LogNormal(mean=0.5, std=0.1, max=4.0)")])
def test_distributions_are_shown_as_they_were_written(law, text):
    assert repr(law) == text
