"""view.set and view.get: what nodes have is read and changed before, between and after runs, wholly or not at all."""
from __future__ import annotations

from types import SimpleNamespace
from typing import Annotated, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.arithmetic import each, plus
from nestling.models.contract import Along, Unit, clock, ms, mV, pA, times

Parts = Annotated[float, Unit("mV"), Along("tau_syn", "part")]


class Adding:
    """Adds up what arrives, at a list of receptors; nothing is forgotten."""

    class Params(NamedTuple):
        tau_syn: times = (1.0,)
        drift: mV = 0.0

    class State(NamedTuple):
        parts: Parts = 0.0
        V_m: mV = 0.0
        n: int = 0              # steps

    class Inputs(NamedTuple):
        spikes: Parts = 0.0

    class Step(NamedTuple):
        drift: mV

    def check(p):
        if np.any(p.tau_syn <= 0):
            raise nl.ParameterError("tau_syn must be above 0 ms")

    def derive(p, dt):
        return Adding.Step(p.drift)

    def update(s, c, x):
        return Adding.State(each(plus, s.parts, x.spikes), s.V_m + c.drift, s.n + 1), False


class Pulses:
    """A generator with a state: a current in every third step, counted by itself."""

    EMITS, PER_CONNECTION = "current", True

    class Params(NamedTuple):
        amplitude: pA = 100.0
        lag: ms = 1.0

    class State(NamedTuple):
        n: int = 0

    class Inputs(NamedTuple):
        step: clock

    class Step(NamedTuple):
        amplitude: pA

    def derive(p, dt):
        return Pulses.Step(p.amplitude)

    def bound(c):
        return np.abs(c.amplitude)

    def update(s, c, x):
        return Pulses.State(s.n + 1), c.amplitude if s.n % 3 == 0 else 0.0 * c.amplitude


def build(backend, threads=1, **given):
    """A network with spikes on their way at all times, generators with states, and a generator that is recorded."""
    sim = nl.Simulator(threads=threads, seed=3, backend=backend)
    net = SimpleNamespace(sim=sim, e=sim.create(nl.iaf_psc_delta, 40, V_m=nl.init.Uniform(-70.0, -60.0), **given),
                          i=sim.create(nl.iaf_psc_delta, 10), noise=sim.create(nl.poisson_generator, 2, rate=9_000.0),
                          times=sim.create(nl.spike_generator, spike_times=np.arange(1.0, 60.0, 3.0).tolist()),
                          pulses=sim.create(Pulses), parrots=sim.create(nl.parrot_neuron, 3),
                          rec=sim.create(nl.spike_recorder), volt=sim.create(nl.voltmeter, interval=0.3))
    both = net.e + net.i
    sim.connect(net.noise, both, weight=0.3, delay=0.4)
    sim.connect(net.pulses, both, delay=nl.dist.Uniform(0.1, 0.8))
    sim.connect(net.times, both + both[:3], weight=0.5, delay=nl.dist.Uniform(0.1, 3.0))
    sim.connect(net.noise[1:], net.parrots, delay=2.0)
    sim.connect(net.e, both, rule=nl.fixed_indegree(5), weight=nl.dist.Normal(0.4, 0.1), delay=1.5)
    sim.connect(net.i, both, rule=nl.fixed_indegree(3), weight=-1.0, delay=nl.dist.Uniform(0.3, 2.0))
    sim.connect(both + net.parrots + net.noise, net.rec)
    sim.connect(net.volt, both)
    return net


def taken(net, results):
    """All that was recorded, as arrays."""
    return [*results.events(net.rec, plain=True), *(f(net.volt, plain=True) for f in (results.trace_times, results.trace))]


def assert_same(a, b):
    assert all(len(x) for x in a)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


# ------------------------------------------------------------------------------------------------------------------ get

def test_parameters_and_initial_states_are_read_before_a_run(backend):
    sim = nl.Simulator(seed=2, backend=backend)
    a = sim.create(nl.iaf_psc_delta, 5, tau_m=20.0, V_th=[-50.0, -51.0, -52.0, -53.0, -54.0], V_m=nl.init.Uniform(-70.0, -60.0))
    np.testing.assert_array_equal(a.get("tau_m"), [20.0] * 5)
    np.testing.assert_array_equal(a[[4, 0, 4]].get("V_th"), [-54.0, -50.0, -54.0])
    np.testing.assert_array_equal(a.get("C_m"), [250.0] * 5)                            # a default
    assert a[2].get("V_th") == -52.0 and isinstance(a[2].get("V_th"), float)            # one node: a number
    assert a[2].get("refractory_input") is False and a.get("refractory_input").dtype == bool
    b = sim.create(Adding, 2, n=[3, 4])
    assert isinstance(b[1].get("n"), int) and b.get("n").dtype.kind == "i"
    V = a.get("V_m")
    assert len(np.unique(V)) == 5 and V.min() >= -70.0 and V.max() <= -60.0
    np.testing.assert_array_equal(a.get("V_m"), V)                                      # drawn once
    assert a[:0].get("V_m").shape == (0,) and a[:0].get() == {}
    volt = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(volt, a)
    trace = sim.simulate(0.1).trace(volt, plain=True)[0]
    np.testing.assert_allclose(trace, -70.0 + (V + 70.0) * np.exp(-0.1 / 20.0), rtol=1e-14)


def test_several_names_give_a_dict_and_no_name_gives_all(backend):
    sim = nl.Simulator(backend=backend)
    a, p = sim.create(nl.iaf_psc_delta, 3), sim.create(nl.poisson_generator, 2, rate=[1.0, 2.0])
    found = a.get(["V_th", "V_m"])
    assert list(found) == ["V_th", "V_m"] and found["V_th"].tolist() == [-55.0] * 3
    assert set(a.get()) == {"tau_m", "C_m", "t_ref", "V_th", "V_reset", "E_L", "I_e", "V_min", "refractory_input", "V_m", "I",
                            "refractory_spikes", "r"}
    assert set(p.get()) == {"rate", "start", "stop", "origin"} and p.get("rate").tolist() == [1.0, 2.0]
    assert (a + p).get() == {}                                                          # nothing in common
    assert p[0].get(("rate", "start")) == dict(rate=1.0, start=0.0)


def test_views_of_several_populations_are_read_in_their_order(backend):
    sim = nl.Simulator(backend=backend)
    a, b = sim.create(nl.iaf_psc_delta, 3, I_e=[1.0, 2.0, 3.0]), sim.create(nl.iaf_psc_delta, 2, I_e=[4.0, 5.0])
    np.testing.assert_array_equal((b[::-1] + a[1:] + b[0]).get("I_e"), [5.0, 4.0, 2.0, 3.0, 4.0])


def test_lists_are_read_as_lists(backend):
    sim = nl.Simulator(backend=backend)
    g = sim.create(nl.spike_generator, 2, spike_times=[[1.0, 2.0], [3.0]])
    found = g[::-1].get("spike_times")
    assert isinstance(found, list) and [v.tolist() for v in found] == [[3.0], [1.0, 2.0]]
    assert [v.tolist() for v in g[0].get("spike_times")] == [[1.0, 2.0]]
    m = sim.create(nl.multimeter, record_from=["V_m", "r"], interval=0.5)
    assert m.get("record_from") == [("V_m", "r")] and m.get("interval") == 0.5
    assert set(m.get()) >= {"record_from", "interval", "start", "stop"}


@pytest.mark.parametrize("names, error, word", [
    ("V_n", nl.UnknownName, "did you mean V_m"), (["V_m", "rate"], nl.UnknownName, "has no parameter or state 'rate'"),
    (5, TypeError, "must be a name")])
def test_what_is_not_there_cannot_be_read(backend, names, error, word):
    sim = nl.Simulator(backend=backend)
    with pytest.raises(error, match=word):
        sim.create(nl.iaf_psc_delta, 3).get(names)
    with pytest.raises(nl.UnknownName, match="spike_recorder has no parameter 'V_m'"):
        (sim.create(nl.iaf_psc_delta) + sim.create(nl.spike_recorder)).get("V_m")


@pytest.mark.parametrize("threads", [1, 3])
def test_states_of_the_moment_are_read_between_runs(backend, threads):
    net = build(backend, threads)
    both = net.e + net.i
    meter = net.sim.create(nl.multimeter, record_from=["V_m", "I", "r"], interval=0.1)
    net.sim.connect(meter, both)
    for run, duration in ((net.sim.simulate, 20.0), (net.sim.cont, 0.1), (net.sim.cont, 13.3)):
        results = run(duration)
        for name in ("V_m", "I", "r"):
            np.testing.assert_array_equal(both.get(name), results.trace(meter, name, plain=True)[-1])
    found = both.get("V_m")
    found[:] = 0.0
    assert (both.get("V_m") < -50.0).all()                      # it was a copy
    first = build(backend).e.get("V_m")
    net.sim.reset()
    np.testing.assert_array_equal(net.e.get("V_m"), first)      # the initial values again


# ----------------------------------------------------------------------------------------------------- set before a run

@pytest.mark.parametrize("given", [
    dict(I_e=300.0), dict(V_th=np.linspace(-58.0, -54.0, 40)), dict(V_m=-65.0), dict(V_m=np.linspace(-70.0, -56.0, 40), r=3),
    dict(tau_m=7.0, V_reset=-75.0, refractory_input=True)], ids=lambda given: " ".join(given))
def test_what_is_set_before_a_run_is_as_if_it_had_been_given_to_create(backend, given):
    net, other = build(backend), build(backend, **{"I_e": 0.0, **{k: v for k, v in given.items() if k != "V_m"}})
    net.e.set(**given)
    if "V_m" in given:
        other.e.set({"V_m": given["V_m"]})
    for name, value in given.items():
        np.testing.assert_array_equal(net.e.get(name), np.broadcast_to(value, 40))
    assert_same(taken(net, net.sim.simulate(60.0)), taken(other, other.sim.simulate(60.0)))


def test_the_forms_of_set_are_the_same(backend):
    found = []
    for given, keywords in (({}, dict(V_m=-60.0, I_e=10.0)), (dict(V_m=-60.0, I_e=10.0), {}), (dict(V_m=-1.0), dict(V_m=-60.0)),
                            ({}, dict(V_initializer=-60.0))):
        sim = nl.Simulator(backend=backend)
        a = sim.create(nl.iaf_psc_delta, 2)
        a.set(given, **keywords)
        found.append(a.get("V_m").tolist())
    assert found == [[-60.0] * 2] * 4


def test_quantities_are_set_in_their_units(backend):
    import brainunit as u
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_delta, 2)
    a.set(I_e=1.5 * u.nA, V_m=np.array([-0.06, -0.05]) * u.volt)
    np.testing.assert_allclose(a.get("I_e"), [1500.0] * 2)
    np.testing.assert_allclose(a.get("V_m"), [-60.0, -50.0])
    with pytest.raises(nl.DimensionError, match="I_e"):
        a.set(I_e=1.0 * u.mV)


def test_whole_numbers_are_set_as_such(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(Adding, 2)
    with pytest.raises(nl.ParameterError, match="n takes whole numbers"):
        a.set(n=nl.dist.Normal(1.0, 1.0))
    with pytest.raises(nl.ParameterError, match="n = 1.5: must be whole"):
        a.set(n=1.5)
    a[1].set(n=7.0)
    sim.simulate(1.0)
    assert a.get("n").tolist() == [10, 17]
    a.set(n=0)
    sim.cont(0.5)
    assert a.get("n").tolist() == [5, 5]


def test_distributions_are_drawn_when_they_are_set(backend):
    sim = nl.Simulator(seed=4, backend=backend)
    a, b = sim.create(nl.iaf_psc_delta, 500), sim.create(nl.iaf_psc_delta, 500)
    (a + b).set(V_m=nl.dist.Normal(-65.0, 2.0), V_th=nl.dist.Uniform(-55.0, -50.0))
    drawn = (a + b).get("V_m")
    assert len(np.unique(drawn)) == 1000 and abs(drawn.mean() + 65.0) < 0.3 and 1.8 < drawn.std() < 2.2
    thresholds = (a + b).get("V_th")
    assert abs(np.corrcoef(drawn, thresholds)[0, 1]) < 0.13
    (a + b).set(V_m=nl.dist.Normal(-65.0, 2.0))
    assert not np.isin((a + b).get("V_m"), drawn).any()         # drawn anew
    some = a[10:20]
    before = a.get("V_m")
    some.set(V_m=nl.dist.Uniform(0.0, 1.0))
    assert (some.get("V_m") >= 0.0).all()
    np.testing.assert_array_equal(np.delete(a.get("V_m"), np.s_[10:20]), np.delete(before, np.s_[10:20]))
    other = nl.Simulator(seed=4, backend=backend)
    c = other.create(nl.iaf_psc_delta, 500)
    c.set(V_m=nl.dist.Normal(-65.0, 2.0))
    np.testing.assert_array_equal(c.get("V_m"), drawn[:500])    # the same seed, the same call


@pytest.mark.parametrize("running", [False, True], ids=["before a run", "between runs"])
def test_parts_of_populations_are_set_in_the_order_of_the_view(backend, running):
    sim = nl.Simulator(threads=2, backend=backend)
    a, b = sim.create(nl.iaf_psc_delta, 6, r=1e9), sim.create(nl.iaf_psc_delta, 3, r=1e9)       # V_m stays as it is
    if running:
        sim.simulate(1.0)
    view = a[4:] + b[[2, 0]] + a[:2] + b[2]                     # two parts of a; b[2] stands there twice: the last counts
    view.set(V_th=[-50.0, -51.0, -52.0, -53.0, -54.0, -54.5, -49.0], I_e=7.0,
             V_m=[-60.0, -61.0, -62.0, -63.0, -64.0, -65.0, -59.0])
    np.testing.assert_array_equal(a.get("V_th"), [-54.0, -54.5, -55.0, -55.0, -50.0, -51.0])
    np.testing.assert_array_equal(b.get("V_th"), [-53.0, -55.0, -49.0])
    np.testing.assert_array_equal(a.get("V_m"), [-64.0, -65.0, -70.0, -70.0, -60.0, -61.0])
    np.testing.assert_array_equal(b.get("V_m"), [-63.0, -70.0, -59.0])
    np.testing.assert_array_equal((a + b).get("I_e"), [7.0, 7.0, 0.0, 0.0, 7.0, 7.0, 7.0, 0.0, 7.0])


def test_parts_of_a_distribution_or_array_are_replaced(backend):
    sim = nl.Simulator(backend=backend)
    a = sim.create(nl.iaf_psc_delta, 5, V_th=nl.dist.Uniform(-55.0, -50.0), I_e=np.arange(5.0), refractory_input=False)
    before = a.get("V_th")
    a[1].set(V_th=-45.0, I_e=100.0, refractory_input=True)
    np.testing.assert_array_equal(a.get("V_th"), [before[0], -45.0, *before[2:]])
    np.testing.assert_array_equal(a.get("I_e"), [0.0, 100.0, 2.0, 3.0, 4.0])
    assert a.get("refractory_input").tolist() == [False, True, False, False, False]


# ------------------------------------------------------------------------------------------------------ set between runs

def test_a_parameter_that_is_set_between_runs_acts_from_then_on(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    a = sim.create(nl.iaf_psc_delta, 3, V_th=1e9)
    sim.simulate(10.0)
    np.testing.assert_allclose(a.get("V_m"), [-70.0] * 3, rtol=1e-12)
    a.set(I_e=[0.0, 100.0, 200.0])
    sim.cont(5.0)
    gain = 10.0 / 250.0 * -np.expm1(-5.0 / 10.0)
    np.testing.assert_allclose(a.get("V_m"), -70.0 + gain * np.array([0.0, 100.0, 200.0]), rtol=1e-12)
    a[2].set(tau_m=5.0, I_e=0.0)
    V = a[2].get("V_m")
    sim.cont(5.0)
    assert a[2].get("V_m") == pytest.approx(-70.0 + (V + 70.0) * np.exp(-1.0), rel=1e-12)


def test_a_state_that_is_set_between_runs_is_that_of_the_moment(backend):
    sim = nl.Simulator(threads=2, backend=backend)
    a = sim.create(nl.iaf_psc_delta, 5)
    sim.simulate(1.0)
    a[1:4].set(V_m=[-60.0, -61.0, -62.0], r=[0, 20, 0])
    sim.cont(1.0)
    grown = np.exp(-0.1)
    np.testing.assert_allclose(a.get("V_m"), [-70.0, -70.0 + 10.0 * grown, -61.0, -70.0 + 8.0 * grown, -70.0], rtol=1e-12)
    assert a.get("r").tolist() == [0, 0, 10, 0, 0]              # and refractory steps have passed
    a.set(V_m=nl.dist.Uniform(-70.0, -60.0))
    assert len(np.unique(a.get("V_m"))) == 5
    sim.simulate(0.0)                                           # the initial values have not changed
    assert (a.get("V_m") == -70.0).all()


def test_entries_of_lists_are_set_under_their_names(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    a = sim.create(Adding, 3, tau_syn=[1.0, 2.0], part_2=5.0)
    a[1:].set(part_1=[3.0, 4.0])
    sim.simulate(1.0)
    a[0].set(part_2=-1.0)
    sim.cont(1.0)
    np.testing.assert_array_equal([a.get("part_1"), a.get("part_2")], [[0.0, 3.0, 4.0], [-1.0, 5.0, 5.0]])
    a[0].set(tau_syn=[3.0, 4.0])
    assert [v.tolist() for v in a.get("tau_syn")] == [[3.0, 4.0], [1.0, 2.0], [1.0, 2.0]]
    with pytest.raises(nl.ParameterError, match="tau_syn = .*must have 2 entries as before"):
        a.set(tau_syn=[1.0])
    with pytest.raises(nl.ParameterError, match="tau_syn must be above 0"):
        a[1].set(tau_syn=[1.0, -2.0])
    assert [v.tolist() for v in a.get("tau_syn")] == [[3.0, 4.0], [1.0, 2.0], [1.0, 2.0]]


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_setting_what_is_already_there_changes_no_bit(backend, threads):
    def same(net):
        net.e.set(V_th=net.e.get("V_th"), V_m=net.e.get("V_m"))
        (net.e + net.i).set(I_e=0.0)
        net.noise.set(rate=9_000.0)
        net.times.set(spike_times=np.arange(1.0, 60.0, 3.0).tolist())
        net.pulses.set(amplitude=100.0)
        net.rec.set(stop=np.inf)
        net.volt.set(interval=0.3)
    plain, net = build(backend, threads), build(backend, threads)
    for step, duration in enumerate((10.3, 0.1, 17.5, 20.0)):
        a, b = ((n.sim.cont if step else n.sim.simulate)(duration) for n in (plain, net))
        assert len(a.events(plain.rec, plain=True)[0]) == len(b.events(net.rec, plain=True)[0])
        np.testing.assert_array_equal(a.events(plain.rec, plain=True), b.events(net.rec, plain=True))
        np.testing.assert_array_equal(a.trace(plain.volt, plain=True), b.trace(net.volt, plain=True))
        same(net)
    assert len(a.events(plain.rec, plain=True)[0]) > 100


def change(net, stage):
    """Changes of everything, by stage."""
    if stage == 0:
        net.e[::2].set(I_e=np.linspace(0.0, 200.0, 20), V_m=-60.0)
        net.noise[0].set(rate=30_000.0)
    elif stage == 1:
        net.noise.set(rate=500.0)
        net.times.set(spike_times=[30.0, 31.0, 45.0], spike_multiplicities=[50, 2, 9])
        net.i.set(V_m=nl.dist.Uniform(-70.0, -56.0))
    else:
        net.pulses.set(amplitude=-300.0)
        net.times.set(spike_multiplicities=[], spike_times=[46.0, 50.0])
        (net.i + net.e).set(V_th=nl.dist.Normal(-56.0, 0.5))


def test_any_number_of_threads_does_the_same_after_changes(backend):
    found = []
    for threads in (1, 2, 3):
        net = build(backend, threads)
        parts = [taken(net, net.sim.simulate(15.0))]
        for stage in range(3):
            change(net, stage)
            parts.append(taken(net, net.sim.cont(15.0)))
        found.append([np.concatenate(x) for x in zip(*parts)])
    assert_same(found[0], found[1])
    assert_same(found[0], found[2])
    assert len(found[0][0]) > 300


# ------------------------------------------------------------------------------------------------- what lasts, and what not

def test_parameters_last_and_states_of_a_run_do_not(backend):
    net, fresh = build(backend), build(backend, I_e=250.0)
    fresh.noise.set(rate=20_000.0)
    net.sim.simulate(20.0)
    net.e.set(I_e=250.0, V_m=-60.0)
    net.noise.set(rate=20_000.0)
    net.sim.cont(7.7)
    assert net.e.get("I_e").tolist() == [250.0] * 40
    for _ in range(2):                                          # from t = 0, with the new parameters and the old initial values
        assert_same(taken(net, net.sim.simulate(30.0)), taken(fresh, fresh.sim.simulate(30.0)))


def test_a_run_after_changes_up_and_down_is_as_if_there_had_been_none(backend):
    # scales of inputs heed spikes on their way while a run goes on; a fresh run has none
    net, fresh = build(backend), build(backend)
    net.sim.simulate(20.0)
    net.noise.set(rate=500_000.0)
    net.sim.cont(1.0)
    net.noise.set(rate=9_000.0)
    net.sim.cont(1.0)
    assert_same(taken(net, net.sim.simulate(30.0)), taken(fresh, fresh.sim.simulate(30.0)))


def test_states_set_at_the_beginning_are_initial_values(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    a = sim.create(nl.iaf_psc_delta, 2)
    decay = np.exp(-0.1)

    def after(run):
        run(1.0)
        return (a.get("V_m") + 70.0) / decay
    sim.simulate(5.0)
    sim.reset()
    a.set(V_m=-60.0)
    np.testing.assert_allclose(after(sim.cont), [10.0] * 2)     # at t = 0 after reset()
    np.testing.assert_allclose(after(sim.simulate), [10.0] * 2)
    sim.simulate(0.0)
    a.set(V_m=-62.0)
    np.testing.assert_allclose(after(sim.cont), [8.0] * 2)
    np.testing.assert_allclose(after(sim.simulate), [8.0] * 2)
    a.set(V_m=-1.0)                                             # at t = 1: of the moment
    np.testing.assert_allclose(after(sim.simulate), [8.0] * 2)
    sim.create(nl.iaf_psc_delta)                                # another network: nothing of it has run
    a.set(V_m=-61.0)
    np.testing.assert_allclose(after(sim.simulate), [9.0] * 2)


# ---------------------------------------------------------------------------------------------------- generators, recorders

def counting(backend, threads=1):
    """Parrots that are driven by two Poisson generators, and a recorder."""
    sim = nl.Simulator(threads=threads, seed=1, backend=backend)
    noise, parrots, rec = sim.create(nl.poisson_generator, 2, rate=10_000.0), sim.create(nl.parrot_neuron, 20), sim.create(
        nl.spike_recorder)
    sim.connect(noise, parrots)
    sim.connect(parrots, rec)
    return sim, noise, parrots, rec


@pytest.mark.parametrize("threads", [1, 2])
def test_the_rate_of_a_generator_is_changed_between_runs(backend, threads, tolerances):
    sim, noise, parrots, rec = counting(backend, threads)
    sim.simulate(2.0)
    for rates in ([10_000.0, 10_000.0], [500.0, 0.0], [80_000.0, 20_000.0], [0.0, 0.0]):
        noise.set(rate=rates)
        n = sim.cont(100.0).n_events(rec)
        mean = 20 * 0.1 * sum(rates)
        late = 20 * 0.001 * 100_000.0                           # what had been sent before, and was on its way
        assert abs(n - mean) <= tolerances.STANDARD_ERRORS * np.sqrt(mean) + late
    assert sim.cont(10.0).n_events(rec) == 0


def adder(backend, threads=1, **given):
    """Nodes that add up their input, a spike generator at a distance of 5 ms, and a Poisson generator, silent."""
    sim = nl.Simulator(threads=threads, seed=1, backend=backend)
    source, cells = sim.create(nl.spike_generator, **given), sim.create(Adding, 5)
    noise = sim.create(nl.poisson_generator, rate=0.0)
    sim.connect(source, cells, weight=np.array([[0.3], [-0.7], [1e-3], [1.1], [0.0]]), delay=5.0)
    sim.connect(noise, cells, weight=1.0)
    return sim, source, cells, noise


WEIGHTS = np.array([0.3, -0.7, 1e-3, 1.1, 0.0])


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rates", [(0.0, 1e6), (1e6, 0.0), (1e4, 1e7, 1.0, 1e5)], ids=["up", "down", "up and down"])
def test_spikes_on_their_way_arrive_whole_when_scales_change(backend, rates, threads):
    sim, source, cells, noise = adder(backend, threads, spike_times=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    other, _, silent, noisy = adder(backend, threads, spike_times=[50.0])       # the noise alone
    noise.set(rate=rates[0])
    noisy.set(rate=rates[0])
    exponents = []
    for i, rate in enumerate(rates):
        for s, n in ((sim, noise), (other, noisy)):
            n.set(rate=rate)
            (s.cont if i else s.simulate)(2.0)
        exponents.append(sim.plan().blocks[0].lanes["part_1"].exponent)
    sim.cont(10.0)
    other.cont(10.0)
    assert exponents == sorted(exponents, reverse=True), "in a run that goes on no scale becomes finer"
    assert len(set(exponents)) > 1 or rates[0] == max(rates), "the scale must change for this to be a test"
    np.testing.assert_allclose(cells.get("part_1") - silent.get("part_1"), 6 * WEIGHTS, rtol=0, atol=1e-8)


@pytest.mark.parametrize("numbers", [(1000, 1), (1, 1000), (1000, 1, 1_000_000, 1)])
def test_spikes_on_their_way_fit_when_their_source_is_to_send_fewer_or_more(backend, numbers):
    sim, source, cells, _ = adder(backend, spike_times=[1.0], spike_multiplicities=[numbers[0]])
    sim.simulate(1.0)
    for i, n in enumerate(numbers[1:], 2):                      # all on their way together, in scales of their own
        source.set(spike_times=[float(i)], spike_multiplicities=[n])
        sim.cont(1.0)
    sim.cont(10.0)
    np.testing.assert_allclose(cells.get("part_1"), sum(numbers) * WEIGHTS, rtol=1e-9, atol=1e-12)


def test_spike_times_are_changed_between_runs(backend):
    sim, source, cells, _ = adder(backend, spike_times=[1.0, 20.0])
    source.set(spike_times=[2.0, 3.0, 20.0])
    sim.simulate(10.0)
    source.set(spike_times=[4.0, 10.0, 10.1, 11.0])             # those up to now have been, or not: they do not come again
    assert [v.tolist() for v in source.get("spike_times")] == [[4.0, 10.0, 10.1, 11.0]]
    sim.cont(30.0)
    np.testing.assert_allclose(cells.get("part_1"), (2 + 2) * WEIGHTS, rtol=1e-12)
    sim.simulate(40.0)
    np.testing.assert_allclose(cells.get("part_1"), 4 * WEIGHTS, rtol=1e-12)


def test_one_of_several_generators_is_changed(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    sources, cells = sim.create(nl.spike_generator, 3, spike_times=[1.0]), sim.create(Adding, 3)
    sim.connect(sources, cells, rule=nl.one_to_one, weight=1.0)
    sources[1:].set(spike_times=[[1.0, 2.0], []])
    sources[0].set(spike_times=[1.0, 2.0, 3.0])
    sim.simulate(10.0)
    assert cells.get("part_1").tolist() == [3.0, 2.0, 0.0]


def test_a_current_is_changed_between_runs_and_its_generator_keeps_its_state(backend):
    traces = []
    for changed in (False, True):
        sim = nl.Simulator(threads=1, backend=backend)
        pulses, cell, volt = sim.create(Pulses), sim.create(nl.iaf_psc_delta), sim.create(nl.voltmeter, interval=0.1)
        sim.connect(pulses, cell, delay=0.1)
        sim.connect(volt, cell)
        traces.append(sim.simulate(1.0).trace(volt, plain=True)[:, 0].tolist())
        if changed:
            pulses.set(amplitude=200.0)
        traces[-1] += sim.cont(1.0).trace(volt, plain=True)[:, 0].tolist()
    jumps = [np.flatnonzero(np.diff(t, prepend=-70.0) > 1e-6) for t in traces]
    np.testing.assert_array_equal(jumps[0], np.arange(1, 20, 3))        # in every third step all along
    np.testing.assert_array_equal(jumps[1], np.arange(1, 20, 3))
    assert np.array(traces[1])[12:].max() > np.array(traces[0])[12:].max() + 0.02


def test_when_a_recorder_records_is_changed_between_runs(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    cells, rec = sim.create(nl.iaf_psc_delta, 2, I_e=1000.0, t_ref=0.9), sim.create(nl.spike_recorder)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.5)
    sim.connect(cells, rec)
    sim.connect(meter, cells)
    whole = sim.simulate(60.0).events(rec, plain=True)[0]
    sim.simulate(20.0)
    rec.set(stop=30.0)
    meter.set(stop=25.0, record_from=["r", "V_m"], interval=1.0)
    found = sim.cont(20.0)
    np.testing.assert_array_equal(found.events(rec, plain=True)[0], whole[(whole > 20.05) & (whole < 30.05)])
    np.testing.assert_allclose(found.trace_times(meter, plain=True), [21.0, 22.0, 23.0, 24.0, 25.0])
    assert found.trace(meter, "r", plain=True).shape == (5, 2)
    rec.set(stop=np.inf, start=45.0)
    found = sim.cont(20.0)
    np.testing.assert_array_equal(found.events(rec, plain=True)[0], whole[whole > 45.05])
    assert rec.get("start") == 45.0 and meter.get("record_from") == [("r", "V_m")]
    np.testing.assert_array_equal(sim.simulate(60.0).events(rec, plain=True)[0], whole[whole > 45.05])


# --------------------------------------------------------------------------------------------------- wholly or not at all

@pytest.mark.parametrize("running", [False, True], ids=["before a run", "between runs"])
@pytest.mark.parametrize("view, given, error, words", [
    (lambda n: n.e, dict(I_e=500.0, V_thx=1.0), nl.UnknownName, ["V_thx", "did you mean V_th"]),
    (lambda n: n.e, dict(V_m=-50.0, tau_m=-1.0), nl.ParameterError, ["tau_m = -1.0", "above 0 ms"]),
    (lambda n: n.e, dict(I_e=500.0, V_m=np.zeros(3)), nl.ParameterError, ["V_m has shape (3,)", "each of 40 nodes"]),
    (lambda n: n.e[:5], dict(I_e=500.0, V_reset=0.0), nl.ParameterError, ["V_reset = 0.0 (entry 0)", "below V_th"]),
    (lambda n: n.e + n.noise, dict(I_e=500.0), nl.UnknownName, ["poisson_generator has no parameter 'I_e'"]),
    (lambda n: n.e + n.i[:2] + n.rec, dict(I_e=500.0), nl.UnknownName, ["spike_recorder has no parameter 'I_e'"]),
    (lambda n: n.e, dict(I_e="much"), nl.DimensionError, ["I_e = 'much'"]),
    (lambda n: n.e, dict(V_m=np.nan, I_e=500.0), nl.ParameterError, ["V_m = nan"]),
    (lambda n: n.parrots + n.e, dict(r=1.0), nl.UnknownName, ["parrot_neuron has no parameter 'r'"]),
    (lambda n: n.e, dict(I_e=500.0, refractory_input=1), nl.ParameterError, ["must be True or False"]),
    (lambda n: n.noise, dict(rate=[1e5, -1.0]), nl.ParameterError, ["rate = -1.0 (entry 1)"]),
    (lambda n: n.times, dict(spike_times=[1.0, 0.55]), nl.ParameterError, ["spike_times"]),
    (lambda n: n.times, dict(spike_times=[1.0], spike_multiplicities=[1, 2]), nl.ParameterError, ["spike_multiplicities"]),
    (lambda n: n.volt, dict(interval=0.25), nl.BadTime, ["interval = 0.25"]),
    (lambda n: n.volt, dict(stop=5.0, record_from=["V_x"]), nl.UnknownName, ["recordable 'V_x'", "V_m"]),
    (lambda n: n.rec, dict(start=5.0, stop=1.0), nl.BadRecording, ["stop = 1 ms"]),
    (lambda n: n.rec, dict(V_m=5.0), nl.UnknownName, ["spike_recorder has no parameter 'V_m'"]),
], ids=["unknown", "domain", "shape", "together", "another model", "a recorder among them", "text", "NaN", "a model without",
        "truth", "second entry", "order", "two lists", "grid", "recordable", "stop before start", "recorder's"])
def test_what_is_refused_changes_nothing(backend, view, given, error, words, running):
    plain, net = build(backend), build(backend)
    if running:
        plain.sim.simulate(8.0)
        net.sim.simulate(8.0)
    before = [v.get() for v in (net.e, net.i, net.noise, net.times, net.rec, net.volt)]
    with pytest.raises(error) as caught:
        view(net).set(**given)
    assert caught.type is error
    for word in words:
        assert word in str(caught.value), caught.value
    for old, new in zip(before, (v.get() for v in (net.e, net.i, net.noise, net.times, net.rec, net.volt))):
        assert str(old) == str(new)
    runs = (plain.sim.cont, net.sim.cont) if running else (plain.sim.simulate, net.sim.simulate)
    assert_same(taken(plain, runs[0](20.0)), taken(net, runs[1](20.0)))


def test_a_refused_distribution_leaves_later_draws_as_they_were(backend):
    found = []
    for wrong in (False, True):
        sim = nl.Simulator(seed=1, backend=backend)
        a = sim.create(nl.iaf_psc_delta, 5)
        if wrong:
            with pytest.raises(nl.ParameterError):
                a.set(V_m=nl.dist.Uniform(0.0, 1.0), tau_m=0.0)
        a.set(V_m=nl.dist.Uniform(0.0, 1.0))
        found.append(a.get("V_m"))
    np.testing.assert_array_equal(*found)
