"""Listed edges that cannot be: refused at the call, naming the entry; all stays as it was."""
from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from nestling import simulator as nl

nan = np.nan


def edges(*given, **options):
    """A call that connects ten nodes to five by explicit_edges."""
    named = {k: options.pop(k) for k in ("weight", "delay") if k in options}
    return lambda net: net.sim.connect(net.n, net.m, rule=nl.explicit_edges(*given, **named), **options)


def ids(net, source, target, **given):
    return net.sim.connect(net.n, net.m, rule=nl.explicit_edges(dict(source=source, target=target)), **given)


def twice(net):
    return net.sim.connect(net.n + net.n[:1], net.m, rule=nl.explicit_edges(dict(source=[0], target=[10])))


def itself(net, **given):
    return net.sim.connect(net.n, net.n, rule=nl.explicit_edges([0, 4, 2], [1, 4, 2]), **given)


BAD = [
    ("pre too large", edges([0, 3, 10], [0, 1, 2]), "pre = 10 (entry 2): must be 0 to 9"),
    ("post too large", edges([0, 3, 9], [0, 5, 2]), "post = 5 (entry 1): must be 0 to 4"),
    ("negative", edges([0, -1, 9], [0, 1, 2]), "pre = -1 (entry 1): must be 0 to 9"),
    ("huge", edges([0, 2**40], [0, 1]), "pre = 1099511627776 (entry 1): must be 0 to 9"),
    ("larger than that", edges(np.array([2**64 - 1], np.uint64), [0]), "pre = 18446744073709551615 (entry 0)"),
    ("lengths", edges([0, 1, 2], [0, 1]), "3 pre and 2 post"),
    ("fractions", edges([0.0, 1.5], [0, 1]), "pre = 1.5 (entry 1): pre must be whole numbers"),
    ("floats", edges([0, 1], [0.0, 1.0]), "post must be whole numbers in a row, is float64"),
    ("NaN", edges([0.0, nan], [0, 1]), "pre = nan (entry 1)"),
    ("truth values", edges([True, False], [0, 1]), "pre must be whole numbers in a row, is bool"),
    ("words", edges(["a"], [0]), "pre must be whole numbers"),
    ("two dimensions", edges([[0, 1]], [[0, 1]]), "(1, 2)"),
    ("one argument", edges([0, 1]), "takes pre and post, a SciPy sparse matrix", "a mask"),
    ("dense numbers", edges(np.ones((5, 10))), "takes pre and post", "float64 (5, 10)"),
    ("mask the other way", edges(np.ones((10, 5), bool)), "a matrix of shape (10, 5)", "(targets, sources) = (5, 10)"),
    ("matrix the other way", edges(sparse.csr_array((10, 5))), "a matrix of shape (10, 5)", "(targets, sources) = (5, 10)"),
    ("complex", edges(sparse.csr_array(np.ones((5, 10), complex))), "complex128", "real numbers"),
    ("NaN in a matrix", edges(sparse.coo_array(([1.0, nan], ([0, 1], [0, 1])), shape=(5, 10))), "weight = nan (entry 1)"),
    ("no columns", edges(dict(a=[0], b=[1])), "columns a, b", "source and target (global ids)"),
    ("half of the columns", edges(dict(pre=[0], target=[1])), "columns pre, target"),
    ("another column", edges(dict(pre=[0], post=[1], colour=[2])), "columns pre, post, colour", "nothing else"),
    ("weight twice", edges(dict(pre=[0], post=[1], weight=[1.0]), weight=2.0), "weight is given, and the table has a column"),
    ("unknown source", lambda net: ids(net, [0, 14], [10, 11]), "source = 14 (entry 1): must be the ids of the 10 sources"),
    ("unknown target", lambda net: ids(net, [0, 1, 2], [10, 11, 2]), "target = 2 (entry 2): must be the ids of the 5 targets"),
    ("id that stands twice", twice, "a node stands twice among the sources"),
    ("too few weights", edges([0, 1], [0, 1], weight=[1.0]), "weight has shape (1,)", "of shape (2,) or (5, 10)"),
    ("too many delays", edges([0, 1], [0, 1], delay=[1.0, 2.0, 3.0]), "delay has shape (3,)"),
    ("weight in a column", edges(dict(pre=[0, 1], post=[1, 2], weight=[1.0, nan])), "weight = nan (entry 1)"),
    ("delay in a column", edges(dict(pre=[0, 1], post=[1, 2], delay=[0.05, 1.0])), "delay = 0.05 ms (entry 0)"),
    ("delay of an edge", edges([0, 1, 2], [0, 1, 2], delay=[1.0, 2.0, -1.0]), "delay = -1 ms (entry 2)"),
    ("autapse", lambda net: itself(net, allow_autapses=False), "entry 1, from 4 to 4", "allow_autapses=False"),
    ("the same edge twice", edges([0, 3, 2, 3], [0, 1, 2, 1], allow_multapses=False), "entry 3, from 3 to 1",
     "allow_multapses=False"),
]


@pytest.mark.parametrize("mistake, words", [pytest.param(call, words, id=name) for name, call, *words in BAD])
def test_edges_that_cannot_be_are_refused(net, refused, mistake, words):
    with refused(net, nl.BadConnection, *words):
        mistake(net)


def test_edges_that_are_forbidden_nothing_are_taken(make_net):
    net = make_net()
    itself(net)
    edges([0, 3, 2, 3], [0, 1, 2, 1])(net)
    edges([0, 3, 2], [0, 1, 2], allow_multapses=False, allow_autapses=False)(net)
    assert [net.sim.plan().synapses[i] for i in (2, 3, 4)] == [3, 4, 3]


@pytest.mark.parametrize("mean", [-0.1, nan, np.inf, "often", None, True, [0.5]], ids=repr)
def test_a_mean_number_of_connections_is_finite_and_not_negative(mean):
    with pytest.raises(nl.BadConnection, match="pairwise_avg_num_conns = .*must be a finite number, 0 or more"):
        nl.pairwise_poisson(mean)


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.1, nan, "often", None, True], ids=repr)
def test_a_probability_of_both_directions_is_below_1(p):
    with pytest.raises(nl.BadConnection, match="p = .*must be a probability below 1"):
        nl.symmetric_pairwise_bernoulli(p)


@pytest.mark.parametrize("rule, options, words", [
    (nl.pairwise_poisson(0.5), dict(allow_multapses=False), ["allow_multapses=False", "NEST"]),
    (nl.symmetric_pairwise_bernoulli(0.5), dict(allow_autapses=False), ["make_symmetric=True"]),
    (nl.symmetric_pairwise_bernoulli(0.5), dict(make_symmetric=True), ["allow_autapses=False"]),
    (nl.symmetric_pairwise_bernoulli(0.5), dict(make_symmetric=True, allow_autapses=False, allow_multapses=False),
     ["allow_multapses=False", "NEST"]),
], ids=str)
def test_rules_ask_for_the_switches_that_nest_asks_for(net, refused, rule, options, words):
    with refused(net, nl.BadConnection, *words):
        net.sim.connect(net.n, net.n, rule=rule, **options)
