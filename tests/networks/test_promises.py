"""What the design promises of every network: the same spikes on any number of threads, in any windows, in every run, none lost.
"""
from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import clock, pA, poisson

LIMIT_S = 120.0        # after which a run counts as hanging; it takes a second


@dataclass
class Brunel:
    """A random network of 400 excitatory and 100 inhibitory neurons, its simulator and its recorders."""

    sim: nl.Simulator
    excitatory: Any
    inhibitory: Any
    spikes: Any
    voltage: Any
    recurrent: Any

    def take(self, results: list[nl.Results]) -> list[np.ndarray]:
        """Everything recorded, in one list of arrays: times, senders, times of samples, samples."""
        return [np.concatenate([f(r) for r in results]) for f in (
            lambda r: r.events(self.spikes, plain=True)[0], lambda r: r.events(self.spikes)[1],
            lambda r: r.trace_times(self.voltage, plain=True), lambda r: r.trace(self.voltage, plain=True))]


def brunel(backend: str, *, threads: int | None = 1, seed: int = 1, precision: str = "double", varied: bool = False,
           before: Callable | None = None, connect_seed: int = 1) -> Brunel:
    """Brunel (2000), scaled down; `varied` draws weights, delays, thresholds and initial values at random.

    before: called with the simulator and the neurons before the projection with seed=connect_seed is made.
    """
    sim = nl.Simulator(0.1, seed=seed, threads=threads, precision=precision, backend=backend)
    neuron = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)
    if varied:
        neuron |= dict(V_th=nl.init.Normal(20.0, 0.5), V_m=nl.init.Uniform(0.0, 19.0))
    excitatory, inhibitory = sim.create(nl.iaf_psc_delta, 400, params=neuron), sim.create(nl.iaf_psc_delta, 100, params=neuron)
    noise = sim.create(nl.poisson_generator, rate=20_000.0)
    spikes, voltage = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.7)
    if before is not None:
        before(sim, excitatory, inhibitory)
    strong = dict(weight=nl.dist.Normal(-0.5, 0.1), delay=nl.dist.Uniform(0.4, 2.7)) if varied else dict(weight=-0.5, delay=1.5)
    weak = dict(weight=nl.dist.LogNormal(-2.5, 0.5), delay=nl.dist.Normal(1.5, 0.5, min=0.3, max=4.0)) if varied else \
        dict(weight=0.1, delay=1.5)
    both = excitatory + inhibitory
    sim.connect(noise, both, weight=0.1, delay=1.5, seed=3)
    recurrent = sim.connect(excitatory, both, rule=nl.fixed_indegree(40), seed=connect_seed, **weak)
    sim.connect(inhibitory, both, rule=nl.fixed_indegree(10), seed=2, **strong)
    sim.connect(both, spikes)
    sim.connect(voltage, excitatory[:5] + inhibitory[90:])
    return Brunel(sim, excitatory, inhibitory, spikes, voltage, recurrent)


def assert_same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    """Equal bit for bit, and not empty."""
    assert all(len(x) for x in a)
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


def same_spikes(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    return np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def within(seconds: float, work: Callable[[], Any]) -> Any:
    """work(), which must come back within so many seconds: a hanging test says nothing."""
    outcome: list[Any] = []

    def call() -> None:
        try:
            outcome.append(work())
        except Exception as error:
            outcome.append(error)
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert outcome, f"still running after {seconds} s"
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return outcome[0]


# ------------------------------------------------------------------------------------------------- 1: threads, and runs

@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("varied", [False, True], ids=["constants", "random weights and delays"])
def test_any_number_of_threads_gives_the_same_spikes_and_traces(backend, varied, precision):
    recorded = []
    for threads in (1, 2, 3, 4, None):
        net = brunel(backend, threads=threads, varied=varied, precision=precision)
        recorded.append(net.take([net.sim.simulate(400.0)]))
    for other in recorded[1:]:
        assert_same(recorded[0], other)
    assert len(recorded[0][0]) > 1000


def test_more_threads_than_neurons_do_no_harm(backend):
    recorded = []
    for threads in (1, 16):
        sim = nl.Simulator(threads=threads, backend=backend)
        neurons, noise = sim.create(nl.iaf_psc_delta, 5, I_e=300.0), sim.create(nl.poisson_generator, rate=5000.0)
        spikes = sim.create(nl.spike_recorder)
        sim.connect(noise, neurons, weight=2.0)
        sim.connect(neurons, neurons, weight=1.5, delay=0.1)
        sim.connect(neurons, spikes)
        recorded.append(list(sim.simulate(100.0).events(spikes, plain=True)))
    assert_same(*recorded)


def test_generators_of_different_rates_give_the_same_counts_on_any_number_of_threads(backend):
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
        assert_same(recorded[0], other)


def test_a_generators_train_does_not_depend_on_the_rates_of_others(backend):
    trains = []
    for rate in (300.0, 80_000.0):
        sim = nl.Simulator(threads=1, backend=backend)
        noise = sim.create(nl.poisson_generator, 2, rate=np.array([2_000.0, rate]))
        parrots, spikes = sim.create(nl.parrot_neuron, 2), sim.create(nl.spike_recorder)
        sim.connect(noise, parrots, rule=nl.one_to_one)
        sim.connect(parrots[:1], spikes)
        trains.append(list(sim.simulate(100.0).events(spikes, plain=True)))
    assert_same(*trains)


@pytest.mark.parametrize("varied", [False, True], ids=["constants", "random weights and delays"])
def test_a_second_run_gives_the_same_spikes(backend, varied):
    net, other = brunel(backend, threads=2, varied=varied), brunel(backend, threads=2, varied=varied)
    first = net.take([net.sim.simulate(200.0)])
    assert_same(first, net.take([net.sim.simulate(200.0)]))
    assert_same(first, other.take([other.sim.simulate(200.0)]))


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


def test_single_precision_is_close_to_double_precision(backend):
    rates = []
    for precision in ("double", "single"):
        net = brunel(backend, precision=precision)
        rates.append(net.sim.simulate(400.0).rate(net.spikes))
    # chaotic networks part after some 100 ms; 24,000 spikes resolve a rate to 1 %
    assert rates[0] == pytest.approx(rates[1], rel=0.03)


# ------------------------------------------------------------------------------------------------------------ 4: windows

@pytest.mark.parametrize("windows", [[300.0, 700.0], [0.1, 999.9], [333.3, 0.0, 466.6, 0.1, 200.0],
                                     [7.3] * 13 + [905.1]], ids=["two", "one step first", "none between", "many"])
@pytest.mark.parametrize("threads", [1, 2])
def test_simulate_and_cont_give_what_one_simulate_gives(backend, windows, threads):
    # slices are 3 steps long here: most of these windows are no whole number of them
    net = brunel(backend, threads=threads, varied=True)
    assert net.sim.plan().min_delay == 3
    whole = net.take([net.sim.simulate(1000.0)])
    parts = [(net.sim.cont if i else net.sim.simulate)(w) for i, w in enumerate(windows)]
    assert_same(whole, net.take(parts))
    assert sum(windows) == pytest.approx(1000.0)
    assert net.sim.time == pytest.approx(1000.0)


def test_every_window_holds_its_own_events_only(backend):
    net = brunel(backend)
    for begin, results in ((0.0, net.sim.simulate(50.0)), (50.0, net.sim.cont(33.3)), (83.3, net.sim.cont(16.7))):
        times, samples = results.events(net.spikes, plain=True)[0], results.trace_times(net.voltage, plain=True)
        assert results.window[0] == pytest.approx(begin)
        for stamps in (times, samples):
            assert len(stamps)
            assert stamps.min() > results.window[0] + 0.05
            assert stamps.max() < results.window[1] + 0.05


def test_cont_after_reset_gives_what_simulate_gives(backend):
    net = brunel(backend, threads=2, varied=True)
    whole = net.take([net.sim.simulate(200.0)])
    net.sim.cont(31.4)
    net.sim.reset()
    assert net.sim.time == 0.0
    assert_same(whole, net.take([net.sim.cont(200.0)]))


def test_cont_without_simulate_begins_at_zero(backend):
    net, other = brunel(backend), brunel(backend)
    assert_same(net.take([net.sim.simulate(50.0)]), other.take([other.sim.cont(50.0)]))


# ------------------------------------------------------------------------------------------------------ 6: random streams

def insert(sim: nl.Simulator, excitatory: Any, inhibitory: Any) -> None:
    """One more connect call, of which the network notices nothing."""
    sim.connect(excitatory, inhibitory, rule=nl.fixed_prob(0.1), weight=0.0, delay=1.5)


def test_another_connect_call_leaves_projections_with_a_seed_as_they_were(backend, synapse_table):
    net, more = brunel(backend, varied=True), brunel(backend, varied=True, before=insert)
    built, again = (synapse_table.synapses_of(n.sim.plan(), n.recurrent) for n in (net, more))
    assert len(built.source) == 500 * 40
    for name in ("source", "target", "weight", "delay"):
        np.testing.assert_array_equal(getattr(built, name), getattr(again, name))
    # all projections of this network name their seeds, that of the noise too
    assert_same(net.take([net.sim.simulate(100.0)]), more.take([more.sim.simulate(100.0)]))


def test_another_connect_call_changes_projections_without_a_seed(backend, synapse_table):
    net, more = brunel(backend, connect_seed=None), brunel(backend, connect_seed=None, before=insert)
    built, again = (synapse_table.synapses_of(n.sim.plan(), n.recurrent) for n in (net, more))
    assert not np.array_equal(built.source, again.source) or not np.array_equal(built.target, again.target)


def test_another_seed_gives_other_spikes(backend):
    nets = [brunel(backend, seed=1), brunel(backend, seed=2), brunel(backend, seed=1 + 2**32),
            brunel(backend, seed=1, connect_seed=11)]
    recorded = [n.take([n.sim.simulate(50.0)]) for n in nets]
    for i, one in enumerate(recorded):
        assert len(one[0]) > 50
        assert not any(same_spikes(one, other) for other in recorded[:i])


def test_a_seed_of_connect_is_not_the_number_of_another_call(backend, synapse_table):
    # the 0th call, and a call that asks for seed=0, draw from different streams
    sim = nl.Simulator(backend=backend)
    neurons = sim.create(nl.iaf_psc_delta, 50)
    calls = [sim.connect(neurons, neurons, rule=nl.fixed_indegree(5), seed=seed) for seed in (None, 0, None, 0)]
    built = [synapse_table.synapses_of(sim.plan(), c).sorted() for c in calls]
    same = [[np.array_equal(a.source, b.source) for a in built] for b in built]
    assert same == [[True, False, False, False], [False, True, False, True], [False, False, True, False],
                    [False, True, False, True]]


# ------------------------------------------------------------------------------------------------------- 5: nothing lost

def test_more_inputs_than_16_bits_address_work_and_give_the_same_on_two_threads(backend):
    recorded = []
    for threads in (1, 2):
        sim = nl.Simulator(threads=threads, backend=backend)
        neurons = sim.create(nl.iaf_psc_delta, 70_000, I_e=450.0, V_m=nl.init.Uniform(-70.0, -56.0))
        spikes = sim.create(nl.spike_recorder)
        sim.connect(neurons, neurons, rule=nl.fixed_indegree(2), weight=3.0, delay=1.0)
        sim.connect(neurons, spikes)
        recorded.append(list(sim.simulate(10.0).events(spikes, plain=True)))
        assert sim.plan().n_parts >= 2
    assert len(recorded[0][0]) > 50_000
    assert set(np.unique(recorded[0][1])) > {65_535, 65_536, 69_999}
    assert_same(*recorded)


def test_a_partition_of_more_than_65536_inputs_reaches_the_last_of_them(backend):
    # the two blocks are cut at half a node: one partition gets both halves and is one input too large for 16 bits
    sim = nl.Simulator(threads=1, backend=backend)
    source = sim.create(nl.spike_generator, spike_times=[1.0])
    a, b = sim.create(nl.iaf_psc_delta, 65_537, V_m=-56.0), sim.create(nl.parrot_neuron, 65_535)
    spikes = sim.create(nl.spike_recorder)
    for targets in (a, b):
        sim.connect(source, targets, weight=5.0, delay=1.0)
    sim.connect(a + b, spikes)
    results = sim.simulate(3.0)
    assert max(int(t.targets.max()) for t in sim.plan().tables) >= 65_536
    times, senders = results.events(spikes, plain=True)
    np.testing.assert_array_equal(np.sort(senders), np.arange(131_072))
    # delivered at 2.0 ms; the parrots' spikes carry that time too
    assert np.abs(times - 2.0).max() < 1e-9


@pytest.mark.parametrize("threads", [1, 3])
def test_neurons_that_fire_in_every_step_lose_no_spike(backend, threads, monkeypatch):
    monkeypatch.setattr("nestling.simulator.cpu.LOG_ROOM", 1)
    sim = nl.Simulator(threads=threads, backend=backend)
    neurons = sim.create(nl.iaf_psc_delta, 101, t_ref=0.0, I_e=1e6)
    source = sim.create(nl.spike_generator, 3, spike_times=0.1 * np.arange(1, 400))
    parrots, spikes = sim.create(nl.parrot_neuron, 2), sim.create(nl.spike_recorder)
    sim.connect(neurons, neurons, rule=nl.fixed_indegree(3), weight=0.1, delay=0.4)
    sim.connect(source, parrots, delay=0.3)
    sim.connect(neurons + source + parrots, spikes)
    counts = sum(r.spikes(spikes).sum(axis=0, dtype=int) for r in (sim.simulate(13.0), sim.cont(7.0)))
    # the parrots' first spikes are stamped 0.4 ms, their last 20 ms
    np.testing.assert_array_equal(counts, [200] * 101 + [200] * 3 + [3 * 197] * 2)


def test_more_spikes_than_the_log_holds_at_once_are_all_recorded(backend, monkeypatch):
    whole = brunel(backend, threads=2, varied=True)
    expected = whole.take([whole.sim.simulate(1000.0)])
    monkeypatch.setattr("nestling.simulator.cpu.LOG_ROOM", 1)
    net = brunel(backend, threads=2, varied=True)
    recorded = net.take([net.sim.simulate(1000.0)])
    # the log never holds less than two slices' worst case
    assert len(recorded[0]) > 4 * net.sim.plan().min_delay * 500
    assert_same(expected, recorded)


def quiet_neuron(sim: nl.Simulator) -> Any:
    """A neuron that adds up its input and never fires."""
    return sim.create(nl.iaf_psc_delta, params=dict(E_L=0.0, V_m=0.0, V_reset=0.0, V_th=1e9, tau_m=1e12))


def final_potential(sim: nl.Simulator, neuron: Any, duration: float) -> float:
    meter = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(meter, neuron)
    return float(sim.simulate(duration).trace(meter, plain=True)[-1, 0])


@pytest.mark.parametrize("numbers", [dict(spike_times=[1.0] * 64), dict(spike_times=[1.0], spike_multiplicities=[64]),
                                     dict(spike_times=[0.95, 1.0, 1.0, 0.91 + 0.09], spike_multiplicities=[60, 1, 1, 2],
                                          allow_offgrid_times=True)], ids=["times", "multiplicities", "both"])
def test_spikes_at_the_same_time_all_arrive(backend, numbers, tolerances):
    sim = nl.Simulator(backend=backend)
    source, parrot = sim.create(nl.spike_generator, **numbers), sim.create(nl.parrot_neuron)
    neuron, spikes = quiet_neuron(sim), sim.create(nl.spike_recorder)
    sim.connect(source, neuron + quiet_neuron(sim), weight=0.5)
    sim.connect(source, parrot)
    sim.connect(parrot, neuron, weight=0.25)
    sim.connect(parrot, spikes)
    assert final_potential(sim, neuron, 5.0) == pytest.approx(64 * 0.75, abs=tolerances.EXACT_MV * 64)
    assert sim.simulate(5.0).n_events(spikes) == 64


@pytest.mark.parametrize("length", [1, 7, 12, 20, 60])
def test_counts_pass_through_a_chain_of_parrots_of_any_length(backend, length):
    sim = nl.Simulator(backend=backend)
    source = sim.create(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[100])
    spikes, node = sim.create(nl.spike_recorder), source
    for _ in range(length):
        parrot = sim.create(nl.parrot_neuron)
        sim.connect(node, parrot, delay=0.1)
        node = parrot
    neuron = quiet_neuron(sim)
    sim.connect(node, neuron, weight=1.0, delay=0.1)
    sim.connect(node, spikes)
    # the membrane forgets 1e-11 of this within the run
    assert final_potential(sim, neuron, 10.0) == pytest.approx(100.0, abs=1e-6)
    assert sim.simulate(10.0).n_events(spikes) == 100


def test_spikes_go_round_a_loop_of_parrots_for_ever(backend):
    sim = nl.Simulator(backend=backend)
    source = sim.create(nl.spike_generator, spike_times=[1.0, 2.0, 3.0], spike_multiplicities=[1, 2, 700])
    ring, spikes = sim.create(nl.parrot_neuron, 5), sim.create(nl.spike_recorder)
    sim.connect(source, ring[:1], delay=0.1)
    sim.connect(ring, ring[[1, 2, 3, 4, 0]], rule=nl.one_to_one, delay=0.2)
    sim.connect(ring[:1], spikes)
    times = sim.simulate(50.0).events(spikes, plain=True)[0]
    # one round takes 1 ms: all three come back together, 1 + 2 + 700 in every round from 3.1 ms on
    np.testing.assert_array_equal(np.unique(np.rint(times * 10), return_counts=True),
                                  [[11 + 10 * i for i in range(49)], [1, 3] + [703] * 47])


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("gain", [2, 9, 65_536])
def test_spikes_that_multiply_in_a_loop_stop_the_run_with_an_error(backend, gain, threads):
    # 65,536 squared is 0 in 32 bits: an error all the same, not silence
    sim = nl.Simulator(threads=threads, backend=backend)
    source, parrots = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(nl.parrot_neuron, 3)
    spikes = sim.create(nl.spike_recorder)
    sim.connect(source, parrots[:1])
    sim.connect(parrots, parrots, rule=nl.fixed_indegree(gain), delay=0.2)
    sim.connect(parrots[1:], spikes)
    with pytest.raises(OverflowError, match="parrot_neuron emitted more than .* spikes multiply in a loop"):
        within(LIMIT_S, lambda: sim.simulate(1000.0))
    # the simulator can be used again, up to where it overflowed
    assert within(LIMIT_S, lambda: sim.simulate(2.0)).n_events(spikes) == 0


def test_a_large_weight_of_a_projection_that_drew_nothing_does_no_harm(backend, tolerances):
    sim = nl.Simulator(backend=backend)
    source, neuron = sim.create(nl.spike_generator, spike_times=[1.0]), quiet_neuron(sim)
    sim.connect(source, neuron, weight=1e9, rule=nl.fixed_prob(0.0))
    sim.connect(source, neuron, weight=nl.dist.Uniform(0.0, 1e9), rule=nl.fixed_prob(0.0))
    sim.connect(source, neuron, weight=2.0**-10)
    assert final_potential(sim, neuron, 3.0) == pytest.approx(2.0**-10, abs=tolerances.EXACT_MV)


# ------------------------------------------------------------------------------------------------------------ 6: Ctrl-C

LONG_MS = 3e5        # half a minute of computing, should nothing interrupt it


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, which a shell takes away from programs that it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(seconds: float, run: Callable[[], Any]) -> nl.Interrupted:
    """What run() raises when Ctrl-C comes after so many seconds."""
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        run()
    except nl.Interrupted as error:
        return error
    except KeyboardInterrupt:
        pytest.fail("KeyboardInterrupt in the middle of the engine")
    finally:
        timer.cancel()
        timer.join()
    pytest.fail("Ctrl-C did not stop the run")


@pytest.mark.parametrize("threads", [1, 2])
def test_a_run_that_ctrl_c_stopped_can_be_read_and_continued(ctrl_c, backend, threads):
    net = brunel(backend, threads=threads, varied=True)
    net.sim.simulate(1.0)
    parts = []
    for i, wait in enumerate((0.1, 0.25, 0.111)):
        error = interrupted(wait, lambda go=net.sim.cont if i else net.sim.simulate: go(LONG_MS))
        assert "cont() goes on" in str(error)
        parts.append(error.results)
        assert parts[-1].window[1] == pytest.approx(net.sim.time)
        assert parts[-1].window[0] < net.sim.time < LONG_MS
    parts.append(net.sim.cont(25.0))
    assert_same(net.take([net.sim.simulate(round(net.sim.time, 6))]), net.take(parts))


def test_after_ctrl_c_simulate_begins_afresh(ctrl_c, backend):
    net = brunel(backend)
    before = net.take([net.sim.simulate(100.0)])
    interrupted(0.1, lambda: net.sim.simulate(LONG_MS))
    assert_same(before, net.take([net.sim.simulate(100.0)]))


def test_ctrl_c_stops_a_loop_of_short_runs(ctrl_c, backend):
    # a run that is over before it notices Ctrl-C must not swallow it
    net = brunel(backend, varied=True)
    net.sim.simulate(1.0)
    limit = time.monotonic() + 20.0
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):        # an Interrupted, unless it came between two runs
        while time.monotonic() < limit:
            net.sim.cont(0.1)
    timer.join()
    reached = net.sim.time
    rest = net.take([net.sim.cont(30.0)])
    net.sim.simulate(round(reached, 6))
    assert_same(rest, net.take([net.sim.cont(30.0)]))
