"""What the design promises of every network: the same spikes on any number of threads, in any windows, and in every run."""
from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import clock, pA, poisson

# ------------------------------------------------------------------------------------------------- 1: threads, and runs

@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("varied", [False, True], ids=["constants", "random weights and delays"])
def test_any_number_of_threads_gives_the_same_spikes_and_traces(brunel, varied, precision):
    recorded = []
    for threads in (1, 2, 3, 4, None):
        net = brunel(threads=threads, varied=varied, precision=precision)
        recorded.append(net.take([net.sim.simulate(400.0)]))
    for other in recorded[1:]:
        brunel.assert_same(recorded[0], other)
    assert len(recorded[0][0]) > 1000


def test_more_threads_than_neurons_do_no_harm(brunel, backend):
    recorded = []
    for threads in (1, 16):
        sim = nl.Simulator(threads=threads, backend=backend)
        neurons, noise = sim.create(nl.iaf_psc_delta, 5, I_e=300.0), sim.create(nl.poisson_generator, rate=5000.0)
        spikes = sim.create(nl.spike_recorder)
        sim.connect(noise, neurons, weight=2.0)
        sim.connect(neurons, neurons, weight=1.5, delay=0.1)
        sim.connect(neurons, spikes)
        recorded.append(list(sim.simulate(100.0).events(spikes, plain=True)))
    brunel.assert_same(*recorded)


def test_generators_of_different_rates_give_the_same_counts_on_any_number_of_threads(brunel, backend):
    # which generators share a partition must not decide how a random word becomes a count
    recorded = []
    for threads in (1, 2, 3, 4):
        sim = nl.Simulator(threads=threads, backend=backend)
        noise = sim.create(nl.poisson_generator, 4, rate=np.array([100.0, 500.0, 20_000.0, 90_000.0]))
        parrots, spikes = sim.create(nl.parrot_neuron, 4), sim.create(nl.spike_recorder)
        sim.connect(noise, parrots, rule=nl.one_to_one)
        sim.connect(parrots, spikes)
        sim.connect(noise, spikes)
        recorded.append(list(sim.simulate(200.0).events(spikes, plain=True)))
    for other in recorded[1:]:
        brunel.assert_same(recorded[0], other)


def test_a_generators_train_does_not_depend_on_the_rates_of_others(brunel, backend):
    trains = []
    for rate in (300.0, 80_000.0):
        sim = nl.Simulator(threads=1, backend=backend)
        noise = sim.create(nl.poisson_generator, 2, rate=np.array([2_000.0, rate]))
        parrots, spikes = sim.create(nl.parrot_neuron, 2), sim.create(nl.spike_recorder)
        sim.connect(noise, parrots, rule=nl.one_to_one)
        sim.connect(parrots[:1], spikes)
        trains.append(list(sim.simulate(100.0).events(spikes, plain=True)))
    brunel.assert_same(*trains)


@pytest.mark.parametrize("varied", [False, True], ids=["constants", "random weights and delays"])
def test_a_second_run_gives_the_same_spikes(brunel, varied):
    net, other = brunel(threads=2, varied=varied), brunel(threads=2, varied=varied)
    first = net.take([net.sim.simulate(200.0)])
    brunel.assert_same(first, net.take([net.sim.simulate(200.0)]))
    brunel.assert_same(first, other.take([other.sim.simulate(200.0)]))


class NoParams(NamedTuple):
    amplitude: pA = 500.0


class Phase(NamedTuple):
    n: int = 0


class Clock(NamedTuple):
    step: clock


class Constants(NamedTuple):
    amplitude: pA


class PulseGenerator:
    """A user's generator with a state: a current in every other stretch of 40 steps."""

    EMITS, PER_CONNECTION = "current", True
    Params, State, Inputs, Step = NoParams, Phase, Clock, Constants

    def derive(p, dt):
        return Constants(p.amplitude)

    def bound(c):
        return np.abs(c.amplitude)

    def update(s, c, x):
        return Phase(s.n + 1), c.amplitude if s.n % 80 >= 40 else 0.0 * c.amplitude


def test_a_second_run_starts_with_the_generators_initial_states(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    pulses, neurons = sim.create(PulseGenerator), sim.create(nl.iaf_psc_delta, 3)
    voltage = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(pulses, neurons)
    sim.connect(voltage, neurons)
    traces = [sim.simulate(5.3).trace(voltage, plain=True) for _ in range(3)]
    assert np.ptp(traces[0]) > 1.0
    np.testing.assert_array_equal(traces[0], traces[1])
    np.testing.assert_array_equal(traces[0], traces[2])


def test_every_connection_of_a_generator_starts_with_the_state_that_was_given(backend):
    sim = nl.Simulator(threads=2, backend=backend)
    pulses, neurons = sim.create(PulseGenerator, 4, n=np.array([0, 10, 20, 30])), sim.create(nl.iaf_psc_delta, 3)
    voltage = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(pulses[[3, 1, 0]], neurons, rule=nl.one_to_one, delay=0.1)
    sim.connect(voltage, neurons)
    trace = sim.simulate(5.0).trace(voltage, plain=True)
    # the current comes on when n reaches 40, and moves V_m a step later; n = 30 + k is what step k finds
    begins = [int(np.argmax(np.abs(trace[:, i] + 70.0) > 1e-9)) for i in range(3)]
    np.testing.assert_array_equal(begins, [11, 31, 41])


class Counting(NamedTuple):
    n: poisson
    step: clock


class Mean(NamedTuple):
    n: float


class BurstGenerator:
    """A user's Poisson generator that is silent for its first 100 - phase steps."""

    EMITS, PER_CONNECTION = "counts", True
    Params, State, Inputs, Step = NoParams, Phase, Counting, Mean

    def derive(p, dt):
        return Mean(5.0 + 0.0 * p.amplitude)

    def update(s, c, x):
        return Phase(s.n + 1), x.n if s.n >= 100 else 0


def test_a_recorded_generator_starts_with_the_state_that_was_given(backend):
    sim = nl.Simulator(threads=2, backend=backend)
    bursts = sim.create(BurstGenerator, 4, n=np.array([0, 30, 60, 90]))
    spikes = sim.create(nl.spike_recorder)
    sim.connect(bursts[[3, 1]], spikes)
    for _ in range(2):
        times, senders = sim.simulate(20.0).events(spikes, plain=True)
        # a mean of 5 in a step leaves none out in a first step but one time in 150
        assert [round(times[senders == i].min(), 3) for i in range(2)] == [1.1, 7.1]


def test_single_precision_is_close_to_double_precision(brunel):
    rates = []
    for precision in ("double", "single"):
        net = brunel(precision=precision)
        rates.append(net.sim.simulate(400.0).rate(net.spikes))
    # chaotic networks part after some 100 ms; 24,000 spikes resolve a rate to 1 %
    assert rates[0] == pytest.approx(rates[1], rel=0.03)


# ------------------------------------------------------------------------------------------------------------ 4: windows

@pytest.mark.parametrize("windows", [[300.0, 700.0], [0.1, 999.9], [333.3, 0.0, 466.6, 0.1, 200.0],
                                     [7.3] * 13 + [905.1]], ids=["two", "one step first", "none between", "many"])
@pytest.mark.parametrize("threads", [1, 2])
def test_simulate_and_cont_give_what_one_simulate_gives(brunel, windows, threads):
    # slices are 3 steps long here: most of these windows are no whole number of them
    net = brunel(threads=threads, varied=True)
    assert net.sim.plan().min_delay == 3
    whole = net.take([net.sim.simulate(1000.0)])
    parts = [(net.sim.cont if i else net.sim.simulate)(w) for i, w in enumerate(windows)]
    brunel.assert_same(whole, net.take(parts))
    assert sum(windows) == pytest.approx(1000.0)
    assert net.sim.time == pytest.approx(1000.0)


def test_every_window_holds_its_own_events_only(brunel):
    net = brunel()
    for begin, results in ((0.0, net.sim.simulate(50.0)), (50.0, net.sim.cont(33.3)), (83.3, net.sim.cont(16.7))):
        times, samples = results.events(net.spikes, plain=True)[0], results.trace_times(net.voltage, plain=True)
        assert results.window[0] == pytest.approx(begin)
        for stamps in (times, samples):
            assert len(stamps)
            assert stamps.min() > results.window[0] + 0.05
            assert stamps.max() < results.window[1] + 0.05


def test_cont_after_reset_gives_what_simulate_gives(brunel):
    net = brunel(threads=2, varied=True)
    whole = net.take([net.sim.simulate(200.0)])
    net.sim.cont(31.4)
    net.sim.reset()
    assert net.sim.time == 0.0
    brunel.assert_same(whole, net.take([net.sim.cont(200.0)]))


def test_cont_without_simulate_begins_at_zero(brunel):
    net, other = brunel(), brunel()
    brunel.assert_same(net.take([net.sim.simulate(50.0)]), other.take([other.sim.cont(50.0)]))


# ------------------------------------------------------------------------------------------------------ 6: random streams

def insert(sim: nl.Simulator, excitatory: Any, inhibitory: Any) -> None:
    """One more connect call, of which the network notices nothing."""
    sim.connect(excitatory, inhibitory, rule=nl.fixed_prob(0.1), weight=0.0, delay=1.5)


def test_another_connect_call_leaves_projections_with_a_seed_as_they_were(brunel, synapse_table):
    net, more = brunel(varied=True), brunel(varied=True, before=insert)
    built, again = (synapse_table.synapses_of(n.sim.plan(), n.recurrent) for n in (net, more))
    assert len(built.source) == 500 * 40
    for name in ("source", "target", "weight", "delay"):
        np.testing.assert_array_equal(getattr(built, name), getattr(again, name))
    # all projections of this network name their seeds, that of the noise too
    brunel.assert_same(net.take([net.sim.simulate(100.0)]), more.take([more.sim.simulate(100.0)]))


def test_another_connect_call_changes_projections_without_a_seed(brunel, synapse_table):
    net, more = brunel(connect_seed=None), brunel(connect_seed=None, before=insert)
    built, again = (synapse_table.synapses_of(n.sim.plan(), n.recurrent) for n in (net, more))
    assert not np.array_equal(built.source, again.source) or not np.array_equal(built.target, again.target)


def test_another_seed_gives_other_spikes(brunel):
    nets = [brunel(seed=1), brunel(seed=2), brunel(seed=1 + 2**32),
            brunel(seed=1, connect_seed=11)]
    recorded = [n.take([n.sim.simulate(50.0)]) for n in nets]
    for i, one in enumerate(recorded):
        assert len(one[0]) > 50
        assert not any(brunel.same_spikes(one, other) for other in recorded[:i])


def test_a_seed_of_connect_is_not_the_number_of_another_call(backend, synapse_table):
    # the 0th call, and a call that asks for seed=0, draw from different streams
    sim = nl.Simulator(backend=backend)
    neurons = sim.create(nl.iaf_psc_delta, 50)
    calls = [sim.connect(neurons, neurons, rule=nl.fixed_indegree(5), seed=seed) for seed in (None, 0, None, 0)]
    built = [synapse_table.synapses_of(sim.plan(), c).sorted() for c in calls]
    same = [[np.array_equal(a.source, b.source) for a in built] for b in built]
    assert same == [[True, False, False, False], [False, True, False, True], [False, False, True, False],
                    [False, True, False, True]]
