"""A user's own rule: one function, drawn like ours, and stopped where it goes wrong."""
from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from nestling import simulator as nl


@nl.rule(longest="degree")
def small_world(index, n, draw, out, degree, rewire=0.0):
    """Neighbours on a ring, some of them replaced by nodes drawn at random (Watts and Strogatz 1998)."""
    for i in range(degree):
        near = (index + 1 + i) % n
        out[i] = nl.integer(draw, i, n) if nl.uniform(draw, degree + i) < rewire else near
    return degree


def chance(p, u):
    return u < p


@nl.rule
def bernoulli(index, n, draw, out, p):
    """pairwise_bernoulli, in other words, with a helper of its own."""
    found = 0
    for i in range(n):
        if chance(p, nl.uniform(draw, i)):
            out[found] = i
            found += 1
    return found


@nl.rule(by="source")
def listed(index, n, draw, out, starts, partners):
    """Partners from arrays, one of them of floats."""
    for i in range(starts[index], starts[index + 1]):
        out[i - starts[index]] = int(partners[i])
    return starts[index + 1] - starts[index]


def spill(out):
    for i in range(1_000_000):
        out[i] = 3


@nl.rule(longest=3)
def faulty(index, n, draw, out, how):
    """Wrong in its eighth row."""
    if index == 7:
        if how == 1:
            return 4
        if how == 2:
            return -1
        if how == 3:
            out[0], out[1] = 0, n
            return 2
        if how == 4:
            out[0], out[1] = 0, -2
            return 2
        if how == 5:
            spill(out)
        if how == 6:
            raise ValueError("never")
        if how == 7:
            out[0] = out[2] = 5
            out[1] = 4
            return 3
        if how == 8:
            out[0], out[2] = 5, 6
            return 3
    out[0] = out[1] = out[2] = 1
    return 0


def test_a_ring_is_a_ring(make, built):
    sim, (a,) = make(9)
    ring = built(sim, a, a, rule=small_world(3))
    np.testing.assert_array_equal(ring, sum(np.eye(9, k=k, dtype=int) + np.eye(9, k=k - 9, dtype=int) for k in (1, 2, 3)))


def test_some_neighbours_are_replaced_by_any_node(make, synapse_table, goodness, tolerances):
    tables = []
    for seed in range(1, 21):
        sim, (a,) = make(20, seed=seed)
        calls = [sim.connect(a, a, rule=small_world(degree=6, rewire=0.3)) for _ in range(10)]
        found = synapse_table.all_synapses(sim.plan())
        tables += [found[c.index].pairs(a.global_id, a.global_id) for c in calls]
    counts = np.sum(tables, axis=0)
    near = np.array([[1 <= (s - t) % 20 <= 6 for s in range(20)] for t in range(20)])
    shares = np.array([counts[near].sum(), counts[~near].sum()])
    chances = np.array([0.7 + 0.3 * 6 / 20, 0.3 * 14 / 20])
    goodness.chi_squared(shares, chances * shares.sum(), tolerances)
    goodness.chi_squared(counts[~near], counts[~near].sum() / counts[~near].size, tolerances)


@pytest.mark.parametrize("autapses", [True, False])
def test_a_rule_for_all_pairs_is_bernoulli(make, synapse_table, goodness, tolerances, autapses):
    tables = []
    for seed in range(1, 9):
        sim, (a,) = make(12, seed=seed)
        calls = [sim.connect(a, a, rule=bernoulli(0.3), allow_autapses=autapses, allow_multapses=False) for _ in range(40)]
        found = synapse_table.all_synapses(sim.plan())
        tables += [found[c.index].pairs(a.global_id, a.global_id) for c in calls]
    tables = np.array(tables)
    allowed = ~np.eye(12, dtype=bool) | autapses
    assert tables.max() == 1 and not tables[:, ~allowed].any()
    counts = tables.sum(axis=0)[allowed]
    goodness.chi_squared(counts, 0.3 * len(tables), tolerances, dof=len(counts), factor=1 / 0.7)


@pytest.mark.parametrize("rule", [small_world(5, 0.4), bernoulli(0.3), listed([0, 2, 2, 5] + [5] * 28, [30.0, 1, 2, 2, 0])],
                         ids=str)
def test_any_number_of_threads_draws_the_same_which_is_what_python_draws(make, scrambled, synapse_table, reference, rule):
    found = []
    for threads in (1, 3):
        sim, (a, b) = make(13, 18, threads=threads)
        pre, post = scrambled(a + b), scrambled(b + a, 3)
        call = sim.connect(pre, post, rule=rule, weight=nl.dist.Normal(0.0, 1.0), delay=nl.dist.Uniform(0.1, 2.0))
        s = synapse_table.synapses_of(sim.plan(), call)
        found.append(sorted(zip(s.source, s.target, s.weight, s.delay)))
    expected = sorted((s.source, s.target, s.weight, s.delay) for s in reference.synapses_of(call, sim.dt, sim.seed))
    assert len(expected) >= 5 and found[0] == found[1] == expected


def test_parameters_are_numbers_and_arrays_as_they_were(make, synapse_table):
    sim, (a,) = make(4)
    starts, partners = np.array([0, 2, 2, 3, 3]), np.array([3.0, 0.0, 2.0])
    call = sim.connect(a, a, rule=listed(starts, partners=partners))
    starts[:], partners[:] = 0, 77.0
    found = synapse_table.synapses_of(sim.plan(), call)
    assert sorted(zip(found.source, found.target)) == [(0, 0), (0, 3), (2, 2)]


def test_other_numbers_need_no_other_code(make):
    from nestling.simulator.compile import _kernels
    sim, (a,) = make(9)
    sim.connect(a, a, rule=small_world(3, 0.5))
    before = len(_kernels)
    sim.connect(a, a, rule=small_world(4, 0.25))
    assert len(_kernels) == before


@pytest.mark.parametrize("how, words", [
    (1, "it returned 4: must be 0 to longest = 3"), (2, "it returned -1"), (3, "it wrote the partner 10: must be 0 to 9"),
    (4, "it wrote the partner -2"), (5, r"wrote beyond out\[2\]"), (6, "it raised an error"), (7, "the partner 5 twice"),
    (8, "it returned more partners than it wrote")])
def test_a_wrong_row_is_refused_and_named(make, how, words):
    sim, (a,) = make(10)
    with pytest.raises(nl.BadConnection, match=rf"faulty\(how={how}\) for the target 7: .*{words}"):
        sim.connect(a, a, rule=faulty(how), allow_multapses=False)
    assert sim.network.projections == ()
    sim.connect(a[:7], a[:7], rule=faulty(how))             # no eighth row, no fault


def test_a_rule_knows_its_name_and_its_text():
    assert repr(small_world(4, rewire=0.5)) == "small_world(degree=4, rewire=0.5)" and "ring" in small_world.__doc__


def whole_number_of_times(index, n, draw, out):
    return "never"


def reads_an_array(index, n, draw, out):
    return int(NUMBERS[index])


def has_a_helper_that_does(index, n, draw, out):
    return reads_an_array(index, n, draw, out)


def draws_by_itself(index, n, draw, out):
    out[0] = np.random.randint(n)
    return 1


NUMBERS = np.zeros(10)


@pytest.mark.parametrize("mistake, words", [
    (lambda sim, a: nl.rule(print), "plain function of (index, n, draw, out, ...)"),
    (lambda sim, a: nl.rule(lambda i, n: 0), "takes (index, n, draw, out)"),
    (lambda sim, a: nl.rule(lambda index, n, draw, out, *more: 0), "takes (index, n, draw, out)"),
    (lambda sim, a: nl.rule(small_world.function, longest="width"), "longest = 'width': must be a whole number"),
    (lambda sim, a: nl.rule(small_world.function, longest=-1), "longest = -1: must be a whole number"),
    (lambda sim, a: nl.rule(small_world.function, by="row"), "by = 'row'"),
    (lambda sim, a: nl.rule(reads_an_array), "reads_an_array reads NUMBERS"),
    (lambda sim, a: nl.rule(has_a_helper_that_does), "reads_an_array reads NUMBERS"),
    (lambda sim, a: nl.rule(draws_by_itself), "use nl.uniform(draw, i)"),
    (lambda sim, a: small_world(1, 2, 3), "small_world: too many positional"),
    (lambda sim, a: small_world(width=3), "small_world: got an unexpected keyword argument 'width'"),
    (lambda sim, a: sim.connect(a, a, rule=small_world), "small_world needs degree"),
    (lambda sim, a: sim.connect(a, a, rule=small_world(-3)), "degree = -3: must be a whole number"),
    (lambda sim, a: sim.connect(a, a, rule=small_world(2.5)), "degree = 2.5: must be a whole number"),
    (lambda sim, a: sim.connect(a, a, rule=small_world(3, "often")), "rewire = 'often': must be a number, or an array"),
    (lambda sim, a: sim.connect(a, a, rule=listed(np.ones((2, 2), int), [1.0])), "starts of shape (2, 2): must be"),
    (lambda sim, a: sim.connect(a, a, rule=nl.rule(whole_number_of_times)), "whole_number_of_times() cannot be compiled"),
])
def test_what_is_no_rule_is_refused(make, mistake, words):
    sim, (a,) = make(10)
    with pytest.raises(nl.BadConnection) as caught:
        mistake(sim, a)
    assert words in str(caught.value) and sim.network.projections == ()


SCRIPT = """
from nestling import simulator as nl

@nl.rule(longest="degree")
def ring(index, n, draw, out, degree):
    for i in range(degree):
        out[i] = (index + STEP * (1 + i)) % n
    return degree

sim = nl.Simulator(threads=2)
cells = sim.create(nl.parrot_neuron, 10)
clock, rec = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(nl.spike_recorder)
sim.connect(clock, cells[:1])
sim.connect(cells, cells, rule=ring(1))
sim.connect(cells, rec)
print(sim.simulate(4.0).events(rec, plain=True)[1].tolist())
"""


def test_a_script_finds_its_rule_compiled_and_an_edited_rule_is_compiled_anew(tmp_path):
    def run(step):
        script = tmp_path / "script.py"
        script.write_text(SCRIPT.replace("STEP", step))
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")})
        assert done.returncode == 0, done.stderr
        return done.stdout.strip(), "compiling kernels" in done.stderr
    assert run("1") == ("[0, 9, 8]", True)
    assert run("1") == ("[0, 9, 8]", False)
    assert run("2") == ("[0, 8, 6]", True)
