"""One partition built by several threads is the same, bit for bit, as that which one thread builds."""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields
from threading import Thread
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import filling
from nestling.simulator.lower import lower

N = 61
EDGES = np.random.default_rng(9).integers(0, N, (2, 700))
RULES = [nl.all_to_all, nl.one_to_one, nl.fixed_indegree(17), nl.fixed_outdegree(17), nl.fixed_total_number(950),
         nl.fixed_prob(0.25), nl.fixed_prob(0.25, by="source"), nl.pairwise_poisson(0.3), nl.explicit_edges(*EDGES)]
VALUES = np.random.default_rng(5)
FORMS = {
    "constants": dict(weight=-0.75, delay=1.3),
    "one delay": dict(weight=nl.dist.Normal(0.0, 3.0), delay=1.3),
    "one weight": dict(weight=2.0, delay=nl.dist.Uniform(0.1, 2.0)),
    "random": dict(weight=nl.dist.Normal(0.0, 3.0), delay=nl.dist.Uniform(0.1, 2.0)),
    "negative": dict(weight=nl.dist.Uniform(-3.0, -1.0), delay=nl.dist.Uniform(0.1, 2.0)),
    "arrays": dict(weight=VALUES.normal(size=(N, N)), delay=0.1 * VALUES.integers(1, 30, (N, N))),
    "array of weights": dict(weight=VALUES.normal(size=(N, N)), delay=0.4),
    "array of delays": dict(weight=nl.dist.Normal(0.0, 3.0), delay=0.1 * VALUES.integers(1, 30, (N, N)))}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: Any) -> None:
    """Few synapses are sorted at once, so that small networks, too, have many blocks."""
    monkeypatch.setattr(filling, "BLOCK", 16)


def one(sim: nl.Simulator, threads: int | None) -> Any:
    """The plan of one partition, built by so many threads."""
    return lower(sim.network, sim.dt, sim.seed, threads, sim.precision, one_partition=True)


def assert_same(sim: nl.Simulator, threads: tuple[int, ...] = (2, 3, 5)) -> Any:
    """Whatever the threads, the tables are the same; returns the plan that one thread builds."""
    plan = one(sim, 1)
    for n in threads:
        other = one(sim, n)
        assert (other.threads, other.n_parts) == (n, 1) and other.synapses == plan.synapses
        for field in fields(plan.tables[0]):
            a, b = (getattr(p.tables[0], field.name) for p in (plan, other))
            assert a.dtype == b.dtype and np.array_equal(a, b), (n, field.name)
        assert list(plan.degrees) == list(other.degrees)
        for index, degrees in plan.degrees.items():
            np.testing.assert_array_equal(other.degrees[index], degrees)
        assert [b.members for b in other.bundles] == [b.members for b in plan.bundles]
    return plan


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_any_number_of_threads_builds_the_same_table(make, scrambled, rule, form):
    sim, (a, b) = make(40, 21)
    c = sim.create(nl.iaf_psc_exp, N)
    pre = scrambled(a + b)
    for post in (scrambled(b + a, 3), c):       # receptors by the sign of weights in c, and one for all in a and b
        sim.connect(pre, post, rule=rule, **form)
    sim.connect(pre, scrambled(c), rule=nl.fixed_indegree(9), weight=2.0, delay=nl.dist.Uniform(0.1, 1.0))
    plan = assert_same(sim)
    assert all(n >= N for n in plan.synapses.values())


def test_one_partition_holds_what_partitions_of_their_own_hold(make, scrambled, synapse_table, backend):
    sim, (a, b) = make(40, 21, threads=3)
    calls = [sim.connect(scrambled(a + b), a + b, rule=rule, **FORMS["random"]) for rule in RULES]
    assert sim.plan().n_parts == (3 if backend == "cpu" else 1)
    for call in calls:
        mine, several = (synapse_table.synapses_of(p, call).sorted() for p in (one(sim, 3), sim.plan()))
        for name in ("source", "target", "weight", "delay"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(several, name))


def test_members_of_a_bundle_and_mixed_rules(make, scrambled):
    # rows of one bundle are targets in some members and sources in others; targets come in order in the first bundle only
    sim, (a, b, c, d) = make(50, 30, 20, 10)
    for posts in ([b, c, d], [c[::2], b[:7], b[7:], c[1::2]]):
        given = dict(weight=nl.dist.Normal(2.0, float(len(posts))), delay=nl.dist.Uniform(0.1, 2.0))
        for post, rule in zip(posts, [nl.fixed_indegree(20), nl.fixed_prob(0.4), nl.fixed_total_number(300), nl.all_to_all]):
            sim.connect(a, post, rule=rule, **given)
    for post, rule in ((b, nl.fixed_outdegree(8)), (d, nl.fixed_indegree(8)), (c, nl.fixed_prob(0.5, by="source"))):
        sim.connect(a, post, rule=rule, weight=nl.dist.Uniform(1.0, 2.0), delay=nl.dist.Uniform(0.1, 2.0))
    plan = assert_same(sim)
    assert [len(bundle.members) for bundle in plan.bundles] == [3, 4, 3]


@pytest.mark.parametrize("rule", [nl.fixed_indegree(17), nl.fixed_outdegree(17), nl.all_to_all], ids=str)
def test_arrays_of_receptors(make, rule):
    sim, (a,) = make(N)
    b = sim.create(nl.iaf_psc_exp_multisynapse, N, tau_syn=[1.0, 2.0, 3.0])
    shape = rule.shape(N, N) or (N, N)
    for weight, delay in ((1.5, 0.7), (nl.dist.Normal(3.0, 0.5, min=0.1), nl.dist.Uniform(0.1, 2.0))):
        sim.connect(a, b, rule=rule, weight=weight, delay=delay, receptor_type=VALUES.integers(1, 4, shape))
    assert_same(sim)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("rule", [nl.fixed_indegree(30), nl.fixed_outdegree(30)], ids=str)
def test_sources_that_stand_twice(make, rule, form):
    sim, (a, b) = make(N - 20, N)
    sim.connect(a + a[:20], b, rule=rule, **form)
    sim.connect(a[:5] + a[:5] + a[3:5], b, rule=nl.fixed_indegree(4), weight=1.0, delay=nl.dist.Uniform(0.1, 1.0))
    assert_same(sim)


@pytest.mark.parametrize("form", ["constants", "random"])
@pytest.mark.parametrize("n", [1, 2, 4])
def test_more_threads_than_targets_or_sources(make, form, n):
    sim, (a, b) = make(N, n)
    for pre, post in ((a, b), (b, a), (b, b)):
        for rule in (nl.fixed_indegree(9), nl.fixed_outdegree(9), nl.fixed_prob(0.5), nl.all_to_all):
            sim.connect(pre, post, rule=rule, **FORMS[form])
    assert_same(sim, (2, 5, 16))


@pytest.mark.parametrize("form", ["constants", "random"])
def test_projections_without_synapses(make, form):
    sim, (a, b) = make(N, 30)
    empty = [nl.fixed_indegree(0), nl.fixed_outdegree(0), nl.fixed_total_number(0), nl.fixed_prob(0.0),
             nl.fixed_prob(0.0, by="source")]
    for rule in empty:
        sim.connect(a, b, rule=rule, **FORMS[form])
    assert not sum(assert_same(sim).synapses.values())
    sim.connect(a, b, rule=nl.fixed_indegree(5), **FORMS[form])
    for rule in empty:
        sim.connect(a, b, rule=rule, **FORMS[form])
    assert sum(assert_same(sim).synapses.values()) == 150


def test_a_network_without_projections_and_one_of_generators(make):
    sim, (a,) = make(N)
    assert one(sim, 3).n_parts == 1
    sim.connect(sim.create(nl.poisson_generator, 5, rate=100.0), a, rule=nl.fixed_indegree(2), delay=nl.dist.Uniform(0.1, 1.0))
    for i, drive in enumerate(one(sim, 1).drives):
        np.testing.assert_array_equal(one(sim, 3).drives[i].lanes, drive.lanes)


@pytest.mark.parametrize("form", ["constants", "random"])
def test_more_lanes_than_16_bits(make, form):
    sim, (a, b) = make(65_500, 37)
    sim.connect(b, a, rule=nl.fixed_indegree(1), **FORMS[form])
    sim.connect(b, a + b, rule=nl.fixed_outdegree(500), **FORMS[form])
    assert one(sim, 2).tables[0].targets.dtype == np.uint32
    targets = assert_same(sim, (3,)).tables[0].targets
    assert targets.max() >= 65_500


def test_16_bits_are_enough_for_65536_lanes(make):
    for n, kind in ((65_536, np.uint16), (65_537, np.uint32)):
        sim, (a,) = make(n)
        sim.connect(a[-2:], a[-2:], rule=nl.all_to_all)
        assert one(sim, 2).tables[0].targets.dtype == kind


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_threads_may_work_in_any_order(make, scrambled, monkeypatch, form):
    # every share and block in a thread of its own, the last begun first
    sim, (a, b) = make(40, 21)
    for rule in (nl.fixed_indegree(40), nl.fixed_prob(0.5, by="source")):
        sim.connect(scrambled(a + b), a + b, rule=rule, **form)
    begun = []

    def backwards(function: Callable[[Any], Any], items: Any, threads: int) -> list[Any]:
        workers = [Thread(target=function, args=(item,)) for item in items]
        begun.append(len(workers))
        for worker in reversed(workers):
            worker.start()
            time.sleep(2e-4 if len(workers) > 1 else 0.0)
        for worker in workers:
            worker.join()
        return []
    expected = one(sim, 1)
    monkeypatch.setattr(filling, "in_turns", backwards)
    plan = one(sim, 5)
    assert max(begun) >= 5
    for field in fields(plan.tables[0]):
        np.testing.assert_array_equal(getattr(plan.tables[0], field.name), getattr(expected.tables[0], field.name))


def test_threads_that_are_not_given_are_the_cores(make, monkeypatch):
    from nestling.simulator import lower as module
    monkeypatch.setattr(module, "available_cores", lambda: 7)
    sim, (a,) = make(N)
    sim.connect(a, a, rule=nl.fixed_indegree(5))
    assert (one(sim, None).threads, one(sim, None).n_parts) == (7, 1)
    assert lower(sim.network, sim.dt, sim.seed, 7, sim.precision).n_parts == 7


def test_rows_are_shared_unless_counts_would_need_more_room_than_synapses(make, monkeypatch):
    from nestling.simulator import tables
    shared = []

    def counting(function: Callable[[Any], Any], items: Any, threads: int) -> list[Any]:
        shared.append(len(items))
        return [function(item) for item in items]
    for rule, expected in ((nl.fixed_indegree(40), 5), (nl.fixed_indegree(2), 2), (nl.one_to_one, 1),
                           (nl.fixed_outdegree(1), 5)):
        sim, (a,) = make(N)
        sim.connect(a, a, rule=rule)
        with monkeypatch.context() as patched:
            patched.setattr(tables, "in_turns", counting)
            one(sim, 5)
        assert shared[0] == expected
        shared.clear()
