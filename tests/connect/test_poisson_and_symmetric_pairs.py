"""pairwise_poisson and symmetric_pairwise_bernoulli have the distributions that they state; fixed seeds."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

SEEDS = range(1, 9)


def drawn(make: Any, synapse_table: Any, n: int, m: int | None, rule: Any, calls: int = 40, **switches: Any) -> np.ndarray:
    """Pairs (targets, sources) of every call; m: targets of their own, or None: a population with itself."""
    tables = []
    for seed in SEEDS:
        sim, (a, *rest) = make(*([n] if m is None else [n, m]), seed=seed)
        b = rest[0] if rest else a
        made = [sim.connect(a, b, rule=rule, seed=i if i % 2 else None, **switches) for i in range(calls)]
        found = synapse_table.all_synapses(sim.plan())
        firsts = [p[0] if isinstance(p, list) else p for p in made]
        tables += [found[p.index].pairs(a.global_id, b.global_id) for p in firsts]
    return np.array(tables)


@pytest.mark.parametrize("mean", [0.1, 0.8, 3.0])
@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
def test_the_number_of_connections_of_a_pair_is_poisson(make, synapse_table, goodness, tolerances, mean, autapses):
    n = 9
    tables = drawn(make, synapse_table, n, None, nl.pairwise_poisson(mean), allow_autapses=autapses)
    allowed = ~np.eye(n, dtype=bool) | autapses
    assert not tables[:, ~allowed].any()
    numbers = tables[:, allowed].ravel()
    goodness.numbers_follow(numbers, stats.poisson(mean).pmf(np.arange(40)), tolerances)
    # every pair alike, and sums of rows and columns Poisson: pairs know nothing of each other
    counts = tables.sum(axis=0)[allowed]
    goodness.chi_squared(counts, mean * len(tables), tolerances, dof=len(counts))
    for axis in (1, 2):
        partners = n if autapses else n - 1
        goodness.numbers_follow(tables.sum(axis=axis).ravel(), stats.poisson(mean * partners).pmf(np.arange(120)), tolerances)


def test_a_target_that_is_no_source_has_a_partner_more(make, synapse_table, goodness, tolerances):
    numbers: dict[bool, list[int]] = {True: [], False: []}
    for seed in range(1, 200):
        sim, (a,) = make(8, seed=seed)
        call = sim.connect(a[:4], a, rule=nl.pairwise_poisson(1.5), allow_autapses=False)
        pairs = synapse_table.synapses_of(sim.plan(), call).pairs(a.global_id[:4], a.global_id)
        for target, number in enumerate(pairs.sum(axis=1)):
            numbers[target < 4].append(int(number))
    for itself, found in numbers.items():
        goodness.numbers_follow(np.array(found), stats.poisson(1.5 * (3 if itself else 4)).pmf(np.arange(60)), tolerances)


def test_large_means_and_none(make, synapse_table, tolerances):
    sim, (a, b) = make(1000, 50)
    none = sim.connect(a, b, rule=nl.pairwise_poisson(0.0))
    many = sim.connect(a, b, rule=nl.pairwise_poisson(20))
    found = synapse_table.all_synapses(sim.plan())
    assert len(found[none.index].source) == 0
    rows = found[many.index].pairs(a.global_id, b.global_id).sum(axis=1)
    assert stats.kstest(rows, stats.poisson(20_000.0).cdf).pvalue > tolerances.P_VALUE and len(set(rows)) > 30


def in_degrees(n: int, p: float) -> np.ndarray:
    """How many sources a target draws: binomial, of all, and never all."""
    chances = stats.binom(n, p).pmf(np.arange(n))
    return chances / chances.sum()


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("same", [True, False], ids=["same", "apart"])
def test_a_target_draws_a_binomial_number_of_different_sources(make, synapse_table, goodness, tolerances, p, same):
    n, m = 7, 9
    tables = drawn(make, synapse_table, n, None if same else m, nl.symmetric_pairwise_bernoulli(p), make_symmetric=True,
                   allow_autapses=False)
    assert tables.max() == 1 and not (same and np.trace(tables, axis1=1, axis2=2).any())
    law = in_degrees(n, p)
    numbers = tables.sum(axis=2).ravel()
    goodness.numbers_follow(numbers, law, tolerances)
    allowed = ~np.eye(n, dtype=bool) if same else np.ones((m, n), bool)
    # given the numbers, sources are uniform
    counts, partners = tables.sum(axis=0)[allowed].reshape(len(tables[0]), -1), n - same
    variance = (np.arange(n) / partners * (1 - np.arange(n) / partners)) @ law * partners / (partners - 1)
    expected = counts.sum(axis=1, keepdims=True) / partners
    statistic = ((counts - expected) ** 2).sum() / (len(tables) * variance)
    assert tolerances.P_VALUE < stats.chi2.sf(statistic, counts.shape[0] * (partners - 1)) < 1 - 1e-6


def test_no_probability_draws_none_and_one_source_is_never_all(make):
    sim, (a, b) = make(5, 6)
    for pre, p in ((a, 0.0), (a[:1], 0.9)):
        sim.connect(pre, b, rule=nl.symmetric_pairwise_bernoulli(p), make_symmetric=True, allow_autapses=False)
    assert set(sim.plan().synapses.values()) == {0}


@pytest.mark.parametrize("rule", [nl.pairwise_poisson(0.4), nl.symmetric_pairwise_bernoulli(0.4)], ids=str)
def test_any_number_of_threads_draws_the_same(make, scrambled, synapse_table, rule):
    found = []
    for threads in (1, 2, 5):
        sim, (a,) = make(31, threads=threads)
        made = sim.connect(scrambled(a), scrambled(a, 1), rule=rule, weight=nl.dist.Normal(0.0, 1.0), allow_autapses=False,
                           make_symmetric=rule.symmetric)
        for call in made if isinstance(made, list) else [made]:
            s = synapse_table.synapses_of(sim.plan(), call)
            found.append((call.index, sorted(zip(s.source, s.target, s.weight))))
    assert len({str(f) for f in found}) == len({index for index, _ in found})
