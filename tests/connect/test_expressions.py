"""Expressions: what is computed from distributions, distances, arrays and numbers, against a slow reference and the theory."""
from __future__ import annotations

import math
import operator

import brainunit as u
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy import integrate, stats

from nestling import simulator as nl
from nestling.connect import draws
from nestling.connect.contract import BadConnection, Layer, Space
from nestling.connect.expressions import as_expression, value_at
from nestling.connect.trees import Number
from nestling.simulator.draw import draw_values
from nestling.simulator.formulas import Program, box_of, expression_in, limits_of

d = nl.dist
N, U = d.Normal, d.Uniform
SPACE = Space(np.random.default_rng(1).uniform(-0.5, 0.5, (30, 2)), np.random.default_rng(2).uniform(-0.5, 0.5, (40, 2)))
WRAPPED = Space(SPACE.sources, SPACE.targets, np.array([1.0, 1.0]))
DEEP = Space(*(np.random.default_rng(i).uniform(-2.0, 1.0, (9, 3)) for i in (3, 4)), np.array([3.0, 3.0, 4.0]))

GOLDEN = [      # places 0, 1, 2, 3 and 8 of the row 3 of stream 7, as drawn before expressions were, up to last bits of exp
    (N(2.0, 3.0), ["0x1.bcdbb859e01b4p+0", "0x1.6dfcd155c71c2p+1", "0x1.45dcc40dbf7d3p+2", "0x1.5149dddd2140cp+1",
                   "0x1.5446e326795fcp+0"]),
    (d.LogNormal(0.5, 0.8), ["0x1.898fd3563172cp+0", "0x1.0961d78bde247p+1", "0x1.e1489cd7d0181p+1", "0x1.f3f5d235c2baep+0",
                             "0x1.60f0be65d76ddp+0"]),
    (U(-1.0, 4.0), ["0x1.5369fd1d80000p+0", "0x1.0824b57cc0000p+1", "0x1.9f1deae8c0000p+1", "0x1.eb4bd18d80000p+0",
                    "0x1.0ec3d61680000p+0"]),
    (N(1.0, 2.0, min=0.0, max=0.5), ["0x1.e1ba491291288p-4", "0x1.295080d69ce94p-3", "0x1.6f6474e9b00a8p-2",
                                     "0x1.93bec439d3ea0p-6", "0x1.2f63594bd69ccp-2"]),
    (d.LogNormal(0.0, 1.0, min=0.5), ["0x1.d523c0f1bde35p-1", "0x1.54e7a43f07b3cp+0", "0x1.66ba464581e6cp+1",
                                      "0x1.3c5afd5b3900ep+0", "0x1.9969fb35f0a42p-1"]),
    (U(0.0, 10.0, max=1.0), ["0x1.a892733c00000p-2", "0x1.37a9a9d800000p-3", "0x1.1b1f3f3000000p-4", "0x1.121d0bc400000p-2",
                             "0x1.5a9d51e200000p-1"])]


def rows(tree, space=None, by_source=False, n=40, index=5, stream=3, domain=draws.WEIGHTS, seed=11):
    """One row of values, of all partners in order."""
    program = Program(as_expression(tree), draws.key_of(seed), stream, domain, by_source, space)
    out = np.empty(n)
    program.fill(index, n, np.arange(n, dtype=np.int32), out)
    program.check("row")
    return out


def at_place(layer_of, positions, wrap=False):
    """Put a population's nodes somewhere."""
    array = np.asarray(positions, float)
    object.__setattr__(layer_of.segments[0].population, "layer",
                       Layer(array, np.ones(array.shape[1]), np.zeros(array.shape[1]), wrap))


# --- the words of plain distributions ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("law, golden", GOLDEN, ids=lambda x: type(x).__name__)
def test_plain_distributions_draw_what_they_always_drew(law, golden):
    found = draw_values(law, 9, 12345678912345, 7, 3)[[0, 1, 2, 3, 8]]
    np.testing.assert_allclose(found, [float.fromhex(x) for x in golden], rtol=1e-15, atol=0)


@pytest.mark.parametrize("law", [law for law, _ in GOLDEN], ids=repr)
def test_the_first_distribution_of_an_expression_draws_what_it_draws_alone(law):
    np.testing.assert_array_equal(draw_values(expression_in(2.0 * law + 0.0 * U(), "", "x"), 50, 4, 1, 2),
                                  2.0 * draw_values(law, 50, 4, 1, 2))


def test_a_redrawn_distribution_is_the_truncated_one():
    assert N(1.0, 2.0).redraw(0.0, 3.0) == N(1.0, 2.0, min=0.0, max=3.0) == d.redraw(N(1.0, 2.0), 0.0, 3.0)


# --- compiled against one value at a time -----------------------------------------------------------------------------------

RANDOM = [N() + U(), 2.0 * N(1.0, 0.1) + U(0.0, 1.0), N() * N() - N() / U(1.0, 2.0), (N() + U()).redraw(0.5, 1.0),
          ((N() + U(0.0, 2.0, max=0.3)).redraw(0.0, 1.0) * (N() - U()).redraw(-1.0, 0.0)).redraw(-0.2, 0.0) + N(),
          d.Exponential(2.0) - d.UniformInt(5), d.exp(N() * 0.3) ** 2 + d.sqrt(U()) + abs(N()) + d.log(1.0 + U()),
          d.minimum(N(), U()) + d.maximum(N(), 0.1) + (N() * 2.0).clip(-1.0, 1.0), d.sin(N()) * d.cos(U()) - -N(),
          d.conditional(N() < 0.0, U(), 5.0) + d.conditional(U() >= 0.5, 1.0, N() > U()),
          N(0.0, 1.0, min=0.5) * U(0.0, 1.0, max=0.2)]
SPATIAL = [nl.distance, nl.distance.x - nl.distance.y, nl.displacement.x * nl.displacement.y, 1.0 - 0.5 * nl.distance + N(),
           (nl.distance + 0.3 * N()).redraw(0.1, 1.2), np.arange(40.0)[:, None] * N() + np.arange(30.0)[None] * nl.distance,
           nl.spatial_distributions.gaussian(nl.distance, std=0.2) * N()]


@pytest.mark.parametrize("by_source", [False, True])
@pytest.mark.parametrize("space", [None, SPACE, WRAPPED], ids=["nowhere", "plane", "wrapped"])
def test_compiled_values_are_those_of_the_slow_reference(slow_expressions, space, by_source):
    n = 40 if by_source else 30
    for tree in RANDOM if space is None else SPATIAL:
        found, expected = rows(tree, space, by_source, n), []
        for i in range(n):
            source, target = (5, i) if by_source else (i, 5)
            way = None if space is None else space.displacement(np.array([source]), np.array([target]))
            value = slow_expressions.Value(5, i, 3, draws.WEIGHTS, 11, way, ((target, source), (40, 30)))
            expected.append(value.of(as_expression(tree)))
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-15, err_msg=repr(tree))


def test_what_stands_twice_is_drawn_twice_but_profiles_draw_their_argument_once():
    x = U(1.0, 2.0)
    assert np.abs(rows(x - x)).max() > 0.1
    found = rows(nl.spatial_distributions.gamma(x, kappa=3.0, theta=0.5))
    np.testing.assert_allclose(found, stats.gamma.pdf(rows(x), 3.0, scale=0.5), rtol=1e-13)
    a, b = rows(x + 0.0 * U()), rows(0.0 * U() + x)             # the first and the second distribution of a tree
    for profile, ways in ((lambda x, y: nl.spatial_distributions.gabor(x, y, 30.0, 0.7, 0.9, 1.3, 20.0), (b, a)),
                          (lambda x, y: nl.spatial_distributions.gaussian2D(x, y, 1.0, 1.2, 0.5, 0.7, 0.3), (a, b))):
        expected = profile(nl.displacement.x, nl.displacement.y).at(np.stack(ways, 1))
        np.testing.assert_allclose(rows(profile(x, x)), expected, rtol=1e-12)


# --- limits -----------------------------------------------------------------------------------------------------------------

numbers = some.floats(-3.0, 3.0).map(lambda x: round(x, 2))
leaves = some.one_of(numbers.map(Number), some.sampled_from([nl.distance, nl.distance.x, nl.displacement.y, N(), U(-1.0, 2.0),
                                                             d.Exponential(0.5), d.LogNormal(0.0, 0.5), d.UniformInt(3)]))
BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, d.minimum, d.maximum, operator.lt, operator.le]
UNARY = [operator.neg, abs, d.exp, d.sin, d.cos, d.log, d.sqrt, *(lambda x, p=p: x**p for p in (2, 3, -1, -2, 0.5, 0))]


def larger(inner):
    pairs = some.tuples(some.sampled_from(BINARY), inner, inner).map(lambda t: t[0](t[1], t[2]))
    single = some.tuples(some.sampled_from(UNARY), inner).map(lambda t: t[0](t[1]))
    cut = some.tuples(inner, numbers, numbers).map(lambda t: d.clip(t[0], min(t[1:]), max(t[1:])))
    chosen = some.tuples(inner, inner, inner).map(lambda t: d.conditional(*t))
    return some.one_of(pairs, single, cut, chosen)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(some.recursive(leaves, larger, max_leaves=8), some.sampled_from(["SPACE", "WRAPPED", "DEEP"]))
def test_values_lie_within_limits_and_are_numbers(tree, space):
    space = globals()[space]
    try:
        low, high = limits_of(as_expression(tree), box_of(space))
    except BadConnection:
        return                      # it might be no number somewhere
    n = len(space.sources)
    found = np.concatenate([rows(tree, space, n=n, index=i) for i in range(0, len(space.targets), 4)])
    assert not np.isnan(found).any() and (found >= low).all() and (found <= high).all(), (tree, low, high, found)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(some.recursive(leaves.filter(lambda x: not hasattr(x, "sample")), larger, max_leaves=8))
def test_compiled_code_and_numpy_agree(tree):
    try:
        limits_of(as_expression(tree), box_of(SPACE))
    except BadConnection:
        return
    way = SPACE.displacement(np.arange(30), np.full(30, 5))
    here, there = rows(tree, SPACE, n=30), value_at(tree, way)
    with np.errstate(invalid="ignore"):
        near = np.isclose(here, there, rtol=1e-9, atol=1e-9) | (here == there)
    # where terms cancel, or at the step of a comparison, the last bit decides
    assert near.mean() > 0.9, (tree, here, there)


def test_limits_are_tight_where_each_part_stands_once():
    box = box_of(SPACE)
    far = max(math.dist(s, t) for s in SPACE.sources for t in SPACE.targets)
    low, high = limits_of(as_expression(1.0 - nl.distance / 2.0), box)
    assert high == 1.0 and 1.0 - 0.75 * math.sqrt(2.0) < low <= 1.0 - far / 2.0
    assert limits_of(as_expression(nl.distance), box_of(WRAPPED))[1] == pytest.approx(math.sqrt(0.5))
    assert limits_of(as_expression((2.0 * N() + U()).redraw(-1.0, 99.0)), [])[0] == -1.0
    apart = Space(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [6.0, 8.0]]))
    assert limits_of(as_expression(nl.distance), box_of(apart)) == (5.0, 10.0)
    assert limits_of(as_expression(nl.displacement.y), box_of(apart)) == (4.0, 8.0)
    bell = nl.spatial_distributions.gaussian2D(nl.distance.x, nl.distance.y, rho=0.9)
    assert limits_of(as_expression(bell), box)[1] <= 1.0 + 1e-12


# --- distributions ----------------------------------------------------------------------------------------------------------

def sum_of_normal_and_uniform(x):
    """The distribution function of 2 Normal(1, 0.1) + Uniform(0, 1)."""
    return integrate.quad_vec(lambda v: stats.norm(2.0, 0.2).cdf(x - v), 0.0, 1.0)[0]


LAWS = [(2.0 * N(1.0, 0.1) + U(0.0, 1.0), sum_of_normal_and_uniform), (N() + N(1.0, 2.0), stats.norm(1.0, math.sqrt(5.0)).cdf),
        ((N() + N()).redraw(0.0, 1.0), stats.truncnorm(0.0, math.sqrt(0.5), scale=math.sqrt(2.0)).cdf),
        ((U() + U()).redraw(1.9, 2.0), lambda x: 1.0 - 100.0 * (2.0 - np.clip(x, 1.9, 2.0)) ** 2),
        (N() ** 2, stats.chi2(1).cdf), (d.Exponential(3.0), stats.expon(scale=3.0).cdf),
        (d.Exponential(3.0, min=1.0), stats.expon(1.0, 3.0).cdf), (1.0 * d.Exponential(0.5) * 2.0, stats.expon().cdf),
        (U() + U(), stats.triang(0.5, 0.0, 2.0).cdf), (d.exp(0.5 * N()), stats.lognorm(0.5).cdf)]


@pytest.mark.parametrize("rule", [nl.fixed_indegree(50), nl.fixed_outdegree(50)], ids=str)
@pytest.mark.parametrize("law, cdf", LAWS, ids=lambda x: None if callable(x) else repr(x))
def test_expressions_have_their_distribution(make, synapse_table, tolerances, law, cdf, rule):
    sim, (a,) = make(200, seed=7)
    call = sim.connect(a, a, rule=rule, weight=law)
    found = synapse_table.synapses_of(sim.plan(), call)
    assert stats.kstest(found.weight, cdf).pvalue > tolerances.P_VALUE
    ordered = found.picked(np.lexsort((found.source, found.target))).weight
    for lag in (1, 2, 3, 4, 50, 200):
        assert abs(np.corrcoef(ordered[lag:], ordered[:-lag])[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(len(ordered))


def test_an_exponential_value_is_the_quantile_of_its_word():
    words = np.array([0, 1, 2**20, 2**31, 2**32 - 2, 2**32 - 1])
    found = [d.Exponential.sample(w, 3.0, 0.0) for w in words]
    np.testing.assert_allclose(found, stats.expon.ppf((words + 0.5) * 2.0**-32, scale=3.0), rtol=1e-13)
    assert d.Exponential(3.0).limits() == pytest.approx((found[0], found[-1]))


def test_whole_numbers_come_alike(make, goodness, tolerances):
    sim, (a,) = make(1)
    goodness.numbers_follow(draw_values(d.UniformInt(7), 20_000, 1, 0, 0).astype(int), np.full(7, 1 / 7), tolerances)


def test_distributions_of_one_expression_and_of_weights_and_delays_are_independent(tolerances):
    n = 20_000
    columns = [rows(tree, n=n) for tree in (U() + 0.0 * U(), 0.0 * U() + U(), 0.0 * (U() + U()) + U())]
    columns.append(rows(U(), n=n, domain=draws.DELAYS))
    off = np.corrcoef(columns) - np.eye(4)
    assert np.abs(off).max() < tolerances.STANDARD_ERRORS / math.sqrt(n)


# --- in networks ------------------------------------------------------------------------------------------------------------

def test_expressions_are_the_same_on_any_number_of_threads(make, synapse_table):
    found = []
    for threads in (1, 2, 4):
        sim, (a, b) = make(60, 50, threads=threads)
        at_place(a, np.random.default_rng(1).uniform(-0.5, 0.5, (60, 2)), wrap=True)
        at_place(b, np.random.default_rng(2).uniform(-0.5, 0.5, (50, 2)), wrap=True)
        calls = [sim.connect(a, b, rule=rule, weight=(N() + 3.0 * nl.distance).redraw(0.0, 2.0),
                             delay=(1.0 + 2.0 * nl.distance + 0.1 * N()).clip(0.5, 3.0))
                 for rule in (nl.fixed_indegree(30), nl.fixed_outdegree(20), nl.fixed_total_number(999), nl.all_to_all)]
        table = synapse_table.all_synapses(sim.plan())
        found.append([table[c.index].sorted() for c in calls])
    for other in found[1:]:
        for one, two in zip(found[0], other):
            for field in ("source", "target", "weight", "delay"):
                np.testing.assert_array_equal(getattr(one, field), getattr(two, field))
    assert len(np.unique(found[0][0].delay)) > 10 and found[0][0].weight.min() >= 0.0


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("rule", [nl.fixed_indegree(20), nl.fixed_outdegree(20), nl.all_to_all, nl.fixed_prob(0.3)], ids=str)
def test_values_depend_on_the_distance_of_their_own_synapse(make, scrambled, synapse_table, rule, wrap):
    sim, (a, b) = make(60, 50)
    spots = [np.random.default_rng(i).uniform(-0.5, 0.5, (n, 3)) for i, n in ((1, 60), (2, 50))]
    for view, spot in zip((a, b), spots):
        at_place(view, spot, wrap)
    call = sim.connect(scrambled(a), scrambled(b), rule=rule, weight=2.0 - nl.distance, delay=1.0 + abs(nl.displacement.z))
    found = synapse_table.synapses_of(sim.plan(), call)
    way = spots[1][found.target - 60] - spots[0][found.source]
    way = way - np.round(way) if wrap else way
    np.testing.assert_allclose(found.weight, 2.0 - np.sqrt((way**2).sum(1)), rtol=0, atol=1e-8)
    np.testing.assert_array_equal(found.delay, np.floor((1.0 + np.abs(way[:, 2])) / 0.1 + 0.5 + 1e-9))


@pytest.mark.parametrize("rule", [nl.fixed_indegree(20), nl.fixed_outdegree(20), nl.all_to_all, nl.fixed_prob(0.3)], ids=str)
def test_arrays_by_target_and_by_source(make, scrambled, synapse_table, rule):
    sim, (a, b) = make(60, 50)
    pre, post = scrambled(a, 1), scrambled(b, 2)
    by_source, by_target = np.arange(60.0) + 1.0, 0.1 * np.arange(50.0) + 1.0
    call = sim.connect(pre, post, rule=rule, weight=by_source[None], delay=by_target[:, None])
    mixed = sim.connect(pre, post, rule=rule, weight=by_target[:, None] * by_source[None, :] + 0.0 * U(), delay=1.0)
    table = synapse_table.all_synapses(sim.plan())
    for c in (call, mixed):
        found = table[c.index]
        w = by_source[synapse_table.places(found.source, pre.global_id)]
        lag = by_target[synapse_table.places(found.target, post.global_id)]
        # drawn weights are kept on a grid of the largest
        np.testing.assert_allclose(found.weight, w if c is call else w * lag, rtol=1e-14, atol=0 if c is call else 360 * 2**-30)
        if c is call:
            np.testing.assert_array_equal(found.delay, np.rint(10.0 * lag))


def test_generators_take_expressions_too(make):
    sim, (a,) = make(30)
    noise = sim.create(nl.poisson_generator, 1, rate=1000.0)
    call = sim.connect(noise, a, weight=2.0 * N(1.0, 0.1) + U(), delay=1.0 + np.arange(30.0)[:, None])
    drives = [x for x in sim.plan().drives if x.wire.projection is call]
    assert sum(x.size for x in drives) == 30 and call.weight.limits()[0] > 0.0


def test_initial_values_and_parameters(tolerances):
    sim = nl.Simulator(seed=3)
    a = sim.create(nl.iaf_psc_delta, 20_000, params=dict(V_m=(N(-70.0, 1.0) + U(0.0, 2.0)).redraw(-70.0, -68.0),
                                                         V_th=(2.0 * N()).clip(-1.0, 1.0)))
    V, th = a.get("V_m"), a.get("V_th")
    assert V.min() >= -70.0 and V.max() <= -68.0 and abs(V.mean() + 69.0) < 0.02
    assert abs((th == 1.0).mean() - stats.norm.sf(0.5)) < tolerances.STANDARD_ERRORS * 0.5 / math.sqrt(len(th))
    a[:5].set(V_m=N(1.0, 0.1) * u.mV - 3.0 * u.mV)
    assert (a.get("V_m")[:5] > -3.0).all() and (a.get("V_m")[5:] == V[5:]).all()


# --- units ------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("with_units, plain", [
    (lambda: 2.0 * N(1.0 * u.nA, 0.1 * u.nA) + U(0.0 * u.pA, 1.0 * u.pA), 2.0 * N(1000.0, 100.0) + U()),
    (lambda: u.nA * N(1.0, 0.1), N(1.0, 0.1) * 1000.0), (lambda: 1.5 * u.pA * N(1.0, 0.1), 1.5 * N(1.0, 0.1)),
    (lambda: N(1.0, 0.1, unit=u.pA) + 3.0 * u.pA, N(1.0, 0.1) + 3.0), (lambda: 3.0 * u.pA + u.pA * N(), 3.0 + N()),
    (lambda: N() * u.nS * (2.0 * u.mV), N() * 2.0), (lambda: U(1.0, 2.0) * u.mV / (10.0 * u.Mohm), U(1.0, 2.0) / 10.0 * 1000.0),
    (lambda: U() * u.pA * (3.0 * u.ms) * (1.0 * u.kHz), 3.0 * U()),
    (lambda: d.sqrt((U(1.0, 2.0) * u.nA) ** 2), 1000.0 * U(1.0, 2.0)),
    (lambda: u.pA * d.exp(N() * u.mV / (2.0 * u.mV)), d.exp(N() / 2.0)),
    (lambda: d.clip(N() * u.pA, -0.5 * u.pA, 0.001 * u.nA), d.clip(N(), -0.5, 1.0)),
    (lambda: (N() * u.pA + U()).redraw(0.0 * u.pA, 1.0), (N() + U()).redraw(0.0, 1.0)),
    (lambda: d.conditional(N() * u.mV < 0.0 * u.mV, 1.0 * u.pA, U()), d.conditional(N() < 0.0, 1.0, U())),
    (lambda: d.Constant(2.0, unit=u.nA) + N(), 2000.0 + N())])
def test_units_come_to_the_same_numbers(with_units, plain):
    a, b = (draw_values(expression_in(x, "pA", "weight"), 20, 1, 2, 3) for x in (with_units(), plain))
    np.testing.assert_allclose(a, b, rtol=1e-12)


@pytest.mark.parametrize("wrong, message", [
    (lambda: N() * u.mV, "weight = .*the unit is mV, a quantity in pA is expected"),
    (lambda: N(1.0 * u.mV, 1.0 * u.mV) * 2.0, "weight = .*the unit is mV, a quantity in pA is expected"),
    (lambda: N() * u.pA + U() * u.mV, "weight = .*is in pA, .* is in mV|weight = .*is in pA, .* in mV"),
    (lambda: d.exp(N() * u.pA) * u.pA, "exp takes a plain number, not a quantity in pA"),
    (lambda: N(1.0 * u.pA, 1.0 * u.mV) * 2.0, "weight: std"), (lambda: N() * u.pA * u.pA, "a quantity in pA is expected"),
    (lambda: (N() * u.pA + U()).redraw(0.0, 1.0 * u.mV), "is in pA, .* in mV"),
    (lambda: d.conditional(N() * u.mV < 1.0 * u.pA, 1.0, U()), "is in mV, .* in pA"),
    (lambda: nl.distance * u.ms, "the unit is ms, a quantity in pA is expected")])
def test_wrong_dimensions_are_told(wrong, message):
    with pytest.raises(nl.DimensionError, match=message):
        expression_in(wrong(), "pA", "weight", space=lambda: SPACE, shape=(40, 30))


# --- bad input --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("wrong, message", [
    (dict(weight=1.0 / U(-1.0, 1.0)), r"weight = .*from -inf to inf: it must have limits; .*clip\(low, high\) or redraw"),
    (dict(weight=1.0 / U(0.0, 1.0)), "weight = .*from 1 to inf"),
    (dict(weight=d.exp(1000.0 * N())), "weight = .*from 0 to inf"),
    (dict(weight=d.log(N())), "weight = .*logarithm of a number below 0"),
    (dict(weight=N() ** 0.5), "below 0 .* to the power 0.5"),
    (dict(weight=d.sqrt(N())), "root of a number below 0"), (dict(weight=N() / N()), "it can be 0 / 0"),
    (dict(weight=N() + math.nan), "must be finite"), (dict(weight=N() * math.inf), "must be finite"),
    (dict(weight=(2.0 * N()).redraw(20.0, 21.0)), r"can give no value, since all of it lies within \[-12.8, 12.8\]"),
    (dict(weight=(2.0 * N()).redraw(9.0, 21.0)), "fewer than one in 1,000 values"),
    (dict(weight=(2.0 * N()).redraw(2.0, 1.0)), "min must be at most max"),
    (dict(weight=N().redraw(7.0, 9.0)), "can give no value"),
    (dict(delay=2.0 * U()), r"delay = .* can give 0 ms: must be dt / 2 = 0.05 .*clip\(0.05, ..\) or redraw"),
    (dict(delay=1.0 + N() * 1.0), "delay = .* can give -5.4 ms"), (dict(delay=1.0 + 1e9 * U()), "must be at most .* use clip"),
    (dict(weight=nl.distance), "weight = distance: it needs to know where the nodes are: create all of them with positions="),
    (dict(weight=np.ones(9) * N()), r"weight = .*an array in it has shape \(9,\).*\(9, 1\), one entry a target, \(1, 9\)"),
    (dict(weight=np.ones((8, 1)) * N()), r"an array in it has shape \(8, 1\)"),
    (dict(weight=np.full((9, 1), np.nan) * N()), "must be finite"),
    (dict(weight=np.ones((8, 1))), r"weight has shape \(8, 1\).*\(9, 9\) or \(9, 1\) or \(1, 9\)"),
    (dict(weight=d.Exponential(-1.0)), "beta must be above 0"),
    (dict(weight=d.UniformInt(2.5)), "n must be a whole number"),
    (dict(weight=d.UniformInt(0) * 2.0), "n must be a whole number"),
    (dict(weight=N(0.0, -1.0) * 2.0), "std must be 0 or more")])
def test_bad_expressions_are_told_at_the_call(make, wrong, message):
    sim, (a,) = make(9)
    with pytest.raises(BadConnection, match=message):
        sim.connect(a, a, **wrong)
    assert sim.network.projections == ()


def test_redraws_of_distances_alone_and_of_pairs_that_cannot_fit(make):
    sim, (a,) = make(9)
    at_place(a, np.random.default_rng(1).uniform(-0.5, 0.5, (9, 2)))
    with pytest.raises(BadConnection, match="nothing in it is drawn at random: use clip"):
        sim.connect(a, a, weight=nl.distance.redraw(0.0, 0.1))
    with pytest.raises(BadConnection, match="distance.z: the nodes have positions in 2 dimensions"):
        sim.connect(a, a, weight=1.0 + nl.distance.z)
    sim.connect(a, a, weight=(nl.distance + 0.001 * U()).redraw(0.0, 0.4))          # fits for some pairs only
    with pytest.raises(BadConnection, match="connect call 0: a redraw found no value"):
        sim.plan()


@pytest.mark.parametrize("wrong, message", [
    (dict(V_m=nl.distance * N()), "V_m = .*a node by itself has no distance"),
    (dict(V_m=np.ones((9, 1)) * N()), "V_m = .*arrays and distributions cannot be mixed here"),
    (dict(V_m=1.0 / N()), "V_m = .*it must have limits"), (dict(t_ref=1.0 * N() * 3.0), "t_ref")])
def test_bad_expressions_for_nodes(wrong, message):
    sim = nl.Simulator()
    with pytest.raises(nl.ParameterError, match=message):
        sim.create(nl.iaf_psc_delta, 9, params=wrong)
    a = sim.create(nl.iaf_psc_delta, 9)
    with pytest.raises(nl.ParameterError, match=message):
        a.set(**wrong)


@pytest.mark.parametrize("make_it, error, message", [
    (lambda: N() ** U(), BadConnection, "the power must be a plain number"),
    (lambda: d.exp("a"), BadConnection, "exp: 'a' must be"),
    (lambda: N() * True, TypeError, "unsupported"), (lambda: N() + None, TypeError, "unsupported"),
    (lambda: d.redraw(N(), U(), 3.0), BadConnection, "takes an expression and two numbers"),
    (lambda: bool(N() < 1.0), TypeError, r"write conditional\(condition, a, b\)"), (lambda: np.tan(N()), TypeError, "tan"),
    (lambda: nl.spatial_distributions.gaussian(nl.distance, std=0.0), BadConnection, "gaussian: std = 0.0 must be .* above 0"),
    (lambda: nl.spatial_distributions.exponential(nl.distance, beta=N()), BadConnection, "exponential: beta"),
    (lambda: nl.spatial_distributions.gamma("x"), BadConnection, "'x' must be"),
    (lambda: nl.spatial_distributions.gaussian2D(1.0, 2.0, rho=1.0), BadConnection, "rho = 1.0 must be between"),
    (lambda: value_at(N(), np.ones((2, 2))), BadConnection, "distances and plain numbers alone"),
    (lambda: value_at(nl.distance.z, np.ones((2, 2))), BadConnection, "positions in 2 dimensions"),
    (lambda: value_at("x", np.ones((2, 2))), BadConnection, "must be a number or an expression")])
def test_what_is_no_expression(make_it, error, message):
    with pytest.raises(error, match=message):
        make_it()


def test_numpy_functions_and_plain_numbers():
    x = np.exp(-nl.distance / 0.3) + np.float64(2.0) * np.minimum(nl.distance, 1.0)
    np.testing.assert_allclose(x.at(np.array([[3.0, 4.0], [0.3, 0.4]])), [math.exp(-5 / 0.3) + 2.0, math.exp(-0.5 / 0.3) + 1.0])
    np.testing.assert_array_equal(value_at(0.25, np.zeros((3, 2))), [0.25] * 3)
    assert expression_in(as_expression(2.0) * Number(3.0), "", "x") == 6.0
