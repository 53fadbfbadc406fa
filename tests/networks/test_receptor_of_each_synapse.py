"""receptor_type as an array: every synapse reaches the receptor that is named for it."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import count, mV

N, M = 8, 7                 # sources and targets


class Ledger:
    """Adds up what arrives at three inputs, each by itself."""

    RECEPTORS = {1: "one", 2: "two", 5: "five"}

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        a: mV = 0.0
        b: mV = 0.0
        c: mV = 0.0

    class Inputs(NamedTuple):
        five: mV = 0.0      # not in the order of RECEPTORS
        one: mV = 0.0
        two: mV = 0.0

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Ledger.Step()

    def update(s, c, x):
        return Ledger.State(s.a + x.one, s.b + x.two, s.c + x.five), False


RECEPTORS = (1, 2, 5)
EDGES = np.random.default_rng(2).integers(0, 7, (2, 40))
RULES = [nl.all_to_all, nl.fixed_indegree(5), nl.fixed_outdegree(5), nl.fixed_prob(0.5), nl.explicit_edges(*EDGES)]


def arrived(sim: Any, cells: Any, states: tuple[str, ...] = ("a", "b", "c")) -> np.ndarray:
    """What has arrived at each input of each target (targets, inputs)."""
    sim.simulate(20.0)
    return np.stack([np.atleast_1d(cells.get(name)) for name in states], axis=1)


def expected(reference: Any, call: Any, sim: Any, pre: Any, post: Any, which: Any) -> np.ndarray:
    """The same, from the synapses that the rule draws in plain Python; which: receptors, as the array has them."""
    rows = reference.rows_of(call, sim.seed)
    numbers = reference.values_of(np.asarray(which), rows, call, 0, sim.seed)
    total = np.zeros((len(post), 3))
    for s in reference.synapses_of(call, sim.dt, sim.seed):
        at = int(np.flatnonzero(post.global_id == s.target)[0])
        total[at, RECEPTORS.index(int(numbers[s.row][s.nth]))] += s.weight
    return total


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("form", ["matrix", "in order"])
@pytest.mark.parametrize("source", [nl.spike_generator, nl.poisson_generator, nl.parrot_neuron])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_what_is_sent_arrives_at_the_receptor_of_each_synapse(backend, reference, rule, source, form, threads):
    shape = rule.shape(N, M) if form == "in order" else (M, N)
    shape = shape or (M, N)
    rng = np.random.default_rng(5)
    which = rng.choice(RECEPTORS, shape)
    sim = nl.Simulator(backend=backend, threads=threads)
    post = sim.create(Ledger, M)[rng.permutation(M)]
    if source is nl.parrot_neuron:
        pre = sim.create(source, N)
        sim.connect(sim.create(nl.spike_generator, spike_times=[1.0]), pre)
    else:       # what a Poisson generator sends is random: its plan is checked
        pre = sim.create(source, N, **(dict(spike_times=[1.0]) if source is nl.spike_generator else dict(rate=10.0)))
    weights = rng.integers(-20, 20, shape) / 4.0
    call = sim.connect(pre, post, rule=rule, weight=weights, delay=rng.integers(1, 30, shape) / 10.0, receptor_type=which)
    total = expected(reference, call, sim, pre, post, which)
    if source is nl.poisson_generator:
        numbers = reference.values_of(which, reference.rows_of(call, sim.seed), call, 0, sim.seed)
        assert lanes_of_drives(sim.plan(), post) == sorted((s.target, int(numbers[s.row][s.nth]), s.weight)
                                                           for s in reference.synapses_of(call, sim.dt, sim.seed))
    else:
        assert np.abs(total).sum() > 0
        np.testing.assert_allclose(arrived(sim, post), total, rtol=0, atol=1e-9)


def lanes_of_drives(plan: Any, post: Any) -> list[tuple]:
    """(target, receptor, weight) of every connection of generators."""
    found = []
    names = {"one": 1, "two": 2, "five": 5}
    for d in plan.drives:
        for lane, weight in zip(d.lanes.astype(int), np.broadcast_to(d.weights, d.size)):
            for name, receptor in names.items():
                if name in d.wire.block.lanes:
                    reached = d.wire.block.lanes[name]
                    place = lane - reached.begins[d.part] + d.wire.block.bounds[d.part]
                    if d.wire.block.bounds[d.part] <= place < d.wire.block.bounds[d.part + 1]:
                        found.append((int(np.sort(post.global_id)[place]), receptor, weight * 2.0 ** -reached.exponent))
    return sorted(found)


@pytest.mark.parametrize("given", [dict(), dict(weight=2.5), dict(weight=nl.dist.Uniform(1.0, 2.0)),
                                   dict(delay=nl.dist.Uniform(0.1, 2.0))], ids=["one", "constant", "weights", "delays"])
def test_constant_and_drawn_values_go_to_the_receptors_that_are_named(backend, given):
    which = np.random.default_rng(5).choice(RECEPTORS, (M, N))
    sim = nl.Simulator(backend=backend)
    clock, pre, post = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(nl.parrot_neuron, N), sim.create(Ledger, M)
    sim.connect(clock, pre)
    sim.connect(pre, post, receptor_type=which, **given)
    counts = np.array([[(row == r).sum() for r in RECEPTORS] for row in which])
    found = arrived(sim, post)
    weight = given.get("weight", 1.0)
    if isinstance(weight, float):
        np.testing.assert_allclose(found, weight * counts, rtol=0, atol=1e-9)
    else:
        assert (found >= counts).all() and (found <= 2.0 * counts).all()


def test_names_and_one_receptor_for_all_are_arrays_too(backend):
    sim = nl.Simulator(backend=backend)
    pre, post = sim.create(nl.spike_generator, 2, spike_times=[1.0]), sim.create(Ledger, 2)
    by_name = sim.connect(pre, post, receptor_type=[["two", "one"], ["five", "two"]])
    one = sim.connect(pre, post, receptor_type=np.full((2, 2), 5))
    assert sorted(by_name.receptor) == ["five", "one", "two"] and one.receptor == ("five",) and one.which is None
    np.testing.assert_allclose(arrived(sim, post), [[1, 1, 2], [0, 1, 3]], rtol=0, atol=1e-9)


def test_both_directions_name_the_same_receptors(backend):
    sim = nl.Simulator(backend=backend)
    a, b = sim.create(Ledger, 2), sim.create(Ledger, 3)
    which = np.array([[1, 2], [5, 1], [2, 2]])
    forth, back = sim.connect(a, b, receptor_type=which, make_symmetric=True)
    assert [forth.receptor[i] for i in forth.which.ravel()] == ["one", "two", "five", "one", "two", "two"]
    np.testing.assert_array_equal(forth.which, back.which)


class Counting(Ledger):
    """With an input that counts spikes, and one with a sign."""

    RECEPTORS = {1: "one", 2: ("two", "five"), 3: "spikes"}

    class Inputs(NamedTuple):
        five: mV = 0.0
        one: mV = 0.0
        two: mV = 0.0
        spikes: count = 0


@pytest.mark.parametrize("wanted, words", [
    (np.full((M, N), 7), ["receptor_type = 7", "(entry (0, 0))", "receptors 1 (one)"]),
    ([[1] * N] * (M - 1) + [[1] * (N - 1) + [9]], ["receptor_type = 9", f"(entry {(M - 1, N - 1)})"]),
    ([1, 2], ["receptor_type has shape (2,)", str((M, N))]),
    (np.full((M, N), 1.0), ["array of float64", "numbers or names"]),
    (np.ones((M, N), bool), ["array of bool"]),
    (np.array([[1] * (N - 1) + [2]] * M), ["receptor_type = 2 stands for an input for weights above 0"]),
    (np.array([[1] * (N - 1) + [3]] * M), ["weights are in", "separate calls"]),
])
def test_receptors_that_are_not_there_are_refused(backend, wanted, words):
    sim = nl.Simulator(backend=backend)
    pre, post = sim.create(nl.spike_generator, N), sim.create(Counting, M)
    with pytest.raises(nl.BadConnection) as caught:
        sim.connect(pre, post, receptor_type=wanted)
    assert all(word in str(caught.value) for word in words) and sim.network.projections == ()
