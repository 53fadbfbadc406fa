"""Positions, masks, and rules that ask where nodes are: against plain computations over all pairs."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.connect.candidates import Candidates
from nestling.connect.cells import cells_of
from nestling.connect.indexed import cell_pieces, indexed_pieces

S = nl.spatial
GAUSS = nl.spatial_distributions.gaussian(nl.distance, std=0.15)
MASKS = [S.circular(0.21), S.circular(0.17, anchor=[0.13, -0.05]), S.doughnut(0.1, 0.26),
         S.rectangular([-0.31, -0.07], [0.12, 0.23]), S.rectangular([-0.2, -0.05], [0.2, 0.05], azimuth_angle=30.0),
         S.elliptical(0.6, 0.3, azimuth_angle=-50.0, anchor=[0.04, 0.0]),
         S.circular(0.21) | S.rectangular([0.0, 0.0], [0.35, 0.1]), S.circular(0.3) & S.rectangular([0.02, -0.5], [0.4, 0.5]),
         S.rectangular([0.07, -0.43], [0.95, 0.33]) - S.circular(0.2)]
SOLIDS = [S.spherical(0.33), S.box([-0.2, -0.1, -0.4], [0.3, 0.2, 0.1], azimuth_angle=20.0, polar_angle=70.0),
          S.ellipsoidal(0.8, 0.4, 0.6, azimuth_angle=40.0, polar_angle=25.0, anchor=[0.05, 0.0, 0.1])]


def layers(wrap: bool, dimensions: int = 2, sizes: tuple[int, int] = (130, 90), **given: Any) -> Any:
    sim = nl.Simulator(**{"threads": 1, "seed": 3, **given})
    return sim, [sim.create(nl.iaf_psc_delta, n, positions=S.free(nl.dist.Uniform(-0.5, 0.5), extent=[1.0] * dimensions,
                                                                  edge_wrap=wrap)) for n in sizes]


def allowed(pre: Any, post: Any, mask: Any, at_source: bool, wrap: bool) -> np.ndarray:
    """Which pairs (targets, sources) a mask allows: all images of all pairs."""
    way = post.positions[:, None] - pre.positions[None]
    way = way if at_source else -way
    images = np.array(np.meshgrid(*[[-1, 0, 1]] * way.shape[-1])).reshape(way.shape[-1], -1).T if wrap else np.zeros((1, 2))
    if not wrap:
        images = np.zeros((1, way.shape[-1]))
    found = [mask.contains((way + image).reshape(-1, way.shape[-1])).reshape(way.shape[:2]) for image in images]
    return np.logical_or.reduce(found)


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("mask", MASKS + SOLIDS, ids=str)
def test_with_p_1_a_rule_connects_all_that_the_mask_allows(built, mask, wrap):
    sim, (a, b) = layers(wrap, len(mask.size))
    for on_source in (False, True):
        pairs = built(sim, a, b, rule=nl.pairwise_bernoulli(1.0, mask, on_source))
        expected = allowed(a, b, mask, not on_source, wrap)
        assert 0 < expected.sum() < expected.size
        np.testing.assert_array_equal(pairs, expected)


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
@pytest.mark.parametrize("multapses", [True, False])
@pytest.mark.parametrize("p", [None, GAUSS])
def test_fixed_degrees_hold_within_the_mask(built, rule, wrap, multapses, p):
    sim, (a, b) = layers(wrap)
    view, mask = a + b, S.circular(0.3, anchor=[0.05, 0.02])
    for autapses in (True, False):
        pairs = built(sim, view, view, rule=rule(11, mask, p), allow_multapses=multapses, allow_autapses=autapses)
        axis = 0 if rule is nl.fixed_outdegree else 1
        assert (pairs.sum(axis=axis) == 11).all()
        assert not pairs[~allowed(view, view, mask, rule is nl.fixed_outdegree, wrap)].any()
        assert (pairs.max() == 1) == (not multapses) and pairs.diagonal().any() == autapses


@pytest.mark.parametrize("rule", [nl.pairwise_bernoulli(0.4, MASKS[1]), nl.pairwise_bernoulli(GAUSS),
                                  nl.fixed_indegree(9, MASKS[0]), nl.fixed_indegree(9, p=GAUSS),
                                  nl.fixed_outdegree(9, MASKS[0], GAUSS)], ids=str)
@pytest.mark.parametrize("multapses", [True, False])
def test_threads_and_pieces_change_nothing(synapse_table, monkeypatch, rule, multapses):
    found = []
    for threads, piece in ((1, 1 << 16), (2, 1 << 16), (4, 1 << 16), (1, 700)):
        monkeypatch.setattr("nestling.connect.candidates.PIECE", piece)
        sim, (a, b) = layers(True, threads=threads)
        projection = sim.connect(a + b, b + a, rule=rule, weight=nl.dist.Normal(1.0, 2.0), allow_multapses=multapses)
        found.append(synapse_table.synapses_of(sim.plan(), projection).sorted())
    assert len(found[0].source) > 500
    for other in found[1:]:
        for name in ("source", "target", "weight", "delay"):
            np.testing.assert_array_equal(getattr(found[0], name), getattr(other, name))


def test_the_seed_and_the_stream_change_what_is_drawn(synapse_table):
    drawn = []
    for seed, stream in ((1, None), (2, None), (1, 5)):
        sim = nl.Simulator(threads=1, seed=seed)
        a = sim.create(nl.iaf_psc_delta, positions=S.grid([12, 12]))
        call = sim.connect(a, a, rule=nl.pairwise_bernoulli(0.5, S.circular(0.3)), seed=stream)
        found = synapse_table.synapses_of(sim.plan(), call)
        drawn.append(set(zip(found.source, found.target)))
    assert drawn[0] != drawn[1] and drawn[0] != drawn[2]


def test_chances_are_those_of_the_expression(synapse_table, goodness, tolerances):
    counts, expected = np.zeros(12), np.zeros(12)
    for seed in range(1, 7):
        sim, (a, b) = layers(True, sizes=(300, 200), seed=seed)
        way = a.space_to(b).displacement(*np.indices((300, 200)).reshape(2, -1))
        chance = (0.6 * GAUSS).at(way)
        bins = np.minimum((np.linalg.norm(way, axis=1) / 0.04).astype(int), 11)
        call = sim.connect(a, b, rule=nl.pairwise_bernoulli(0.6 * GAUSS))
        pairs = synapse_table.synapses_of(sim.plan(), call).pairs(a.global_id, b.global_id).T.ravel()
        counts += np.bincount(bins, pairs, 12)
        expected += np.bincount(bins, chance, 12)
    goodness.chi_squared(counts, expected, tolerances, dof=12)


@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
@pytest.mark.parametrize("multapses", [True, False])
def test_partners_of_a_fixed_degree_come_in_proportion_to_p(synapse_table, goodness, tolerances, rule, multapses):
    # nodes in the middle of six others; without repetition the chances are those of successive draws
    places = [[0.1, 0.0], [0.0, 0.2], [-0.3, 0.0], [0.0, -0.4], [0.45, 0.0], [-0.05, 0.0]]
    weight = GAUSS.at(np.array(places))
    weight /= weight.sum()
    twice = [weight[i] + sum(weight[j] * weight[i] / (1 - weight[j]) for j in range(6) if j != i) for i in range(6)]
    counts, calls = np.zeros(6), 150
    for seed in range(1, 9):
        sim = nl.Simulator(threads=1, seed=seed)
        ring = sim.create(nl.iaf_psc_delta, positions=S.free(places, extent=[1.0, 1.0]))
        middle = sim.create(nl.iaf_psc_delta, positions=S.free([[0.0, 0.0]] * calls, extent=[1.0, 1.0]))
        pre, post = (ring, middle) if rule is nl.fixed_indegree else (middle, ring)
        call = sim.connect(pre, post, rule=rule(2, p=GAUSS), allow_multapses=multapses)
        pairs = synapse_table.synapses_of(sim.plan(), call).pairs(pre.global_id, post.global_id)
        counts += pairs.sum(axis=0 if rule is nl.fixed_indegree else 1)
    if multapses:
        goodness.chi_squared(counts, 2 * calls * 8 * weight, tolerances)
    else:
        expected = calls * 8 * np.array(twice)
        z = (counts - expected) / np.sqrt(expected * (1 - np.array(twice)))
        assert abs(z).max() < 4.0, z


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("make", [lambda p: nl.pairwise_bernoulli(p), lambda p: nl.pairwise_bernoulli(p, S.circular(0.3), True),
                                  lambda p: nl.fixed_indegree(3, p=p), lambda p: nl.fixed_outdegree(3, p=p)])
def test_expressions_see_the_way_from_source_to_target(built, make, wrap):
    sim, (a, b) = layers(wrap)
    east = nl.dist.conditional(nl.displacement.x > 0.0, 1.0, 0.0)
    if not wrap:            # so that every row has candidates
        b, a = b[b.positions[:, 0] > -0.3], a[a.positions[:, 0] < 0.3]
    pairs = built(sim, a, b, rule=make(east))
    way = b.positions[:, None, 0] - a.positions[None, :, 0]
    way = way - np.rint(way) if wrap else way
    assert pairs.sum() > 100 and not pairs[way <= 0].any()


def test_drawn_positions_have_their_distribution_and_follow_from_the_seed(tolerances):
    from scipy import stats

    at = [layers(False, sizes=(4000, 100), seed=seed)[1][0].positions for seed in (1, 1, 2)]
    np.testing.assert_array_equal(at[0], at[1])
    assert (at[0] != at[2]).all() and abs(np.corrcoef(at[0].T)[0, 1]) < tolerances.STANDARD_ERRORS / np.sqrt(4000)
    for axis in range(2):
        assert stats.kstest(at[0][:, axis], stats.uniform(-0.5, 1.0).cdf).pvalue > tolerances.P_VALUE
    sim = nl.Simulator()
    each = S.free([nl.dist.Normal(2.0, 0.1), nl.dist.Constant(1.0)], extent=[2.0, 1.0])
    mixed = sim.create(nl.iaf_psc_delta, 3000, positions=each)
    assert stats.kstest(mixed.positions[:, 0], stats.norm(2.0, 0.1).cdf).pvalue > tolerances.P_VALUE
    assert (mixed.positions[:, 1] == 1.0).all()


@pytest.mark.parametrize("wrap", [False, True])
def test_distances_the_nearest_node_and_nodes_within_a_mask(wrap):
    _, (a, b) = layers(wrap)
    way = b.positions[:90] - a.positions[:90]
    way = way - np.rint(way) if wrap else way
    np.testing.assert_allclose(S.displacements(a[:90], b), way, atol=1e-15)
    np.testing.assert_allclose(S.distances(a[:90], b), np.linalg.norm(way, axis=1))
    np.testing.assert_allclose(S.displacements(a[3], b)[5], S.displacements(a[3], b[5])[0])
    points = np.array([[0.49, 0.49], [0.0, 0.1]])
    to = a.positions[None] - points[:, None]
    to = to - np.rint(to) if wrap else to
    assert S.find_nearest(a, points) == a[np.linalg.norm(to, axis=2).argmin(axis=1)]
    assert S.find_nearest(a, points[1]) == S.find_nearest(a, points)[1]
    mask = S.circular(0.2, anchor=[0.1, 0.0])
    to = to[0] - [0.1, 0.0]
    inside = np.linalg.norm(to - np.rint(to) if wrap else to, axis=1) <= 0.2
    assert S.select_nodes_by_mask(a, points[0], mask) == a[inside]


def test_candidates_are_found_in_bounded_pieces():
    sim, (a,) = layers(True, sizes=(3000,))
    near = Candidates(a.space_to(a), S.circular(0.1), False)
    pieces = list(near.pieces())
    assert sum(len(p.rows) for p in pieces) == 3000 and len(np.unique(np.concatenate([p.rows for p in pieces]))) == 3000
    assert max(len(p.partner) for p in pieces) < 2 << 16
    expected = (S.distances(a[0], a) <= 0.1).sum()
    assert next(p.counts[p.rows == 0][0] for p in pieces if (p.rows == 0).any()) == expected


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("mask", MASKS + SOLIDS, ids=str)
def test_cells_and_the_tree_find_the_same_candidates(wrap, mask):
    _, (a, b) = layers(wrap, len(mask.size), (400, 300))
    for by_source, at_partner in ((False, False), (False, True), (True, False)):
        near = Candidates(a.space_to(b), mask, by_source, at_partner)
        cells = cells_of(near, places=True)
        found = []
        for pieces in (cell_pieces(near, cells, None, 5000), indexed_pieces(near, None, 5000)):
            pairs = [np.column_stack([p.rows[p.row], p.partner, p.displacement]) for p in pieces]
            pairs = np.concatenate(pairs)
            found.append(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])
        np.testing.assert_array_equal(*found)
        assert np.unique(found[0][:, 0], return_counts=True)[1].max() <= cells.most


def test_a_mask_of_too_many_parts_for_compiled_code_is_looked_up_in_the_tree(built):
    sim, (a, b) = layers(True)
    mask = S.circular(0.2)
    for i in range(40):
        mask = S.circular(0.2 + 0.001 * i) & mask
    assert cells_of(Candidates(a.space_to(b), mask, False)) is None
    for make in (lambda m: nl.pairwise_bernoulli(1.0, m), lambda m: nl.pairwise_bernoulli(0.3, m),
                 lambda m: nl.fixed_indegree(3, m), lambda m: nl.fixed_outdegree(3, m)):
        pairs, expected = (built(sim, a, b, rule=make(m), seed=1) for m in (mask, S.circular(0.2)))
        assert expected.sum() > 200
        np.testing.assert_array_equal(pairs, expected)


def test_weights_in_the_rules_shape_and_as_a_matrix(synapse_table):
    sim, (a, b) = layers(True)
    targets, sources = np.indices((90, 130))
    by_pair = sim.connect(a, b, rule=nl.pairwise_bernoulli(0.5, S.circular(0.3)), weight=(targets + sources / 256.0))
    by_row = sim.connect(a, b, rule=nl.fixed_indegree(5, S.circular(0.3)), weight=np.arange(450.0).reshape(90, 5))
    found = synapse_table.all_synapses(sim.plan())
    s = found[by_pair.index]
    np.testing.assert_array_equal(s.weight, (s.target - 130) + s.source / 256.0)
    s = found[by_row.index].sorted()
    np.testing.assert_array_equal(np.sort(s.weight), np.arange(450.0))
    np.testing.assert_array_equal(s.weight // 5, s.target - 130)


def test_rules_are_equal_by_value_and_shown_as_written():
    rule = nl.fixed_indegree(10, S.circular(0.2), GAUSS)
    assert rule == nl.fixed_indegree(10, mask={"circular": {"radius": 0.2}}, p=GAUSS)
    assert rule != nl.fixed_indegree(10, S.circular(0.3), GAUSS) and rule != nl.fixed_indegree(10)
    assert repr(nl.fixed_indegree(10)) == "fixed_indegree(indegree=10)"
    assert repr(nl.pairwise_bernoulli(0.5, S.circular(0.2))) == "pairwise_bernoulli(p=0.5, mask=circular(radius=0.2))"
    assert repr(S.circular(0.2, anchor=[1, 0]) - S.doughnut(0.1, 0.2)) == \
        "(circular(radius=0.2, anchor=[1, 0]) - doughnut(inner_radius=0.1, outer_radius=0.2))"


def test_generators_with_positions_connect_by_distance(synapse_table):
    sim, (a, _) = layers(True)
    noise = sim.create(nl.poisson_generator, positions=S.grid([3, 3], edge_wrap=True), rate=10.0)
    call = sim.connect(noise, a, rule=nl.pairwise_bernoulli(1.0, S.circular(0.2)))
    expected = allowed(noise, a, S.circular(0.2), True, True)
    found = synapse_table.targets_of_generators(sim.plan(), call)
    np.testing.assert_array_equal(found, np.repeat(a.global_id, expected.sum(axis=1)))
