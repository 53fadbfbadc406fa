"""What rules draw has the right distribution, that of NEST too where NEST draws; fixed seeds, so that tests do not flicker."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect.contract import Pairing

SEEDS = range(1, 9)
SWITCHES = [pytest.param(dict(allow_autapses=a, allow_multapses=m),
                         id=f"{'with' if a else 'no'} autapses, {'with' if m else 'no'} multapses")
            for a in (True, False) for m in (True, False)]


def own(pre: Any, post: Any) -> np.ndarray:
    """Which pairs (targets, sources) are autapses."""
    return post.global_id[:, None] == pre.global_id[None, :]


def summed(make: Any, synapse_table: Any, n: int, rule: Any, calls: int = 40, **switches: Any) -> np.ndarray:
    """Pairs of a population with itself, (targets, sources), in every one of several calls: (seeds x calls, n, n)."""
    tables = []
    for seed in SEEDS:
        sim, (a,) = make(n, seed=seed)
        projections = [sim.connect(a, a, rule=rule, seed=i if i % 2 else None, **switches) for i in range(calls)]
        found = synapse_table.all_synapses(sim.plan())
        tables += [found[p.index].pairs(a.global_id, a.global_id) for p in projections]
    return np.array(tables)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("multapses", [True, False], ids=["with multapses", "no multapses"])
@pytest.mark.parametrize("number", [3, 6])          # below and above half of the partners, which are drawn differently
@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
def test_partners_of_a_fixed_degree_are_uniform(make, synapse_table, goodness, tolerances, rule, number, multapses, autapses):
    n = 8
    tables = summed(make, synapse_table, n, rule(number), allow_autapses=autapses, allow_multapses=multapses)
    if rule is nl.fixed_outdegree:
        tables = tables.transpose(0, 2, 1)
    partners = n if autapses else n - 1
    allowed = np.ones((n, n), bool) if autapses else ~np.eye(n, dtype=bool)
    counts = tables.sum(axis=0)
    assert not counts[~allowed].any()
    # each row of counts is multinomial; drawn without repetition its variance is smaller by 1 - (number - 1) / (partners - 1)
    factor = 1.0 if multapses else (partners - 1) / (partners - number)
    goodness.chi_squared(counts[allowed], len(tables) * number / partners, tolerances, dof=n * (partners - 1), factor=factor)
    if multapses:       # the number of equal pairs in a row of independent draws
        equal = (tables * (tables - 1) // 2).sum()
        mean = tables.shape[0] * n * number * (number - 1) / 2 / partners
        assert abs(equal - mean) < tolerances.STANDARD_ERRORS * np.sqrt(mean * (1 - 1 / partners))


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("number", [2, 4])
def test_every_set_of_different_partners_is_equally_likely(make, synapse_table, goodness, tolerances, number, autapses):
    n = 6
    tables = summed(make, synapse_table, n, nl.fixed_indegree(number), allow_autapses=autapses, allow_multapses=False)
    sets = (tables << np.arange(n)).sum(axis=2)          # a row as a bit mask, (calls, targets)
    partners = n if autapses else n - 1
    for target in range(n):
        counts = np.unique(sets[:, target], return_counts=True)[1]
        assert len(counts) == round(float(stats.binom.pmf(number, partners, 0.5)) * 2**partners)
        goodness.chi_squared(counts, len(tables) / len(counts), tolerances)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
def test_pairs_of_a_fixed_total_number_are_uniform(make, synapse_table, goodness, tolerances, autapses):
    tables = summed(make, synapse_table, 7, nl.fixed_total_number(30), allow_autapses=autapses)
    allowed = np.ones((7, 7), bool) if autapses else ~np.eye(7, dtype=bool)
    goodness.chi_squared(tables.sum(axis=0)[allowed], len(tables) * 30 / allowed.sum(), tolerances)
    # in- and out-degrees are binomial: so is their variance
    for axis in (1, 2):
        goodness.numbers_follow(tables.sum(axis=axis).ravel(), stats.binom.pmf(np.arange(31), 30, 1 / 7), tolerances)


def test_total_numbers_are_uniform_where_some_targets_are_sources(make, scrambled, synapse_table, goodness, tolerances):
    # without autapses a target that is a source has one partner less, and gets that much fewer connections
    counts = np.zeros((7, 9))
    for seed in SEEDS:
        sim, (a, b) = make(9, 4, seed=seed)
        post = scrambled(a[:3] + b)
        call = sim.connect(a, post, rule=nl.fixed_total_number(3000), allow_autapses=False)
        counts += synapse_table.synapses_of(sim.plan(), call).pairs(a.global_id, post.global_id)
    allowed = ~own(a, post)
    assert not counts[~allowed].any()
    goodness.chi_squared(counts[allowed], len(SEEDS) * 3000 / allowed.sum(), tolerances)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("p", [0.004, 0.05, 0.37, 0.93])
def test_pairs_are_connected_independently_with_the_given_probability(make, synapse_table, goodness, tolerances, p, autapses):
    n, tables = 120, []
    for seed in SEEDS:
        sim, (a,) = make(n, seed=seed)
        calls = [sim.connect(a, a, rule=nl.fixed_prob(p), allow_autapses=autapses) for _ in range(4)]
        found = synapse_table.all_synapses(sim.plan())
        tables += [found[c.index].pairs(a.global_id, a.global_id) for c in calls]
    pairs = np.array(tables)
    allowed = np.ones((n, n), bool) if autapses else ~np.eye(n, dtype=bool)
    assert not pairs[:, ~allowed].any()
    trials = len(pairs) * allowed.sum()
    sigmas = tolerances.STANDARD_ERRORS
    assert abs(pairs.sum() - trials * p) < sigmas * np.sqrt(trials * p * (1 - p))
    # degrees are binomial (independent pairs), in both directions
    for axis in (1, 2):
        partners = n if autapses else n - 1
        goodness.numbers_follow(pairs.sum(axis=axis).ravel(), stats.binom.pmf(np.arange(n + 1), partners, p), tolerances)
    # neighbours in a row, which one walk over the row draws after one another
    both = (pairs[:, :, 1:] * pairs[:, :, :-1])[:, allowed[:, 1:] & allowed[:, :-1]].sum()
    trials = len(pairs) * (allowed[:, 1:] & allowed[:, :-1]).sum()
    variance = p**2 * (1 - p**2) + 2 * (p**3 - p**4)      # of overlapping neighbours
    assert abs(both - trials * p**2) < sigmas * np.sqrt(trials * variance) + 1


def test_a_small_probability_reaches_across_many_sources(make, synapse_table, tolerances):
    # gaps longer than the table of gaps holds (4,095) are drawn in several parts
    n_sources, n_targets, p = 20_000, 300, 5e-4
    sim, (a, b) = make(n_sources, n_targets)
    call = sim.connect(a, b, rule=nl.fixed_prob(p))
    found = synapse_table.synapses_of(sim.plan(), call)
    mean = n_sources * n_targets * p
    assert abs(len(found.source) - mean) < tolerances.STANDARD_ERRORS * np.sqrt(mean)
    degrees = np.bincount(found.target - n_sources, minlength=n_targets)
    # Poisson in the limit: the variance of the degrees over their mean, times n, is chi-squared
    p_value = stats.chi2.sf(((degrees - mean / n_targets) ** 2).sum() / (mean / n_targets), n_targets)
    assert tolerances.P_VALUE < p_value < 1 - tolerances.P_VALUE
    assert stats.kstest(found.source, stats.randint(0, n_sources).cdf).pvalue > tolerances.P_VALUE
    ordered = found.picked(np.lexsort((found.source, found.target)))
    gaps = np.diff(ordered.source)[np.diff(ordered.target) == 0]
    assert gaps.max() > 4096
    # a gap is geometric; long ones are cut off by the end of the row: compare those up to a tenth of it
    short = gaps[gaps <= 2000]
    law = stats.truncexpon(b=-2000 * np.log1p(-p), loc=0.5, scale=-1 / np.log1p(-p))
    assert stats.kstest(short + np.random.default_rng(0).uniform(-0.5, 0.5, len(short)), law.cdf).pvalue > tolerances.P_VALUE


@pytest.mark.parametrize("p", [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6])
def test_the_table_of_gaps_gives_the_probability_that_was_asked_for(p):
    prepared = nl.fixed_prob(p).prepare(Pairing(np.arange(3), np.arange(3, 5), True, True))
    bits = int(prepared.words[2])
    thresholds, aliases = prepared.table[:1 << bits].astype(np.int64), prepared.table[1 << bits:]
    chance = thresholds.astype(float)
    np.add.at(chance, aliases, (1 << (32 - bits)) - thresholds)
    chance /= 2.0**32
    # one draw moves on by gap + 1 positions and connects the last, or by all gaps of the table and connects none
    density = chance[:-1].sum() / ((chance[:-1] * np.arange(1, len(chance))).sum() + chance[-1] * (len(chance) - 1))
    assert density == pytest.approx(p, rel=1e-5)


def test_projections_rows_and_seeds_draw_independently(make, synapse_table, goodness, tolerances):
    """Degrees over everything that tells draws apart: a repeated row or stream would make them vary too much."""
    n, k = 40, 20
    counts = summed(make, synapse_table, n, nl.fixed_indegree(k), calls=20).sum(axis=(0, 1))
    goodness.chi_squared(counts, counts.sum() / n, tolerances)
    rows = summed(make, synapse_table, n, nl.fixed_indegree(k), calls=20).reshape(-1, n)
    assert len(np.unique(rows, axis=0)) == len(rows)


# ------------------------------------------------------------------------------------------------------------- and NEST

NEST_RULES = [
    (nl.fixed_indegree(20), dict(rule="fixed_indegree", indegree=20), "out"),
    (nl.fixed_outdegree(20), dict(rule="fixed_outdegree", outdegree=20), "in"),
    (nl.fixed_total_number(4000), dict(rule="fixed_total_number", N=4000), "in"),
    (nl.fixed_total_number(4000), dict(rule="fixed_total_number", N=4000), "out"),
    (nl.fixed_prob(0.1), dict(rule="pairwise_bernoulli", p=0.1), "in"),
    (nl.fixed_prob(0.1), dict(rule="pairwise_bernoulli", p=0.1), "out")]


def nest_degrees(nest: Any, n: int, given: dict[str, Any], direction: str, seed: int) -> np.ndarray:
    nest.ResetKernel()
    nest.rng_seed = seed
    neurons = nest.Create("iaf_psc_delta", n)
    nest.Connect(neurons, neurons, given)
    found = nest.GetConnections()
    ends = found.sources() if direction == "out" else found.targets()
    return np.bincount(np.fromiter(ends, int) - 1, minlength=n)


@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("rule, given, direction", NEST_RULES, ids=[f"{r[0]}, {r[2]}-degree" for r in NEST_RULES])
def test_degrees_are_distributed_as_nests(make, built, nest, tolerances, rule, given, direction, switches):
    n, axis = 200, 0 if direction == "out" else 1
    if isinstance(rule, nl.fixed_total_number) and not switches["allow_multapses"]:
        # neither has it
        sim, (a,) = make(n)
        with pytest.raises(nl.BadConnection, match="allow_multapses"):
            sim.connect(a, a, rule=rule, **switches)
        return
    ours, theirs = [], []
    for seed in SEEDS:
        sim, (a,) = make(n, seed=seed)
        ours.append(built(sim, a, a, rule=rule, **switches).sum(axis=axis))
        theirs.append(nest_degrees(nest, n, given | switches, direction, seed))
    a, b = np.concatenate(ours), np.concatenate(theirs)
    assert a.sum() == b.sum() or isinstance(rule, nl.fixed_prob)
    # bins of at least some 20 of both together
    edges = np.unique(np.quantile(np.concatenate([a, b]), np.linspace(0, 1, 30), method="nearest"))
    edges[-1] += 1
    table = np.array([np.histogram(x, edges)[0] for x in (a, b)])
    assert stats.chi2_contingency(table).pvalue > tolerances.P_VALUE
