"""Space as in NEST: positions, nodes within masks, which connections masks allow, degrees and distances of those drawn."""
from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl

S = nl.spatial
SEEDS = (1, 2, 3)
MASKS_2D = [  # name, arguments, anchor; no node of the grids below lies on an edge, where rounding decides in NEST
    ("circular", dict(radius=0.213), None), ("circular", dict(radius=0.213), [0.137, -0.081]),
    ("doughnut", dict(inner_radius=0.117, outer_radius=0.323), None),
    ("rectangular", dict(lower_left=[-0.313, -0.077], upper_right=[0.121, 0.233]), None),
    ("elliptical", dict(major_axis=0.613, minor_axis=0.313, azimuth_angle=37.0), [0.043, 0.012])]
MASKS_3D = [("spherical", dict(radius=0.363), None),
            ("box", dict(lower_left=[-0.213, -0.113, -0.413], upper_right=[0.313, 0.221, 0.119]), [0.05, 0.02, -0.03]),
            ("ellipsoidal", dict(major_axis=0.813, minor_axis=0.413, polar_axis=0.613, azimuth_angle=41.0, polar_angle=27.0),
             None)]
MASKS = [(2, m) for m in MASKS_2D] + [(3, m) for m in MASKS_3D]
GRIDS = [dict(shape=[5, 3]), dict(shape=[4, 6], extent=[2.0, 3.0], center=[1.0, -0.5], edge_wrap=True), dict(shape=[2, 3, 4]),
         dict(shape=[3, 1, 2], extent=[1.5, 1.0, 0.3])]


def both(nest, where, n=None):
    """The same layer here and in NEST, whose kernel is reset; `where`: shape or positions, extent, center, edge_wrap."""
    nest.ResetKernel()
    kind = "grid" if "shape" in where else "free"
    there = nest.Create("parrot_neuron", positions=getattr(nest.spatial, kind)(**where))
    sim = nl.Simulator(threads=1)
    return sim, sim.create(nl.parrot_neuron, positions=getattr(S, kind)(**where)), there


def spec(mask):
    name, given, anchor = mask
    return {name: given} if anchor is None else {name: given, "anchor": anchor}


def pairs_there(nest, n):
    """How often each pair was connected, (targets, sources); nodes were created first."""
    found = nest.GetConnections().get(["source", "target"])
    table = np.zeros((n, n), np.int64)
    np.add.at(table, (np.asarray(found["target"]) - 1, np.asarray(found["source"]) - 1), 1)
    return table


@pytest.fixture(scope="module")
def pairs_here():
    """pairs_here(sim, pre, post, **given): how often each pair was connected, (targets, sources)."""
    from nestling.simulator.draw import describe_drawing
    from nestling.simulator.row_kernels import make_row

    def pairs(sim, pre, post, **given):
        call = sim.connect(pre, post, **given)
        drawing = describe_drawing(call, sim.seed)
        draw, by_source = make_row(call.rule.row), call.rule.by == "source"
        table = np.zeros((len(post), len(pre)), np.int64)
        partners = np.zeros(drawing.prepared.longest + 1, np.int32)
        for row in range(len(pre) if by_source else len(post)):
            n = draw(drawing.row.ctypes.data, row, partners.ctypes.data)
            np.add.at(table, (partners[:n], row) if by_source else (row, partners[:n]), 1)
        return table
    return pairs


@pytest.mark.parametrize("where", GRIDS, ids=str)
def test_nodes_of_a_grid_stand_where_nest_puts_them(nest, where):
    _, here, there = both(nest, where)
    np.testing.assert_allclose(here.positions, nest.GetPosition(there), atol=1e-15)
    layer = here.segments[0].population.layer
    np.testing.assert_array_equal(layer.extent, there.spatial["extent"])
    np.testing.assert_array_equal(layer.center, there.spatial["center"])
    # NEST's runs from its second argument to the first
    np.testing.assert_allclose(S.displacements(here[0], here), nest.Displacement(there, there[0]), atol=1e-15)
    np.testing.assert_allclose(S.distances(here, here[1]), nest.Distance(there, there[1]), atol=1e-15)


@pytest.mark.parametrize("given", [dict(), dict(extent=[3.0, 4.0]), dict(edge_wrap=True)], ids=str)
def test_free_layers_have_nests_extent_and_center(nest, given):
    pos = (np.random.default_rng(1).random((20, 2)) * [1.7, 0.4] + [3.0, -2.0]).tolist()
    _, here, there = both(nest, dict(pos=pos, **given))
    layer = here.segments[0].population.layer
    np.testing.assert_array_equal(here.positions, nest.GetPosition(there))
    np.testing.assert_array_equal(layer.extent, there.spatial["extent"])
    np.testing.assert_allclose(layer.center, there.spatial["center"], rtol=1e-15)


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("dimensions, mask", MASKS, ids=lambda v: v[0] if isinstance(v, tuple) else None)
def test_masks_hold_the_nodes_that_they_hold_in_nest(nest, dimensions, mask, wrap):
    _, here, there = both(nest, dict(shape=[11, 10, 7][:dimensions], edge_wrap=wrap))
    name, given, anchor = mask
    for place in ([0.0, 0.0, 0.0], [0.31, -0.42, 0.1], [0.5, 0.5, -0.5]):
        ours = S.select_nodes_by_mask(here, place[:dimensions], spec(mask))
        theirs = nest.SelectNodesByMask(there, place[:dimensions], nest.CreateMask(name, given, anchor))
        assert len(ours) > 0
        np.testing.assert_array_equal(np.sort(ours.global_id), np.sort(np.array(theirs.global_id)) - 1)


@pytest.mark.parametrize("how", ["&", "|", "-"])
def test_masks_combine_as_in_nest(nest, how):
    import operator

    _, here, there = both(nest, dict(shape=[20, 20]))
    combine = {"&": operator.and_, "|": operator.or_, "-": operator.sub}[how]
    ours = combine(S.circular(0.333), S.rectangular([-0.117, 0.013], [0.417, 0.217]))
    theirs = combine(nest.CreateMask("circular", dict(radius=0.333)),
                     nest.CreateMask("rectangular", dict(lower_left=[-0.117, 0.013], upper_right=[0.417, 0.217])))
    found = np.array(nest.SelectNodesByMask(there, [0.05, -0.03], theirs).global_id) - 1
    np.testing.assert_array_equal(S.select_nodes_by_mask(here, [0.05, -0.03], ours).global_id, np.sort(found))


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("dimensions, mask", MASKS, ids=lambda v: v[0] if isinstance(v, tuple) else None)
@pytest.mark.parametrize("on_source", [False, True])
def test_the_same_pairs_are_connected_where_p_is_1(nest, pairs_here, dimensions, mask, wrap, on_source):
    sim, here, there = both(nest, dict(shape=[7, 6, 5][:dimensions], edge_wrap=wrap))
    nest.Connect(there, there, dict(rule="pairwise_bernoulli", p=1.0, mask=spec(mask), use_on_source=on_source))
    pairs = pairs_here(sim, here, here, rule=nl.pairwise_bernoulli(1.0, spec(mask), on_source))
    assert 0 < pairs.sum() < pairs.size
    np.testing.assert_array_equal(pairs, pairs_there(nest, len(here)))


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("rule, number", [("pairwise_bernoulli", None), ("fixed_indegree", 12), ("fixed_outdegree", 12)])
@pytest.mark.parametrize("kernel", ["none", "gaussian", "exponential", "displaced"])
def test_degrees_and_distances_have_nests_distribution(nest, pairs_here, tolerances, rule, number, kernel, dimensions):
    # masks are lopsided, so that it matters at which node they lie; no distance may come more often than there
    shape, width = ([16, 15], 0.2) if dimensions == 2 else ([7, 6, 6], 0.35)
    mask = {"circular" if dimensions == 2 else "spherical": {"radius": 0.37}, "anchor": [0.11, 0.0, 0.0][:dimensions]}
    theirs = dict(none=None, gaussian=lambda: nest.spatial_distributions.gaussian(nest.spatial.distance, std=width),
                  exponential=lambda: nest.spatial_distributions.exponential(nest.spatial.distance, beta=width),
                  displaced=lambda: nest.spatial_distributions.gaussian(nest.spatial.distance.x, mean=0.1, std=0.1))[kernel]
    ours = dict(none=None, gaussian=nl.spatial_distributions.gaussian(nl.distance, std=width),
                exponential=nl.spatial_distributions.exponential(nl.distance, beta=width),
                displaced=nl.spatial_distributions.gaussian(nl.distance.x, mean=0.1, std=0.1))[kernel]
    found = {"here": [], "there": []}
    for seed in SEEDS:
        _, _, there = both(nest, dict(shape=shape, edge_wrap=True))
        nest.rng_seed = seed
        given = {} if theirs is None else dict(p=theirs())
        given = dict(given, p=given.get("p", 0.4)) if number is None else given
        degree = {} if number is None else {rule.removeprefix("fixed_"): number}
        nest.Connect(there, there, dict(rule=rule, mask=mask, **degree, **given))
        found["there"].append(pairs_there(nest, len(there)))
        sim = nl.Simulator(threads=1, seed=seed)
        here = sim.create(nl.parrot_neuron, positions=S.grid(shape, edge_wrap=True))
        p = 0.4 if ours is None and number is None else ours
        made = getattr(nl, rule)(**degree, mask=mask, **({} if p is None else dict(p=p)))
        found["here"].append(pairs_here(sim, here, here, rule=made))
    n = len(here)
    way = here.space_to(here).displacement(*np.indices((n, n)).reshape(2, -1)).reshape(n, n, -1)      # (source, target)
    counts = {}
    for side, tables in found.items():
        tables = np.array(tables)
        to_target = np.round(way.transpose(1, 0, 2), 6)                                             # (target, source)
        _, place = np.unique(to_target.reshape(-1, dimensions), axis=0, return_inverse=True)
        counts[side] = np.bincount(np.ravel(place), tables.sum(axis=0).ravel())
        counts[side, "in"], counts[side, "out"] = tables.sum(axis=2).ravel(), tables.sum(axis=1).ravel()
    size = max(len(counts["here"]), len(counts["there"]))
    both_sides = np.array([np.pad(counts[side], (0, size - len(counts[side]))) for side in ("here", "there")])
    frequent = both_sides.sum(axis=0) >= 20
    table = np.column_stack([both_sides[:, frequent], both_sides[:, ~frequent].sum(axis=1)])
    table = table[:, table.sum(axis=0) >= 20]
    assert table.shape[1] > 10 and stats.chi2_contingency(table).pvalue > tolerances.P_VALUE
    for side in ("in", "out"):
        if number is not None and rule == f"fixed_{side}degree":
            assert (counts["here", side] == number).all() and (counts["there", side] == number).all()
        else:
            assert stats.ks_2samp(counts["here", side], counts["there", side]).pvalue > tolerances.P_VALUE


def test_nest_too_refuses_masks_wider_than_a_layer_that_wraps_and_too_few_candidates(nest):
    sim, here, there = both(nest, dict(shape=[10, 10], edge_wrap=True))
    for mask, rule, degree, word in ((dict(circular=dict(radius=0.51)), "pairwise_bernoulli", dict(p=1.0), "size|sides"),
                                     (dict(circular=dict(radius=0.11)), "fixed_indegree", dict(indegree=6), "ound|finds")):
        given = dict(rule=rule, mask=mask, **degree)
        with pytest.raises(nest.NESTError, match=word):
            nest.Connect(there, there, dict(given, allow_multapses=False))
        with pytest.raises(nl.BadConnection, match=word):
            sim.connect(here, here, rule=getattr(nl, rule)(*degree.values(), mask=mask), allow_multapses=False)
