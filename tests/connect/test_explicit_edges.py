"""explicit_edges: what is listed is connected, each edge with its own values, whatever the form of the list."""
from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas
import pytest
from scipy import sparse

from nestling import simulator as nl

rng = np.random.default_rng(1)
PRE, POST = rng.integers(0, 13, 90), rng.integers(0, 8, 90)         # some pairs stand there several times, some nodes never
WEIGHT, DELAY = rng.integers(-40, 40, 90) / 16.0, rng.integers(1, 30, 90) / 10.0


class Table:
    """What explicit_edges asks of a pandas DataFrame: its columns, and a column by name."""

    def __init__(self, **columns: Any) -> None:
        self.columns, self.given = list(columns), columns

    def __getitem__(self, name: str) -> Any:
        return self.given[name]


def synapses(synapse_table: Any, sim: Any, call: Any) -> list[tuple]:
    found = synapse_table.synapses_of(sim.plan(), call)
    return sorted(zip(found.source, found.target, found.weight, found.delay))


def expected(pre: Any, post: Any, sources: Any, targets: Any, weight: Any = 1.0, delay: Any = 1.0) -> list[tuple]:
    steps = np.broadcast_to(np.rint(np.asarray(delay) / 0.1).astype(int), len(pre))
    return sorted(zip(sources.global_id[pre], targets.global_id[post], np.broadcast_to(weight, len(pre)), steps))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("given", [dict(), dict(weight=WEIGHT), dict(delay=DELAY), dict(weight=WEIGHT, delay=DELAY),
                                   dict(weight=-2.5, delay=0.3)], ids=lambda g: "-".join(g) or "defaults")
@pytest.mark.parametrize("order", ["in order", "scrambled"])
def test_every_edge_has_the_values_that_stand_beside_it(make, scrambled, synapse_table, given, threads, order):
    sim, (a, b) = make(13, 8, threads=threads)
    pre, post = (a, b) if order == "in order" else (scrambled(a), scrambled(b, 2))
    call = sim.connect(pre, post, rule=nl.explicit_edges(PRE, POST), **given)
    assert synapses(synapse_table, sim, call) == expected(PRE, POST, pre, post, **given)


FORMS = [("lists", lambda: nl.explicit_edges(PRE.tolist(), POST.tolist(), weight=WEIGHT, delay=DELAY)),
         ("small types", lambda: nl.explicit_edges(PRE.astype(np.uint8), POST.astype(np.int8), weight=WEIGHT, delay=DELAY)),
         ("large types", lambda: nl.explicit_edges(PRE.astype(np.uint64), POST, weight=WEIGHT, delay=DELAY)),
         ("table", lambda: nl.explicit_edges(Table(weight=WEIGHT, post=POST, pre=PRE, delay=DELAY))),
         ("dict", lambda: nl.explicit_edges(dict(post=POST, pre=PRE, weight=WEIGHT), delay=DELAY)),
         ("matrix", lambda: nl.explicit_edges(sparse.coo_array((WEIGHT, (POST, PRE)), shape=(8, 13)), delay=DELAY))]


@pytest.mark.parametrize("form", [pytest.param(make_rule, id=name) for name, make_rule in FORMS])
def test_every_form_of_list_gives_the_same_synapses(make, synapse_table, form):
    sim, (a, b) = make(13, 8)
    call = sim.connect(a, b, rule=form())
    assert synapses(synapse_table, sim, call) == expected(PRE, POST, a, b, WEIGHT, DELAY)


def test_a_pandas_frame_is_a_list_of_edges(make, synapse_table):
    sim, (a, b) = make(13, 8)
    columns = dict(source=a.global_id[PRE], target=b.global_id[POST], weight=WEIGHT)
    frame = pandas.DataFrame(columns, index=np.arange(90)[::-1])
    call = sim.connect(a, b, rule=nl.explicit_edges(frame), delay=DELAY)
    assert synapses(synapse_table, sim, call) == expected(PRE, POST, a, b, WEIGHT, DELAY)


def test_global_ids_name_nodes_wherever_they_stand_in_the_views(make, scrambled, synapse_table):
    sim, (a, b) = make(13, 8)
    pre, post = scrambled(b + a), scrambled(a[3:] + b, 1)
    source, target = rng.permutation(pre.global_id)[:15], rng.permutation(post.global_id)[:15]
    call = sim.connect(pre, post, rule=nl.explicit_edges(Table(source=source, target=target, weight=WEIGHT[:15])))
    assert synapses(synapse_table, sim, call) == sorted(zip(source, target, WEIGHT[:15], [10] * 15))


@pytest.mark.parametrize("form", ["csr_array", "csc_matrix", "coo_array", "lil_array"])
def test_a_sparse_matrix_holds_weights_of_targets_by_sources(make, synapse_table, form):
    sim, (a, b) = make(13, 8)
    dense = np.where(rng.random((8, 13)) < 0.4, np.arange(1.0, 105.0).reshape(8, 13) / 8.0, 0.0)
    call = sim.connect(a, b, rule=nl.explicit_edges(getattr(sparse, form)(dense)))
    post, pre = np.nonzero(dense)
    assert synapses(synapse_table, sim, call) == expected(pre, post, a, b, dense[post, pre])
    other = sim.connect(a, b, rule=nl.explicit_edges(getattr(sparse, form)(dense)), weight=0.5)      # the call's own wins
    assert synapses(synapse_table, sim, other) == expected(pre, post, a, b, 0.5)


def test_a_mask_names_pairs_and_a_matrix_of_true_and_false_does_so_too(make, synapse_table):
    sim, (a, b) = make(13, 8)
    mask = rng.random((8, 13)) < 0.4
    post, pre = np.nonzero(mask)
    weights = np.arange(104.0).reshape(8, 13) / 4.0
    stored = sparse.coo_array((mask.ravel(), np.nonzero(mask | ~mask)), shape=mask.shape)       # False is stored, too
    for form in (mask, mask.tolist(), sparse.csr_array(mask), stored):
        call = sim.connect(a, b, rule=nl.explicit_edges(form), delay=0.4)
        assert synapses(synapse_table, sim, call) == expected(pre, post, a, b, 1.0, 0.4)
    by_pair = sim.connect(a, b, rule=nl.explicit_edges(mask), weight=weights)
    assert synapses(synapse_table, sim, by_pair) == expected(pre, post, a, b, weights[mask])
    in_order = sim.connect(a, b, rule=nl.explicit_edges(mask), weight=np.arange(len(pre)) / 2.0)
    assert synapses(synapse_table, sim, in_order) == expected(pre, post, a, b, np.arange(len(pre)) / 2.0)


def test_no_edges_are_no_synapses(make):
    sim, (a, b) = make(13, 8)
    for form in ([], []), (np.zeros((8, 13), bool),), (dict(pre=[], post=[]),), (sparse.csr_array((8, 13)),):
        rule = nl.explicit_edges(*form)
        sim.connect(a, b, rule=rule, weight=[], delay=[])
        sim.connect(a, b, rule=rule)
    assert set(sim.plan().synapses.values()) == {0}


def test_the_list_is_taken_as_it_was(make, synapse_table):
    sim, (a, b) = make(13, 8)
    pre, post = PRE.copy(), POST.astype(np.int32)
    call = sim.connect(a, b, rule=nl.explicit_edges(pre, post))
    pre[:], post[:] = 0, 99
    assert synapses(synapse_table, sim, call) == expected(PRE, POST, a, b)


def test_generators_and_distributions_go_along_edges_too(make, synapse_table, reference):
    sim, (a, b) = make(13, 8)
    law = nl.dist.Normal(1.0, 2.0)
    call = sim.connect(a, b, rule=nl.explicit_edges(PRE, POST), weight=law, delay=nl.dist.Uniform(0.1, 1.0))
    drawn = sorted((s.source, s.target, s.weight, s.delay) for s in reference.synapses_of(call, sim.dt, sim.seed))
    assert synapses(synapse_table, sim, call) == drawn
    noise = sim.create(nl.poisson_generator, 13, rate=10.0)
    call = sim.connect(noise, b, rule=nl.explicit_edges(PRE, POST), delay=DELAY)
    np.testing.assert_array_equal(synapse_table.targets_of_generators(sim.plan(), call), np.sort(b.global_id[POST]))


def test_a_list_without_edges_does_not_shorten_slices(make):
    sim, (a,) = make(13)
    sim.connect(a, a, weight=1.0, delay=1.5)
    sim.connect(a, a, rule=nl.explicit_edges([], [], weight=[], delay=[]))
    assert sim.plan().min_delay == 15 and sim.plan().synapses == {0: 169, 1: 0}
    sim.simulate(5.0)


def test_a_million_edges_take_no_loop_in_python(make):
    sim, (a,) = make(20_000)
    pre, post = rng.integers(0, 20_000, (2, 1_000_000))
    start = time.perf_counter()
    sim.connect(a, a, rule=nl.explicit_edges(pre, post), weight=rng.random(1_000_000))
    assert sim.plan().synapses == {0: 1_000_000}
    assert time.perf_counter() - start < 5.0                # a fifth of a second on an idle machine; a loop takes ten
