"""Positions, masks and rules in space that make no sense are refused where they are written, and leave nothing behind."""
from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

S = nl.spatial
U = nl.dist.Uniform(-0.5, 0.5)

BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: S.grid(10), nl.BadConnection, "shape = 10: must be a list of 2 or 3 whole numbers"),
    (lambda: S.grid([10]), nl.BadConnection, r"shape = \[10\]"),
    (lambda: S.grid([10, 0]), nl.BadConnection, r"shape = \[10, 0\]"),
    (lambda: S.grid([10, 2.5]), nl.BadConnection, r"shape = \[10, 2.5\]"),
    (lambda: S.grid([3, 3], extent=[1.0]), nl.BadConnection, r"extent = \[1.0\]: must be a list of 2 finite plain numbers"),
    (lambda: S.grid([3, 3], extent=[1.0, -1.0]), nl.BadConnection, r"extent = \[1.0, -1.0\]: must be above 0"),
    (lambda: S.grid([3, 3], center=[0.0, np.nan]), nl.BadConnection, "center = .*must be a list of 2 finite"),
    (lambda: S.grid([3, 3], edge_wrap=1), nl.BadConnection, "edge_wrap = 1: must be True or False"),
    (lambda: S.free([]), nl.BadConnection, r"pos = \[\]: must be positions"),
    (lambda: S.free([[0.0, 1.0], [1.0]]), nl.BadConnection, "pos = .*must be positions"),
    (lambda: S.free([[0.0, 1.0, 2.0, 3.0]]), nl.BadConnection, "pos = .*must be positions"),
    (lambda: S.free([[0.0, 1.0], [np.inf, 0.0]]), nl.BadConnection, r"pos = \[inf, 0.0\] \(entry 1\): must be finite"),
    (lambda: S.free(U), nl.BadConnection, "num_dimensions = None: must be 2 or 3"),
    (lambda: S.free(U, num_dimensions=4), nl.BadConnection, "num_dimensions = 4"),
    (lambda: S.free(U, extent=[1.0, 1.0], num_dimensions=2), nl.BadConnection, "num_dimensions = 2: is for"),
    (lambda: S.free([U]), nl.BadConnection, "must be a distribution for each of 2 or 3 axes"),
    (lambda: S.circular(0.0), nl.BadConnection, "radius = 0.0: must be above 0"),
    (lambda: S.circular("wide"), nl.BadConnection, "radius = 'wide': must be one finite plain number"),
    (lambda: S.circular(0.1, anchor=[1.0]), nl.BadConnection, r"anchor = \[1.0\]: must be a list of 2"),
    (lambda: S.spherical(0.1, anchor=[1.0, 0.0]), nl.BadConnection, "anchor = .*must be a list of 3"),
    (lambda: S.doughnut(0.3, 0.3), nl.BadConnection, "inner_radius = 0.3: must be below outer_radius = 0.3"),
    (lambda: S.rectangular([0.0, 0.0], [1.0, 0.0]), nl.BadConnection, r"lower_left = \[0.0, 0.0\], upper_right"),
    (lambda: S.elliptical(0.2, 0.3), nl.BadConnection, "major_axis = 0.2: must be minor_axis = 0.3 or more"),
    (lambda: S.elliptical(0.3, 0.2, azimuth_angle=None), nl.BadConnection, "azimuth_angle = None: must be one finite"),
    (lambda: S.circular(0.1) | S.spherical(0.1), nl.BadConnection, "as many dimensions"),
    (lambda: S.circular(0.1) & S.circular(0.1, anchor=[1.0, 0.0]), nl.BadConnection, "nothing in common"),
    (lambda: nl.pairwise_bernoulli(1.5, S.circular(0.1)), nl.BadConnection, "p = 1.5: must be a probability, 0 to 1"),
    (lambda: nl.pairwise_bernoulli(0.5, 0.1), nl.BadConnection, "mask = 0.1: must be a mask"),
    (lambda: nl.pairwise_bernoulli(0.5, {"round": {"radius": 1.0}}), nl.BadConnection, "mask = .*must be a mask.*circular"),
    (lambda: nl.pairwise_bernoulli(0.5, {"circular": {"width": 1.0}}), nl.BadConnection, "mask = .*width"),
    (lambda: nl.pairwise_bernoulli(0.5, use_on_source=True), nl.BadConnection, "use_on_source = True.*no mask"),
    (lambda: nl.fixed_indegree(3, p=0.0), nl.BadConnection, "p = 0.0: must be a number above 0"),
    (lambda: nl.fixed_indegree(-3, S.circular(0.1)), nl.BadConnection, "indegree = -3"),
    (lambda: nl.fixed_outdegree(3, p=np.nan), nl.BadConnection, "p = nan"),
]


@pytest.mark.parametrize("make, error, message", BAD, ids=[m for _, _, m in BAD])
def test_what_makes_no_sense_is_refused_where_it_is_written(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("given, error, message", [
    (dict(size=5, positions=S.grid([2, 2])), nl.ParameterError, "size = 5: positions hold 4 nodes"),
    (dict(size=3, positions=S.free([[0.0, 0.0], [0.1, 0.2]])), nl.ParameterError, "size = 3: positions hold 2 nodes"),
    (dict(positions=S.free(U, num_dimensions=2)), nl.ParameterError, "size is not given"),
    (dict(positions=[[0.0, 0.0]]), TypeError, "positions = .*must be spatial.grid"),
    (dict(positions=S.free([[0.0, 0.0]])), nl.BadConnection, "all nodes lie at 0 on an axis: give extent"),
    (dict(positions=S.free([[0.0, 0.0], [0.4, 0.3]], extent=[0.3, 1.0])), nl.BadConnection,
     r"extent = \[0.3, 1.0\]: the positions span 0.4 on axis 0, from 0 to 0.4"),
    (dict(size=4, positions=S.free(nl.dist.Normal(0.0, 5.0), extent=[1.0, 1.0])), nl.BadConnection, "the positions span"),
    (dict(size=4, positions=S.free(nl.dist.Normal(0.0, -5.0), extent=[1.0, 1.0])), nl.BadConnection, "positions = .*std"),
], ids=lambda v: v if isinstance(v, str) else None)
def test_positions_that_do_not_fit_create_nothing(given, error, message):
    sim = nl.Simulator()
    with pytest.raises(error, match=message):
        sim.create(nl.iaf_psc_delta, **given)
    assert len(sim.network.populations) == 0


def test_a_recorder_has_no_positions():
    with pytest.raises(nl.ParameterError, match="positions: a spike_recorder has none"):
        nl.Simulator().create(nl.spike_recorder, positions=S.grid([1, 1]))


def sheet(**given: Any) -> Any:
    sim = nl.Simulator(threads=1)
    return sim, sim.create(nl.iaf_psc_delta, positions=S.grid([10, 10], **given))


@pytest.mark.parametrize("rule, wrap, message", [
    (nl.pairwise_bernoulli(1.0, S.spherical(0.1)), False, "has 3 dimensions, the nodes' positions have 2"),
    (nl.pairwise_bernoulli(1.0, S.circular(0.51)), True, r"its sides are \[1.02, 1.02\], must be at most the extent"),
    (nl.pairwise_bernoulli(1.0, S.circular(0.1, anchor=[3.0, 0.0])), False, "leaves the layer wherever it is placed"),
    (nl.fixed_indegree(1, S.circular(0.1, anchor=[0.8, 0.0])), False, r"node 30 \(global id\) finds 0 sources"),
    (nl.fixed_outdegree(1, S.circular(0.1, anchor=[0.8, 0.0])), False, r"node 30 \(global id\) finds 0 targets"),
    (nl.fixed_indegree(2, S.circular(0.1), nl.spatial_distributions.gaussian(nl.distance.z)), False, "in 2 dimensions"),
    (nl.fixed_indegree(2, S.circular(0.3), nl.dist.maximum(nl.displacement.x - 0.15, 0.0)), False,
     r"node 0 \(global id\) finds 0 sources"),
    (nl.fixed_outdegree(2, p=nl.dist.maximum(nl.displacement.x - 0.15, 0.0)), False, r"node 80 \(global id\) finds 0 targets"),
    (nl.pairwise_bernoulli(nl.distance**-1.0, S.circular(0.1)), False, r"p = .* is inf at the displacement \[.*0.0"),
    (nl.pairwise_bernoulli(nl.dist.Uniform(0.0, 1.0), S.circular(0.1)), False, "must be computed from distances"),
], ids=lambda v: v if isinstance(v, str) else None)
def test_rules_that_do_not_fit_the_layer_are_refused_by_connect(rule, wrap, message):
    sim, a = sheet(edge_wrap=wrap)
    with pytest.raises(nl.BadConnection, match=message):
        sim.connect(a, a, rule=rule)
    assert len(sim.network.projections) == 0


@pytest.mark.parametrize("rule, fitting", [(nl.fixed_indegree, 3), (nl.fixed_outdegree, 3)])
def test_too_few_candidates_for_different_partners(rule, fitting):
    sim, a = sheet()
    for switches, enough in ((dict(allow_multapses=False), 3), (dict(allow_multapses=False, allow_autapses=False), 2)):
        sim.connect(a, a, rule=rule(enough, S.circular(0.11)), **switches)            # a corner has itself and two others
        with pytest.raises(nl.BadConnection, match=rf"= {enough + 1}: node 0 \(global id\) finds {enough} .*different"):
            sim.connect(a, a, rule=rule(enough + 1, S.circular(0.11)), **switches)
    with pytest.raises(nl.BadConnection, match="finds 0"):
        sim.connect(a, a, rule=rule(1, S.circular(0.01)), allow_autapses=False)
    assert len(sim.network.projections) == 2


def test_nodes_without_positions_and_in_other_spaces():
    sim, a = sheet()
    b = sim.create(nl.iaf_psc_delta, 4)
    solid = sim.create(nl.iaf_psc_delta, positions=S.grid([2, 2, 2]))
    round_ = sim.create(nl.iaf_psc_delta, positions=S.grid([2, 2], edge_wrap=True))
    for other, message in ((b, "not all nodes have"), (solid, "2 and in 3 dimensions"), (round_, "must lie in one space")):
        with pytest.raises(nl.BadConnection, match=message):
            sim.connect(a, other, rule=nl.pairwise_bernoulli(0.5, S.circular(0.2)))
    with pytest.raises(nl.BadView, match="population 1: 4 iaf_psc_delta> has no positions"):
        b.positions    # noqa: B018
    with pytest.raises(nl.BadConnection, match="displacements from 3 nodes to 2"):
        S.displacements(a[:3], a[:2])
    with pytest.raises(nl.BadConnection, match=re.escape("points = [0.0, 0.0, 0.0]: must be a point of 2")):
        S.find_nearest(a, [0.0, 0.0, 0.0])
    with pytest.raises(nl.BadConnection, match="leaves the layer"):
        S.select_nodes_by_mask(a, [3.0, 3.0], S.circular(0.1))
    assert len(sim.network.projections) == 0
