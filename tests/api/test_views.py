"""NodeView: selecting and joining nodes behaves as it does for a list of nodes, also across populations."""
from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nestling import simulator as nl

SIZES = (6, 1, 4)


@pytest.fixture(scope="module")
def net(backend):
    """Three populations with a recorder between them; `ids` are the global ids of a + b + c, `all` their view."""
    sim = nl.Simulator(backend=backend, threads=1)
    a, b = sim.create(nl.iaf_psc_delta, SIZES[0]), sim.create(nl.parrot_neuron, SIZES[1])
    rec, c = sim.create(nl.spike_recorder), sim.create(nl.iaf_psc_delta, SIZES[2])
    return SimpleNamespace(sim=sim, a=a, b=b, c=c, rec=rec, all=a + b + c, ids=[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11])


def ids(view):
    return view.global_id.tolist()


def test_global_ids_count_all_nodes_in_the_order_of_creation(net):
    assert (ids(net.a), ids(net.b), ids(net.rec), ids(net.c)) == ([0, 1, 2, 3, 4, 5], [6], [7], [8, 9, 10, 11])
    assert net.all.global_id.dtype == np.int64 and net.a[:0].global_id.dtype == np.int64


def test_views_are_joined_in_the_order_in_which_they_are_added(net):
    assert ids(net.a + net.b + net.c) == net.ids
    assert ids(net.c + net.a) == [8, 9, 10, 11, 0, 1, 2, 3, 4, 5]
    assert ids(net.a + (net.b + net.c)) == ids((net.a + net.b) + net.c)
    assert ids(net.b + net.b) == [6, 6]                                          # twice is allowed, and counts twice


def test_sum_joins_a_list_of_views(net):
    assert sum([net.a, net.b, net.c]) == net.all
    assert sum([net.c]) == net.c
    with pytest.raises(TypeError):
        1 + net.a
    with pytest.raises(TypeError):
        net.a + [1]


@settings(max_examples=300, deadline=None)
@given(item=st.one_of(
    st.integers(-11, 10),
    st.slices(11),
    st.lists(st.integers(-11, 10), max_size=20),
    st.lists(st.booleans(), min_size=11, max_size=11)))
def test_an_index_selects_what_it_selects_from_an_array(net, item):
    expected = np.atleast_1d(np.array(net.ids)[np.array(item, int) if item == [] else item])
    for index in (item, np.array(item) if isinstance(item, list) and item else item):
        view = net.all[index]
        np.testing.assert_array_equal(view.global_id, expected)
        assert len(view) == view.size == len(expected)
        names = {6: "parrot_neuron"}
        assert [node.segments[0].population.name for node in view] == [names.get(i, "iaf_psc_delta") for i in expected]


@settings(max_examples=100, deadline=None)
@given(first=st.lists(st.integers(0, 10), min_size=1, max_size=12), data=st.data())
def test_a_selection_of_a_selection_is_that_of_the_list(net, first, data):
    second = data.draw(st.lists(st.integers(-len(first), len(first) - 1), max_size=12))
    np.testing.assert_array_equal(net.all[first][second].global_id, np.array(net.ids)[first][np.array(second, int)])


@pytest.mark.parametrize("kind", [np.int8, np.int32, np.int64, np.uint8, np.uint64])
def test_any_kind_of_whole_numbers_is_an_index(net, kind):
    assert ids(net.all[np.array([10, 0, 7], kind)]) == [11, 0, 8]
    assert ids(net.all[kind(7)]) == [8]


def test_views_of_hundreds_of_nodes_take_small_integer_types(backend):
    sim = nl.Simulator(backend=backend)
    many = sim.create(nl.iaf_psc_delta, 300)
    assert ids(many[np.array([-1, 100], np.int8)]) == [299, 100]
    assert ids(many[np.array([255], np.uint8)]) == [255]


def test_a_mask_made_from_global_ids_selects_these(net):
    assert ids(net.all[net.all.global_id % 2 == 1]) == [1, 3, 5, 9, 11]
    assert len(net.all[np.zeros(11, bool)]) == 0


def test_iteration_gives_views_of_one_node_each(net):
    nodes = list(net.c[::-1] + net.b)
    assert [ids(node) for node in nodes] == [[11], [10], [9], [8], [6]]
    assert all(isinstance(node, nl.NodeView) and len(node) == 1 for node in nodes)
    assert sum(nodes) == net.c[::-1] + net.b


def test_in_tells_whether_nodes_are_among_those_of_a_view(net):
    assert net.a[2] in net.a and net.a[[5, 0]] in net.all and net.c[-1] in net.b + net.c
    assert net.b not in net.a and net.a + net.b not in net.a
    assert 3 in net.a and 8 not in net.a and np.int64(9) in net.c
    assert "iaf_psc_delta" not in net.a and None not in net.a


def test_views_are_equal_if_they_hold_the_same_nodes_in_the_same_order(net, backend):
    assert net.a == net.a[:] == net.a[:3] + net.a[3:] and net.a is not net.a[:]
    assert net.a != net.a[::-1] and net.a != net.a[:-1] and net.a != net.c and net.a != net.a + net.a
    assert net.a != ids(net.a) and net.a != "a"
    other = nl.Simulator(backend=backend).create(nl.iaf_psc_delta, SIZES[0])
    assert ids(other) == ids(net.a) and other != net.a                           # another simulator's


def test_equal_views_have_equal_hashes(net):
    assert hash(net.a) == hash(net.a[:3] + net.a[3:])
    assert {net.a: "excitatory"}[net.a[:]] == "excitatory"
    assert len({net.a, net.a[:], net.b, net.c, net.a[::-1]}) == 4


def test_repr_says_which_models_and_how_many(net):
    assert repr(net.a) == "<NodeView of 6 iaf_psc_delta>"
    assert repr(net.a[1:3] + net.b) == "<NodeView of 2 iaf_psc_delta + 1 parrot_neuron>"
    assert repr(net.rec) == "<NodeView of 1 spike_recorder>" and repr(net.a[:0]) == "<NodeView of no nodes>"


def test_segments_hold_a_population_each_and_positions_in_it(net):
    view = net.c[[3, 1]] + net.a[2:4] + net.c[0]
    assert [s.population for s in view.segments] == [net.c.segments[0].population, net.a.segments[0].population,
                                                     net.c.segments[0].population]
    assert [s.indices.tolist() for s in view.segments] == [[3, 1], [2, 3], [0]]
    population = net.c.segments[0].population
    assert (population.name, population.size, population.first_id) == ("iaf_psc_delta", 4, 8)
    assert "4 iaf_psc_delta" in repr(population)


def test_a_shape_gives_as_many_nodes_as_its_sides_multiply_to(backend):
    sim = nl.Simulator(backend=backend)
    assert len(sim.create(nl.iaf_psc_delta, (4, 5))) == 20 and len(sim.create(nl.iaf_psc_delta, (3,))) == 3
    assert len(sim.create(nl.iaf_psc_delta, np.int64(7))) == 7 and len(sim.create(nl.iaf_psc_delta)) == 1


def test_a_view_stands_for_its_nodes_in_connections_whatever_its_order(backend):
    """Weights follow the view's order: node i of the view gets column i."""
    sim = nl.Simulator(backend=backend, threads=1)
    times = sim.create(nl.spike_generator, 3, spike_times=[[1.0], [2.0], [3.0]])
    a, b = sim.create(nl.iaf_psc_delta, 2), sim.create(nl.iaf_psc_delta, 2)
    volt = sim.create(nl.voltmeter, interval=0.1)
    targets = b[::-1] + a[1]
    sim.connect(times[[2, 0]], targets, weight=np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), delay=1.0)
    sim.connect(volt, a + b)
    trace = sim.simulate(5.0).trace(volt, plain=True) + 70.0
    jumps = np.diff(trace, axis=0, prepend=0.0).max(axis=0), trace.argmax(axis=0)
    np.testing.assert_allclose(trace[19], [0.0, 6.0, 4.0, 2.0], atol=1e-12)       # source 0, at 1 + 1 ms
    np.testing.assert_allclose(jumps[0][1:], [6.0, 4.0, 2.0], atol=1e-12)
    np.testing.assert_allclose(trace[39] - trace[38] * np.exp(-0.01), [0.0, 5.0, 3.0, 1.0], atol=1e-12)   # source 2
