"""Every rule: what it fixes holds exactly, what it draws has the right distribution. Read from the tables that were built."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect import draws
from nestling.connect.contract import Pairing

SEEDS = range(1, 9)


def make(backend: str, *sizes: int, threads: int = 1, seed: int = 1, precision: str = "double") -> tuple[Any, list[Any]]:
    """A simulator and populations of neurons."""
    sim = nl.Simulator(seed=seed, threads=threads, backend=backend, precision=precision)
    return sim, [sim.create(nl.iaf_psc_delta, n) for n in sizes]


def scrambled(view: Any, seed: int = 0) -> Any:
    return view[np.random.default_rng(seed).permutation(len(view))]


def own(pre: Any, post: Any) -> np.ndarray:
    """Which pairs (targets, sources) are autapses."""
    return post.global_id[:, None] == pre.global_id[None, :]


def layouts(sim: Any, a: Any, b: Any) -> dict[str, tuple[Any, Any]]:
    """Sources and targets: apart, the same, and overlapping in part, of several segments, in no order."""
    both = a + b
    return {"apart": (a, b), "same": (both, both), "overlapping": (scrambled(both[2:]), scrambled(b + a[:5], 1))}


LAYOUTS = ["apart", "same", "overlapping"]
SWITCHES = [pytest.param(dict(allow_autapses=a, allow_multapses=m),
                         id=f"{'with' if a else 'no'} autapses, {'with' if m else 'no'} multapses")
            for a in (True, False) for m in (True, False)]


def built(synapse_table: Any, sim: Any, pre: Any, post: Any, **given: Any) -> np.ndarray:
    """How often each pair was connected, (targets, sources)."""
    projection = sim.connect(pre, post, **given)
    return synapse_table.synapses_of(sim.plan(), projection).pairs(pre.global_id, post.global_id)


def assert_switches(pairs: np.ndarray, pre: Any, post: Any, allow_autapses: bool, allow_multapses: bool) -> None:
    if not allow_autapses:
        assert not pairs[own(pre, post)].any()
    if not allow_multapses:
        assert pairs.max(initial=0) <= 1


# ----------------------------------------------------------------------------------------------------- exact invariants

@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_to_all_connects_every_pair_once(backend, synapse_table, layout, switches, threads):
    sim, (a, b) = make(backend, 13, 8, threads=threads)
    pre, post = layouts(sim, a, b)[layout]
    pairs = built(synapse_table, sim, pre, post, rule=nl.all_to_all, **switches)
    np.testing.assert_array_equal(pairs, 1 - (own(pre, post) & (not switches["allow_autapses"])))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", ["same", "scrambled", "shifted"])
def test_one_to_one_connects_nodes_of_the_same_position(backend, synapse_table, layout, switches, threads):
    sim, (a, b) = make(backend, 13, 8, threads=threads)
    both = a + b
    pre, post = {"same": (both, both), "scrambled": (scrambled(both, 3), scrambled(both, 4)),
                 "shifted": (both[:-1], both[1:])}[layout]
    pairs = built(synapse_table, sim, pre, post, rule=nl.one_to_one, **switches)
    np.testing.assert_array_equal(pairs, np.eye(len(pre), dtype=int) * ~(own(pre, post) & (not switches["allow_autapses"])))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("number", [0, 1, 4, 11, "all"])
@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
def test_a_fixed_degree_is_exact(backend, synapse_table, rule, number, layout, switches, threads):
    sim, (a, b) = make(backend, 13, 18, threads=threads)
    pre, post = layouts(sim, a, b)[layout]
    axis, partners = (1, len(pre)) if rule is nl.fixed_indegree else (0, len(post))
    if number == "all":      # as many as there are; with multapses more than that
        number = partners - (own(pre, post).any() and not switches["allow_autapses"]) + 20 * switches["allow_multapses"]
    pairs = built(synapse_table, sim, pre, post, rule=rule(int(number)), **switches)
    np.testing.assert_array_equal(pairs.sum(axis=axis), number)
    assert_switches(pairs, pre, post, **switches)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("number", [0, 1, 7, 1000])
def test_a_fixed_total_number_is_exact(backend, synapse_table, number, layout, autapses, threads):
    sim, (a, b) = make(backend, 13, 18, threads=threads)
    pre, post = layouts(sim, a, b)[layout]
    pairs = built(synapse_table, sim, pre, post, rule=nl.fixed_total_number(number), allow_autapses=autapses)
    assert pairs.sum() == number
    assert_switches(pairs, pre, post, autapses, True)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_probability_connects_no_pair_twice_and_all_or_none_where_it_says_so(backend, synapse_table, p, layout, switches,
                                                                               threads):
    sim, (a, b) = make(backend, 13, 18, threads=threads)
    pre, post = layouts(sim, a, b)[layout]
    pairs = built(synapse_table, sim, pre, post, rule=nl.fixed_prob(p), **switches)
    assert pairs.max(initial=0) <= 1
    assert_switches(pairs, pre, post, **switches)
    if p in (0.0, 1.0):
        np.testing.assert_array_equal(pairs, int(p) * ~(own(pre, post) & (not switches["allow_autapses"])))
    else:
        assert 0 < pairs.sum() < pairs.size


def test_multapses_and_autapses_do_come_where_they_are_allowed(backend, synapse_table):
    sim, (a,) = make(backend, 20)
    for rule in (nl.fixed_indegree(15), nl.fixed_outdegree(15), nl.fixed_total_number(300), nl.fixed_prob(0.7)):
        pairs = built(synapse_table, sim, a, a, rule=rule)
        assert pairs[own(a, a)].any(), rule
        assert (pairs.max() > 1) == (rule != nl.fixed_prob(0.7)), rule


def test_a_node_that_stands_twice_among_the_targets_receives_twice(backend, synapse_table):
    sim, (a, b) = make(backend, 6, 4)
    projection = sim.connect(a + a[:2], b + b[1:2] + b[1:2], rule=nl.all_to_all)
    pairs = synapse_table.synapses_of(sim.plan(), projection).pairs(a.global_id, b.global_id)
    np.testing.assert_array_equal(pairs, np.outer([1, 3, 1, 1], [2, 2, 1, 1, 1, 1]))


RULES = [nl.all_to_all, nl.one_to_one, nl.fixed_indegree(7), nl.fixed_outdegree(7), nl.fixed_total_number(150),
         nl.fixed_prob(0.25)]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_any_number_of_threads_builds_the_same_synapses(backend, synapse_table, rule, precision):
    found = []
    for threads in (1, 2, 5):
        sim, (a, b) = make(backend, 13, 18, threads=threads, precision=precision)
        view = scrambled(a + b)
        projection = sim.connect(view, scrambled(view, 2), rule=rule, weight=nl.dist.Normal(1.0, 2.0),
                                 delay=nl.dist.Uniform(0.1, 2.0))
        found.append(synapse_table.synapses_of(sim.plan(), projection).sorted())
    for other in found[1:]:
        for name in ("source", "target", "weight", "delay"):
            np.testing.assert_array_equal(getattr(found[0], name), getattr(other, name))


# ------------------------------------------------------------------------------------------- what stands in the tables

def weight_of(source: Any, target: Any) -> Any:
    """A weight that tells a pair, exact in fixed point; negative ones too."""
    return (np.asarray(target) * 64 + np.asarray(source) - 1000) / 256.0


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_table_holds_the_synapses_that_the_rule_draws_row_by_row(backend, synapse_table, reference, rule, threads):
    # drawn by the rule's plain row function, weights and delays in the order of drawing, as pairs, and from distributions
    sim, (a, b) = make(backend, 13, 18, threads=threads)
    pre, post = scrambled(a + b), scrambled(b + a, 3)
    shape, matrix = rule.shape(31, 31), (31, 31)
    number = np.arange(31 * 31)
    forms = [dict(weight=-0.75, delay=1.3), dict(weight=nl.dist.Normal(0.0, 3.0), delay=nl.dist.Uniform(0.1, 2.0)),
             dict(weight=number.reshape(matrix) / 8.0, delay=(0.1 * (1 + number % 23)).reshape(matrix)),
             dict(weight=nl.dist.LogNormal(0.0, 1.0, max=3.0), delay=(0.1 * (1 + number % 23)).reshape(matrix))]
    if shape:
        size = int(np.prod(shape))
        forms.append(dict(weight=np.arange(size).reshape(shape) / 8.0, delay=(0.1 * (1 + np.arange(size) % 23)).reshape(shape)))
    for autapses in (True, False):
        calls = [sim.connect(pre, post, rule=rule, allow_autapses=autapses, **form) for form in forms]
        for call in calls:
            found = synapse_table.all_synapses(sim.plan())[call.index].sorted()
            expected = sorted((s.source, s.target, s.delay, s.weight) for s in reference.synapses_of(call, sim.dt, sim.seed))
            assert sorted(zip(found.source, found.target, found.delay, found.weight)) == expected


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_matrix_of_weights_and_delays_ends_at_its_pairs(backend, synapse_table, rule, threads):
    sim, (a, b) = make(backend, 13, 18, threads=threads)
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
def test_an_array_in_the_rules_shape_gives_each_row_its_values(backend, synapse_table, rule, threads):
    sim, (a, b) = make(backend, 13, 18, threads=threads)
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
def test_a_sources_synapses_lie_together_sorted_by_delay_and_target(backend, synapse_table, rule, delay, threads, order):
    sim, (a, b) = make(backend, 33, 28, threads=threads)
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


def test_projections_into_two_models_and_two_receptors_stay_apart(backend, synapse_table):
    sim, (a,) = make(backend, 9, threads=2)
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
def test_generators_draw_the_same_rules(backend, synapse_table, reference, rule, threads):
    sim, (a,) = make(backend, 19, threads=threads)
    noise = sim.create(nl.poisson_generator, 8, rate=10.0)
    call = sim.connect(scrambled(noise), scrambled(a), rule=rule, delay=nl.dist.Uniform(0.1, 0.5))
    expected = sorted(s.target for s in reference.synapses_of(call, sim.dt, sim.seed))
    np.testing.assert_array_equal(synapse_table.targets_of_generators(sim.plan(), call), expected)


# ------------------------------------------------------------------------------------------------------- distributions

TOO_EVEN = 1e-6      # draws that share their numbers out evenly instead of at random leave far less of the lower tail


def chi_squared(counts: np.ndarray, expected: np.ndarray, tolerances: Any, dof: int | None = None, factor: float = 1.0) -> None:
    """Counts differ from what is expected as much as chance has it: not more, and not less either."""
    counts, expected = np.ravel(counts), np.broadcast_to(expected, np.shape(counts)).ravel()
    assert expected.min() >= 5
    statistic = float(((counts - expected) ** 2 / expected).sum()) * factor
    p = stats.chi2.sf(statistic, len(counts) - 1 if dof is None else dof)
    assert tolerances.P_VALUE < p < 1 - TOO_EVEN, (p, statistic, len(counts))


def numbers_follow(numbers: np.ndarray, chances: np.ndarray, tolerances: Any) -> None:
    """Whole numbers 0, 1, ... come with the given probabilities; rare neighbours are taken together."""
    observed = np.bincount(numbers, minlength=len(chances)).astype(float)
    assert len(observed) == len(chances)
    expected = chances * len(numbers)
    assert not observed[expected == 0].any()
    # a bin ends where it has reached 5; what is left belongs to the last one
    bins = np.concatenate([[0], np.cumsum(expected)[:-1]]) // 5
    starts = np.flatnonzero(np.diff(bins, prepend=-1))
    observed, expected = (np.add.reduceat(x, starts) for x in (observed, expected))
    small = expected < 5
    for i in np.flatnonzero(small):
        j = i - 1 if i else 1
        observed[j], expected[j] = observed[j] + observed[i], expected[j] + expected[i]
    chi_squared(observed[~small], expected[~small], tolerances)


def summed(backend: str, synapse_table: Any, n: int, rule: Any, calls: int = 40, **switches: Any) -> np.ndarray:
    """Pairs of a population with itself, (targets, sources), in every one of several calls: (seeds x calls, n, n)."""
    tables = []
    for seed in SEEDS:
        sim, (a,) = make(backend, n, seed=seed)
        projections = [sim.connect(a, a, rule=rule, seed=i if i % 2 else None, **switches) for i in range(calls)]
        found = synapse_table.all_synapses(sim.plan())
        tables += [found[p.index].pairs(a.global_id, a.global_id) for p in projections]
    return np.array(tables)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("multapses", [True, False], ids=["with multapses", "no multapses"])
@pytest.mark.parametrize("number", [3, 6])          # below and above half of the partners, which are drawn differently
@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
def test_partners_of_a_fixed_degree_are_uniform(backend, synapse_table, tolerances, rule, number, multapses, autapses):
    n = 8
    tables = summed(backend, synapse_table, n, rule(number), allow_autapses=autapses, allow_multapses=multapses)
    if rule is nl.fixed_outdegree:
        tables = tables.transpose(0, 2, 1)
    partners = n if autapses else n - 1
    allowed = np.ones((n, n), bool) if autapses else ~np.eye(n, dtype=bool)
    counts = tables.sum(axis=0)
    assert not counts[~allowed].any()
    # each row of counts is multinomial; drawn without repetition its variance is smaller by 1 - (number - 1) / (partners - 1)
    factor = 1.0 if multapses else (partners - 1) / (partners - number)
    chi_squared(counts[allowed], len(tables) * number / partners, tolerances, dof=n * (partners - 1), factor=factor)
    if multapses:       # the number of equal pairs in a row of independent draws
        equal = (tables * (tables - 1) // 2).sum()
        mean = tables.shape[0] * n * number * (number - 1) / 2 / partners
        assert abs(equal - mean) < tolerances.STANDARD_ERRORS * np.sqrt(mean * (1 - 1 / partners))


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("number", [2, 4])
def test_every_set_of_different_partners_is_equally_likely(backend, synapse_table, tolerances, number, autapses):
    n = 6
    tables = summed(backend, synapse_table, n, nl.fixed_indegree(number), allow_autapses=autapses, allow_multapses=False)
    sets = (tables << np.arange(n)).sum(axis=2)          # a row as a bit mask, (calls, targets)
    partners = n if autapses else n - 1
    for target in range(n):
        counts = np.unique(sets[:, target], return_counts=True)[1]
        assert len(counts) == round(float(stats.binom.pmf(number, partners, 0.5)) * 2**partners)
        chi_squared(counts, len(tables) / len(counts), tolerances)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
def test_pairs_of_a_fixed_total_number_are_uniform(backend, synapse_table, tolerances, autapses):
    tables = summed(backend, synapse_table, 7, nl.fixed_total_number(30), allow_autapses=autapses)
    allowed = np.ones((7, 7), bool) if autapses else ~np.eye(7, dtype=bool)
    chi_squared(tables.sum(axis=0)[allowed], len(tables) * 30 / allowed.sum(), tolerances)
    # in- and out-degrees are binomial: so is their variance
    for axis in (1, 2):
        numbers_follow(tables.sum(axis=axis).ravel(), stats.binom.pmf(np.arange(31), 30, 1 / 7), tolerances)


def test_pairs_of_a_total_number_are_uniform_where_some_targets_are_sources(backend, synapse_table, tolerances):
    # without autapses a target that is a source has one partner less, and gets that much fewer connections
    counts = np.zeros((7, 9))
    for seed in SEEDS:
        sim, (a, b) = make(backend, 9, 4, seed=seed)
        post = scrambled(a[:3] + b)
        call = sim.connect(a, post, rule=nl.fixed_total_number(3000), allow_autapses=False)
        counts += synapse_table.synapses_of(sim.plan(), call).pairs(a.global_id, post.global_id)
    allowed = ~own(a, post)
    assert not counts[~allowed].any()
    chi_squared(counts[allowed], len(SEEDS) * 3000 / allowed.sum(), tolerances)


@pytest.mark.parametrize("autapses", [True, False], ids=["with autapses", "no autapses"])
@pytest.mark.parametrize("p", [0.004, 0.05, 0.37, 0.93])
def test_pairs_are_connected_independently_with_the_given_probability(backend, synapse_table, tolerances, p, autapses):
    n, tables = 120, []
    for seed in SEEDS:
        sim, (a,) = make(backend, n, seed=seed)
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
        numbers_follow(pairs.sum(axis=axis).ravel(), stats.binom.pmf(np.arange(n + 1), partners, p), tolerances)
    # neighbours in a row, which one walk over the row draws after one another
    both = (pairs[:, :, 1:] * pairs[:, :, :-1])[:, allowed[:, 1:] & allowed[:, :-1]].sum()
    trials = len(pairs) * (allowed[:, 1:] & allowed[:, :-1]).sum()
    variance = p**2 * (1 - p**2) + 2 * (p**3 - p**4)      # of overlapping neighbours
    assert abs(both - trials * p**2) < sigmas * np.sqrt(trials * variance) + 1


def test_a_small_probability_reaches_across_many_sources(backend, synapse_table, tolerances):
    # gaps longer than the table of gaps holds (4,095) are drawn in several parts
    n_sources, n_targets, p = 20_000, 300, 5e-4
    sim, (a, b) = make(backend, n_sources, n_targets)
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


def test_projections_rows_and_seeds_draw_independently(backend, synapse_table, tolerances):
    """Degrees over everything that tells draws apart: a repeated row or stream would make them vary too much."""
    n, k = 40, 20
    counts = summed(backend, synapse_table, n, nl.fixed_indegree(k), calls=20).sum(axis=(0, 1))
    chi_squared(counts, counts.sum() / n, tolerances)
    rows = summed(backend, synapse_table, n, nl.fixed_indegree(k), calls=20).reshape(-1, n)
    assert len(np.unique(rows, axis=0)) == len(rows)


# ---------------------------------------------------------------------------------------------------- weights and delays

LAWS = [(nl.dist.Normal(2.0, 3.0), stats.norm(2.0, 3.0)), (nl.dist.LogNormal(0.5, 0.8), stats.lognorm(0.8, scale=np.exp(0.5))),
        (nl.dist.Uniform(-1.0, 4.0), stats.uniform(-1.0, 5.0)),
        (nl.dist.Normal(1.0, 2.0, min=0.0, max=2.5), stats.truncnorm(-0.5, 0.75, 1.0, 2.0)),
        (nl.dist.LogNormal(0.0, 1.0, min=0.5), None), (nl.dist.Uniform(0.0, 10.0, max=1.0), stats.uniform(0.0, 1.0))]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(50), nl.fixed_outdegree(50), nl.all_to_all], ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: repr(law[0]) if isinstance(law, tuple) else None)
def test_weights_have_their_distribution(backend, synapse_table, tolerances, law, rule, threads):
    given, exact = law
    if exact is None:       # a log-normal cut off below
        full = stats.lognorm(1.0)
        cdf = lambda x: np.clip((full.cdf(x) - full.cdf(0.5)) / full.sf(0.5), 0.0, 1.0)     # noqa: E731
    else:
        cdf = exact.cdf
    sim, (a,) = make(backend, 200, threads=threads, seed=7)
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
    (nl.dist.LogNormal(0.2, 0.3, min=0.1), stats.lognorm(0.3, scale=np.exp(0.2)))], ids=["uniform", "normal", "log-normal"])
def test_delays_have_their_distribution_rounded_to_the_grid(backend, synapse_table, tolerances, law, exact, rule):
    sim, (a,) = make(backend, 300, seed=5)
    call = sim.connect(a, a, rule=rule, delay=law, weight=nl.dist.Normal(0.0, 1.0))
    found = synapse_table.synapses_of(sim.plan(), call)
    steps = np.arange(120)
    numbers_follow(found.delay, exact.cdf(0.1 * (steps + 0.5)) - exact.cdf(0.1 * (steps - 0.5)), tolerances)
    # weights and delays of a synapse come from different words
    assert abs(np.corrcoef(found.delay, found.weight)[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(found.delay))


def test_delays_given_as_numbers_are_rounded_to_the_nearest_step(backend, synapse_table):
    sim, (a,) = make(backend, 4)
    given = [0.1, 0.3, 0.7, 1.1, 5.7, 10.0, 33.3, 0.14, 0.16, 1.04, 2.58, 0.15, 0.25, 0.35, 1.05, 4.35]     # halves up
    with pytest.warns(UserWarning, match="no multiple of dt"):
        calls = [sim.connect(a, a, delay=d, rule=nl.one_to_one) for d in given]
        as_array = sim.connect(a, a, delay=np.resize(given, (4, 4)))
    found = synapse_table.all_synapses(sim.plan())
    steps = [1, 3, 7, 11, 57, 100, 333, 1, 2, 10, 26, 2, 3, 4, 11, 44]
    assert [np.unique(found[c.index].delay).tolist() for c in calls] == [[s] for s in steps]
    rows = found[as_array.index].picked(np.lexsort((found[as_array.index].source, found[as_array.index].target)))
    np.testing.assert_array_equal(rows.delay, np.resize(steps, 16))


def test_weights_are_exact_where_the_user_gives_them_and_on_a_fine_grid_where_they_are_drawn(backend, synapse_table, reference):
    sim, (a,) = make(backend, 50)
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
def test_degrees_are_distributed_as_nests(backend, synapse_table, nest, tolerances, rule, given, direction, switches):
    n, axis = 200, 0 if direction == "out" else 1
    if isinstance(rule, nl.fixed_total_number) and not switches["allow_multapses"]:
        # neither has it
        sim, (a,) = make(backend, n)
        with pytest.raises(nl.BadConnection, match="allow_multapses"):
            sim.connect(a, a, rule=rule, **switches)
        return
    ours, theirs = [], []
    for seed in SEEDS:
        sim, (a,) = make(backend, n, seed=seed)
        ours.append(built(synapse_table, sim, a, a, rule=rule, **switches).sum(axis=axis))
        theirs.append(nest_degrees(nest, n, given | switches, direction, seed))
    a, b = np.concatenate(ours), np.concatenate(theirs)
    assert a.sum() == b.sum() or isinstance(rule, nl.fixed_prob)
    # bins of at least some 20 of both together
    edges = np.unique(np.quantile(np.concatenate([a, b]), np.linspace(0, 1, 30), method="nearest"))
    edges[-1] += 1
    table = np.array([np.histogram(x, edges)[0] for x in (a, b)])
    assert stats.chi2_contingency(table).pvalue > tolerances.P_VALUE
