"""Models that emit several spikes in a step: each is counted, by targets and recorders, and none beyond what can be counted."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import clock, count, mV, normal, pA, uniform


class Nothing(NamedTuple):
    pass


class Cycle(NamedTuple):
    most: float = 3.0
    lag: int = 0


class Tick(NamedTuple):
    step: clock


class Cycling:
    """A node that emits 0, 1, 2, 3, 0, 1, ... spikes, step by step, and says that it never emits more than `most`."""

    EMITS = "counts"
    Params, State, Inputs = Cycle, Nothing, Tick

    class Step(NamedTuple):
        most: float
        lag: int

    def derive(p, dt):
        return Cycling.Step(p.most, p.lag)

    def bound(c):
        return c.most

    def update(s, c, x):
        return Nothing(), (x.step + c.lag) % 4 if x.step >= 0 else 0


class CyclingGenerator(Cycling):
    """The same for every connection."""

    PER_CONNECTION = True


class Dice:
    """A generator that throws dice: a number of 0 to 3 spikes, uniform."""

    EMITS, PER_CONNECTION = "counts", True
    Params, State, Step = Nothing, Nothing, Nothing

    class Inputs(NamedTuple):
        u: uniform

    def derive(p, dt):
        return Nothing()

    def bound(c):
        return 3.0

    def update(s, c, x):
        return Nothing(), int(4.0 * x.u)


class Probe:
    """Shows how many spikes, what sum of weights and what current arrive in a step."""

    RECEPTORS = {0: "n", 1: "V"}
    Params = Step = Nothing

    class State(NamedTuple):
        n: int = 0
        V: mV = 0.0
        I: pA = 0.0

    class Inputs(NamedTuple):
        n: count = 0
        V: mV = 0.0
        current: pA = 0.0

    def derive(p, dt):
        return Nothing()

    def update(s, c, x):
        return Probe.State(x.n, x.V, x.current), False


def probed(sim: nl.Simulator, probes: Any, *names: str, duration: float = 8.0) -> list[np.ndarray]:
    meter = sim.create(nl.multimeter, record_from=list(names), interval=sim.dt)
    sim.connect(meter, probes)
    found = sim.simulate(duration)
    return [found.trace(meter, name, plain=True) for name in names]


def cycle(delay: int, steps: int = 80, lag: int = 0) -> np.ndarray:
    """What Cycling sends, `delay` steps later."""
    return np.concatenate([np.zeros(delay), (np.arange(steps) + lag) % 4])[:steps]


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("model", [Cycling, CyclingGenerator], ids=["a node", "for each connection"])
def test_several_spikes_in_a_step_all_arrive(backend, model, threads, precision):
    sim = nl.Simulator(threads=threads, precision=precision, backend=backend)
    source, probes, parrots = sim.create(model, 2, lag=[0, 2]), sim.create(Probe, 5), sim.create(nl.parrot_neuron, 3)
    spikes, passed_on = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
    weight = np.array([[0.5, 0.25], [1.0, -2.0], [0.0, 1.0], [-1.0, 0.0], [3.0, 4.0]])
    sim.connect(source, probes, delay=0.5)
    sim.connect(source, probes, receptor_type=1, weight=weight, delay=0.3)
    sim.connect(source[0], parrots, delay=0.2)
    sim.connect(parrots, passed_on)
    sim.connect(source, spikes)
    n, V = probed(sim, probes, "n", "V")
    np.testing.assert_array_equal(n, np.tile(cycle(5) + cycle(5, lag=2), (5, 1)).T)
    np.testing.assert_array_equal(V, np.outer(cycle(3), weight[:, 0]) + np.outer(cycle(3, lag=2), weight[:, 1]))
    found = sim.simulate(8.0)
    times, senders = found.events(spikes, plain=True)
    for i in range(2):                                          # sent in step k, stamped k + 1
        np.testing.assert_array_equal(np.bincount(np.rint(times[senders == i] / 0.1).astype(int), minlength=81)[1:],
                                      cycle(0, lag=2 * i))
    times, senders = found.events(passed_on, plain=True)
    for i in range(3):
        np.testing.assert_array_equal(np.bincount(np.rint(times[senders == i] / 0.1).astype(int), minlength=81)[1:], cycle(2))


@pytest.mark.parametrize("threads", [1, 2])
def test_numbers_of_spikes_drawn_from_uniform_numbers_all_arrive(backend, threads, tolerances):
    sim = nl.Simulator(threads=threads, backend=backend)
    source, probes = sim.create(Dice), sim.create(Probe, 6)
    sim.connect(source, probes, seed=1)
    sim.connect(source, probes, receptor_type=1, weight=0.5, seed=1)       # the same numbers, of a stream of that name
    n, V = probed(sim, probes, "n", "V", duration=500.0)
    np.testing.assert_array_equal(V, 0.5 * n)
    counts = np.bincount(n.ravel().astype(int))
    assert len(counts) == 4
    assert np.abs(counts - n.size / 4).max() < tolerances.STANDARD_ERRORS * np.sqrt(n.size * 3 / 16)
    other = nl.Simulator(threads=3, backend=backend)
    again = other.create(Probe, 6)
    other.connect(other.create(Dice), again, seed=1)
    np.testing.assert_array_equal(probed(other, again, "n", duration=500.0)[0], n)


# ------------------------------------------------------------------------------------------- more than the model says

def overflow(sim: nl.Simulator, duration: float = 8.0) -> str:
    with pytest.raises(OverflowError) as caught:
        sim.simulate(duration)
    return str(caught.value)


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("model", [Cycling, CyclingGenerator], ids=["a node", "for each connection"])
def test_more_spikes_than_the_model_says_are_an_error_that_names_the_node(backend, model, threads):
    sim = nl.Simulator(threads=threads, backend=backend)
    sim.create(nl.iaf_psc_delta, 5)
    source, probes = sim.create(model, 9), sim.create(Probe, 4)
    if model is Cycling:
        source[[6, 4]].set(most=2.0)                            # node 4 and 6 emit 3 in the step to 0.4 ms
    else:
        source.set(most=2.0)                                    # what connections say is checked together
        source[4].set(lag=2)                                    # it emits 3 in the step to 0.2 ms, which arrives in the next
    sim.connect(source, probes, delay=0.1)
    text, time = overflow(sim), "0.4" if model is Cycling else "0.3"
    assert f"node 4 of population 1: {model.__name__} emitted more than 2 spikes in the step to t = {time} ms" in text
    assert "its bound(c) says that it never does" in text
    source.set(most=3.0)
    sim.simulate(8.0)


def test_a_bound_holds_for_its_own_model_whatever_others_emit(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    many, parrots = sim.create(nl.spike_generator, spike_times=[5.0], spike_multiplicities=[1000]), sim.create(nl.parrot_neuron)
    sim.connect(many, parrots)
    source = sim.create(Cycling, 2, most=2.0)
    sim.connect(source, sim.create(Probe))
    assert "node 0 of population 2: Cycling emitted more than 2 spikes in the step to t = 0.4 ms" in overflow(sim)


def test_a_recorded_generator_that_emits_too_much_is_named_by_its_own_place(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    source, spikes = sim.create(CyclingGenerator, 5, most=[3.0, 3.0, 3.0, 1.0, 3.0]), sim.create(nl.spike_recorder)
    sim.connect(source[2:], spikes)
    assert "node 3 of population 0: CyclingGenerator emitted more than 1 spikes in the step to t = 0.3 ms" in overflow(sim)


class Falling(Cycling):
    """Emits fewer than no spikes, after a while."""

    class Step(NamedTuple):
        most: float

    def derive(p, dt):
        return Falling.Step(p.most)

    def update(s, c, x):
        return Nothing(), 2 - x.step


class FallingGenerator(Falling):
    """The same for every connection."""

    PER_CONNECTION = True


@pytest.mark.parametrize("model", [Falling, FallingGenerator], ids=["a node", "for each connection"])
def test_fewer_than_no_spikes_are_an_error(backend, model):
    sim = nl.Simulator(threads=1, backend=backend)
    source, probe = sim.create(model, most=9.0), sim.create(Probe)
    sim.connect(source, probe, delay=0.1)
    time = "0.4" if model is Falling else "0.5"
    assert f"emitted more than 9 spikes in the step to t = {time} ms: its bound(c) says that it never does, nor fewer than 0" \
        in overflow(sim)


class Loud:
    """A generator of a normal current that says it is never beyond `most`."""

    EMITS, PER_CONNECTION = "current", True

    class Params(NamedTuple):
        most: pA = 6.5
        from_step: int = 0

    State = Nothing

    class Inputs(NamedTuple):
        z: normal
        step: clock

    class Step(NamedTuple):
        most: pA
        from_step: int

    def derive(p, dt):
        return Loud.Step(p.most, p.from_step)

    def bound(c):
        return c.most

    def update(s, c, x):
        return Nothing(), x.z if x.step >= c.from_step else -c.most


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_current_beyond_its_bound_is_an_error_that_names_the_node(backend, threads, precision):
    sim = nl.Simulator(threads=threads, precision=precision, backend=backend)
    source, probes = sim.create(Loud, 3, most=0.1), sim.create(Probe, 6)
    source.set(from_step=[1000, 20, 1000])
    sim.connect(source, probes, delay=0.1, rule=nl.fixed_outdegree(6), allow_multapses=False)
    sim.simulate(2.0)                                           # at the bound, not beyond, whatever is rounded
    text = overflow(sim)
    assert "node 1 of population 0: Loud emitted more than 0.1 pA in the step to t = 2.2 ms: its bound(c) says" in text


class NotANumber(Loud):
    """Emits NaN, after a while."""

    def update(s, c, x):
        return Nothing(), (c.most - c.most) / (x.step - 5.0) if x.step <= 5 else 0.0


def test_a_current_that_is_not_a_number_is_an_error(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    sim.connect(sim.create(NotANumber), sim.create(Probe, 3), delay=0.1)
    assert "node 0 of population 0: NotANumber emitted more than 6.5 pA in the step to t = 0.7 ms" in overflow(sim)


# ------------------------------------------------------------------------------------------------ spikes, not counts

class Beating:
    """A generator of single spikes, one in every tenth step, that returns numbers instead of True and False."""

    PER_CONNECTION = True
    Params = State = Step = Nothing
    Inputs = Tick

    def derive(p, dt):
        return Nothing()

    def update(s, c, x):
        return Nothing(), 7 if (x.step >= 0) & (x.step % 10 == 3) else 0


class BeatingNode(Beating):
    """The same as a node."""

    PER_CONNECTION = False


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("model", [Beating, BeatingNode], ids=["for each connection", "a node"])
def test_a_model_that_emits_spikes_emits_one_at_a_time_whatever_it_returns(backend, model, precision):
    sim = nl.Simulator(threads=2, precision=precision, backend=backend)
    source, probes, spikes = sim.create(model, 2), sim.create(Probe, 3), sim.create(nl.spike_recorder)
    sim.connect(source, probes, delay=0.5)
    sim.connect(source[0], probes, receptor_type=1, weight=np.array([[1.5], [-1.0], [0.25]]), delay=0.7)
    sim.connect(source, spikes)
    n, V = probed(sim, probes, "n", "V")
    beats = np.arange(80) % 10 == 3
    late = [np.concatenate([np.zeros(d), beats])[:80] for d in (5, 7)]
    np.testing.assert_array_equal(n, np.tile(2 * late[0], (3, 1)).T)
    np.testing.assert_array_equal(V, np.outer(late[1], [1.5, -1.0, 0.25]))
    np.testing.assert_allclose(np.unique(sim.simulate(8.0).events(spikes, plain=True)[0]), 0.1 * (np.flatnonzero(beats) + 1))


# ------------------------------------------------------------------------------------------ more than can be counted

@pytest.mark.parametrize("precision", ["double", "single"])
def test_more_spikes_than_a_receptor_can_count_are_refused_before_the_run(backend, precision):
    sim = nl.Simulator(threads=1, precision=precision, backend=backend)
    source = sim.create(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[65536])
    parrot, probe = sim.create(nl.parrot_neuron), sim.create(Probe)
    sim.connect(source, probe, rule=nl.fixed_indegree(65536))
    if precision == "single":                                   # 2^32 in a step, and 32 bits hold 2^30
        with pytest.raises(nl.BadConnection, match="Probe may receive 4.29e\\+09 spikes in one step.*counts to 1,073,741,824: "
                                                   "use precision='double'"):
            sim.simulate(3.0)
        other = nl.Simulator(threads=1, precision="single", backend=backend)
        source = other.create(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[65536])
        other.connect(source, other.create(nl.parrot_neuron), rule=nl.fixed_indegree(65536))
        with pytest.raises(nl.BadConnection, match="parrot_neuron may receive"):
            other.simulate(3.0)
    else:
        sim.connect(source, parrot)
        sim.simulate(2.0)
        assert probe.get("n") == 2**32


@pytest.mark.parametrize("most, fits", [(2.0**30 - 1, True), (2.0**30, False)])
def test_single_precision_counts_up_to_2_to_the_30th(backend, most, fits):
    sim = nl.Simulator(threads=1, precision="single", backend=backend)
    sim.connect(sim.create(CyclingGenerator, most=most), sim.create(Probe))
    if fits:
        sim.simulate(1.0)
    else:
        with pytest.raises(nl.BadConnection, match="may receive"):
            sim.simulate(1.0)


def test_a_node_that_would_emit_more_than_a_million_spikes_says_so(backend):
    # nodes that count hand on what arrives; the plan has room for 2^20 in a step
    sim = nl.Simulator(threads=1, backend=backend)
    source = sim.create(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[65536])
    sim.connect(source, sim.create(nl.parrot_neuron), rule=nl.fixed_indegree(17))
    assert "node 0 of population 1: parrot_neuron emitted more than 1.04858e+06 spikes in the step to t = 2 ms" in overflow(sim)
