"""Every rule: what it fixes holds exactly. Read from the tables that were built."""
from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl


@pytest.fixture
def layouts(scrambled):
    """layouts(a, b): sources and targets apart, the same, and overlapping in part, of several segments, in no order."""
    def pairs_of_views(a: Any, b: Any) -> dict[str, tuple[Any, Any]]:
        both = a + b
        return {"apart": (a, b), "same": (both, both), "overlapping": (scrambled(both[2:]), scrambled(b + a[:5], 1))}
    return pairs_of_views


def own(pre: Any, post: Any) -> np.ndarray:
    """Which pairs (targets, sources) are autapses."""
    return post.global_id[:, None] == pre.global_id[None, :]


LAYOUTS = ["apart", "same", "overlapping"]
SWITCHES = [pytest.param(dict(allow_autapses=a, allow_multapses=m),
                         id=f"{'with' if a else 'no'} autapses, {'with' if m else 'no'} multapses")
            for a in (True, False) for m in (True, False)]


def assert_switches(pairs: np.ndarray, own: np.ndarray, allow_autapses: bool, allow_multapses: bool) -> None:
    if not allow_autapses:
        assert not pairs[own].any()
    if not allow_multapses:
        assert pairs.max(initial=0) <= 1


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_to_all_connects_every_pair_once(make, layouts, built, layout, switches, threads):
    sim, (a, b) = make(13, 8, threads=threads)
    pre, post = layouts(a, b)[layout]
    pairs = built(sim, pre, post, rule=nl.all_to_all, **switches)
    np.testing.assert_array_equal(pairs, 1 - (own(pre, post) & (not switches["allow_autapses"])))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", ["same", "scrambled", "shifted"])
def test_one_to_one_connects_nodes_of_the_same_position(make, built, scrambled, layout, switches, threads):
    sim, (a, b) = make(13, 8, threads=threads)
    both = a + b
    pre, post = {"same": (both, both), "scrambled": (scrambled(both, 3), scrambled(both, 4)),
                 "shifted": (both[:-1], both[1:])}[layout]
    pairs = built(sim, pre, post, rule=nl.one_to_one, **switches)
    np.testing.assert_array_equal(pairs, np.eye(len(pre), dtype=int) * ~(own(pre, post) & (not switches["allow_autapses"])))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("number", [0, 1, 4, 11, "all"])
@pytest.mark.parametrize("rule", [nl.fixed_indegree, nl.fixed_outdegree])
def test_a_fixed_degree_is_exact(make, layouts, built, rule, number, layout, switches, threads):
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = layouts(a, b)[layout]
    axis, partners = (1, len(pre)) if rule is nl.fixed_indegree else (0, len(post))
    if number == "all":      # as many as there are; with multapses more than that
        number = partners - (own(pre, post).any() and not switches["allow_autapses"]) + 20 * switches["allow_multapses"]
    pairs = built(sim, pre, post, rule=rule(int(number)), **switches)
    np.testing.assert_array_equal(pairs.sum(axis=axis), number)
    assert_switches(pairs, own(pre, post), **switches)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("autapses", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("number", [0, 1, 7, 1000])
def test_a_fixed_total_number_is_exact(make, layouts, built, number, layout, autapses, threads):
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = layouts(a, b)[layout]
    pairs = built(sim, pre, post, rule=nl.fixed_total_number(number), allow_autapses=autapses)
    assert pairs.sum() == number
    assert_switches(pairs, own(pre, post), autapses, True)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
def test_a_probability_of_0_or_1_is_exact_and_no_pair_comes_twice(make, layouts, built, p, layout, switches, threads):
    sim, (a, b) = make(13, 18, threads=threads)
    pre, post = layouts(a, b)[layout]
    pairs = built(sim, pre, post, rule=nl.fixed_prob(p), **switches)
    assert pairs.max(initial=0) <= 1
    assert_switches(pairs, own(pre, post), **switches)
    if p in (0.0, 1.0):
        np.testing.assert_array_equal(pairs, int(p) * ~(own(pre, post) & (not switches["allow_autapses"])))
    else:
        assert 0 < pairs.sum() < pairs.size


def test_multapses_and_autapses_do_come_where_they_are_allowed(make, built):
    sim, (a,) = make(20)
    for rule in (nl.fixed_indegree(15), nl.fixed_outdegree(15), nl.fixed_total_number(300), nl.fixed_prob(0.7)):
        pairs = built(sim, a, a, rule=rule)
        assert pairs[own(a, a)].any(), rule
        assert (pairs.max() > 1) == (rule != nl.fixed_prob(0.7)), rule


def test_a_node_that_stands_twice_among_the_targets_receives_twice(make, synapse_table):
    sim, (a, b) = make(6, 4)
    projection = sim.connect(a + a[:2], b + b[1:2] + b[1:2], rule=nl.all_to_all)
    pairs = synapse_table.synapses_of(sim.plan(), projection).pairs(a.global_id, b.global_id)
    np.testing.assert_array_equal(pairs, np.outer([1, 3, 1, 1], [2, 2, 1, 1, 1, 1]))
