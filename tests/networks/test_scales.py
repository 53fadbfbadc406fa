"""Scales of a run that goes on with other parameters, weights and connections: they hold what is on its way, and what comes."""
from typing import NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import pA
from nestling.simulator import planning
from nestling.simulator.drives import poisson_tables
from nestling.simulator.plan import Random


class wild_generator:
    """Emits what it should not."""

    EMITS, PER_CONNECTION = "current", True

    class Params(NamedTuple):
        amplitude: pA = 1.0
        most: pA = 2.0

    class State(NamedTuple):
        steps: int = 0

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        amplitude: float
        most: float

    @staticmethod
    def derive(p, dt):
        return wild_generator.Step(p.amplitude, p.most)

    @staticmethod
    def bound(c):
        return c.most

    @staticmethod
    def update(s, c, x):
        return wild_generator.State(s.steps + 1), c.amplitude


class Showing:
    """Shows its input current."""

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        I: pA = 0.0

    class Inputs(NamedTuple):
        current: pA = 0.0

    class Step(NamedTuple):
        nothing: float

    @staticmethod
    def derive(p, dt):
        return Showing.Step(0.0)

    @staticmethod
    def update(s, c, x):
        return Showing.State(x.current), False


def exponents(sim):
    return [lane.exponent for block in sim._program.plan.blocks for lane in block.lanes.values()]


def sampled(sim, name, nodes):
    meter = sim.create(nl.multimeter, record_from=[name], interval=0.1)
    sim.connect(meter, nodes)
    return lambda results: results.trace(meter, name=name, plain=True)


@pytest.mark.parametrize("anew", [False, True])
def test_a_generator_that_emitted_too_much_goes_on_when_it_was_put_right(anew, backend, monkeypatch):
    if anew:
        monkeypatch.setattr(planning, "retune", lambda *_: False)
    sim = nl.Simulator(backend=backend)
    a, g = sim.create(nl.iaf_psc_exp, 3), sim.create(wild_generator)
    sim.connect(g, a)
    sim.simulate(3.0)
    g.set(amplitude=2.5)
    with pytest.raises(OverflowError, match="more than 2 pA"):
        sim.cont(3.0)
    g.set(amplitude=1.5)
    reached = sim.time
    sim.cont(3.0)
    assert sim.time == pytest.approx(reached + 3.0)


def test_weights_are_not_rounded_before_scales_are_chosen(monkeypatch):
    """20 spikes of 0.1 pA are 2 pA, which asks for a coarser scale, and in 30 bits 0.1 is less."""
    def most(rate):
        return Random(*[np.zeros(0)] * 3, {"n": poisson_tables(rate * 1e-4, 1)}).most
    low, high = (next(r for r in range(20_000, 40_000, 100) if most(r) == n) for n in (19, 20))
    found = []
    for _ in range(2):
        sim = nl.Simulator(precision="single")
        a, g = sim.create(nl.iaf_psc_exp, 3), sim.create(nl.poisson_generator, rate=low)
        sim.connect(g, a, weight=0.1)
        sim.simulate(1.0)
        g.set(rate=high)
        sim.cont(1.0)
        found.append(exponents(sim))
        monkeypatch.setattr(planning, "retune", lambda *_: False)
    assert found[0] == found[1]


def test_what_is_on_its_way_fits_however_often_something_is_set():
    """Strong synapses are removed while their spikes are on their way; then other parameters are set."""
    found = []
    for often in (0, 3):
        sim = nl.Simulator(precision="single")
        a, b = sim.create(nl.iaf_psc_exp, 5, I_e=800.0), sim.create(nl.iaf_psc_exp, 5)
        for weight in (2.0**20, 2.0**-7):
            sim.connect(a, b, weight=weight, rule=nl.one_to_one, delay=20.0)
        trace = sampled(sim, "I_syn_ex", b)
        sim.simulate(25.0)
        edges = sim.get_connections(a, b)
        sim.disconnect(edges[np.flatnonzero(edges.get("weight") > 1.0)])
        sim.cont(0.1)
        for i in range(often):
            a.set(t_ref=[2.0, 3.0, 4.0, 5.0, 6.0] if i % 2 else 2.0)        # another kernel each time
            sim.plan()
        a.set(t_ref=2.0)
        found.append(trace(sim.cont(30.0)))
    assert found[0].max() > 2.0**20
    np.testing.assert_array_equal(*found)


def test_a_receptor_that_nothing_reached_yet_has_its_scale_still_open():
    found = []
    for patched in (False, True):
        sim = nl.Simulator()
        a, g = sim.create(nl.iaf_psc_exp, 5), sim.create(nl.poisson_generator, rate=0.0)
        sim.connect(g, a, weight=-0.4)
        made = sim.connect(a, a, weight=1.0, rule=nl.fixed_indegree(2))
        trace = sampled(sim, "I_syn_in", a)
        sim.simulate(5.0)
        if patched:
            sim.get_connections(synapse=made).set(weight=2.0)
        g.set(rate=20_000.0)
        found.append(trace(sim.cont(20.0)))
    assert found[0].min() < -0.4
    np.testing.assert_allclose(*found, rtol=1e-12)


def test_a_checkpoint_keeps_the_scales(tmp_path):
    sim = nl.Simulator(precision="single")
    a, g = sim.create(nl.iaf_psc_exp, 5), sim.create(nl.poisson_generator, rate=30_000.0)
    sim.connect(g, a, weight=1.3)
    made = sim.connect(a, a, weight=1.1, rule=nl.fixed_indegree(2))
    sim.simulate(5.0)
    sim.get_connections(synapse=made).set(weight=1.2)
    g.set(rate=20_000.0)
    sim.save(tmp_path / "it")
    other = nl.Simulator.load(tmp_path / "it")
    for one in (sim, other):
        one.cont(1.0)
        one.populations[1].set(rate=100.0)
        one.cont(1.0)
    assert exponents(sim) == exponents(other)


@pytest.mark.filterwarnings("error")
def test_connections_of_a_silent_generator_have_their_weights():
    sim = nl.Simulator(precision="single")
    a, g = sim.create(nl.iaf_psc_exp, 3), sim.create(nl.poisson_generator, rate=0.0)
    sim.connect(g, a, weight=np.array([[0.1], [0.2], [0.3]]))
    assert sim.get_connections(g, a).get("weight").tolist() == [0.1, 0.2, 0.3]
    sim.get_connections(g, a)[:1].set(weight=0.15)
    assert sim.get_connections(g, a).get("weight").tolist() == [0.15, 0.2, 0.3]


def test_a_checkpoint_keeps_the_bounds_of_weights_that_were_set(tmp_path):
    """Also when the weights are declared later, since another scale asks for other tables."""
    sim = nl.Simulator(precision="single")
    a, g = sim.create(nl.iaf_psc_exp, 5), sim.create(nl.poisson_generator, rate=100.0)
    sim.connect(g, a, weight=1.3)
    edges = sim.get_connections(synapse=sim.connect(a, a, weight=1.0, rule=nl.fixed_indegree(2)))
    sim.simulate(5.0)
    for weight in (30.0, 1.0):
        edges.set(weight=weight)
    sim.save(tmp_path / "it")
    other = nl.Simulator.load(tmp_path / "it")
    for one in (sim, other):
        one.cont(1.0)
        one.populations[1].set(rate=1e7)
        one.cont(1.0)
        one.populations[1].set(rate=100.0)
        one.simulate(1.0)
    assert exponents(sim) == exponents(other)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_noise_that_was_drawn_with_other_parameters_does_not_go_beyond_the_bound(precision):
    sim = nl.Simulator(precision=precision)
    a, noise = sim.create(Showing, 20), sim.create(nl.noise_generator, std=100.0)
    sim.connect(noise, a)
    sim.simulate(1.5)                                   # in the middle of an interval
    noise.set(mean=3.1, std=0.0)
    before = a.get("I")
    sim.cont(2.0)
    assert np.ptp(before) > 100.0
    np.testing.assert_allclose(a.get("I"), 3.1, rtol=1e-6)


def test_fewer_processes_emit_no_more_than_there_are():
    sim = nl.Simulator()
    a, gamma = sim.create(nl.iaf_psc_exp, 20), sim.create(nl.gamma_sup_generator, rate=500.0, n_proc=2000, gamma_shape=2)
    sim.connect(gamma, a)
    sim.simulate(20.0)
    for n in (3, 500, 10):
        gamma.set(n_proc=n)
        sim.cont(20.0)                                  # or OverflowError
