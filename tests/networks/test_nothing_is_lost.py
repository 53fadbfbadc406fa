"""No spike and no recorded event is dropped: not by large networks, full logs, many spikes at once, or loops of counts."""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

LIMIT_S = 120.0        # after which a run counts as hanging; it takes a second


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


def test_more_inputs_than_16_bits_address_work_and_give_the_same_on_two_threads(brunel, backend):
    recorded = []
    for threads in (1, 2):
        sim = nl.Simulator(threads=threads, backend=backend)
        neurons = sim.create(nl.iaf_psc_delta, 70_000, I_e=450.0, V_m=nl.init.Uniform(-70.0, -56.0))
        spikes = sim.create(nl.spike_recorder)
        sim.connect(neurons, neurons, rule=nl.fixed_indegree(2), weight=3.0, delay=1.0)
        sim.connect(neurons, spikes)
        recorded.append(list(sim.simulate(10.0).events(spikes, plain=True)))
        assert sim.plan().n_parts >= 2 or backend == "cuda"
    assert len(recorded[0][0]) > 50_000
    assert set(np.unique(recorded[0][1])) > {65_535, 65_536, 69_999}
    brunel.assert_same(*recorded)


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


def test_more_spikes_than_the_log_holds_at_once_are_all_recorded(brunel, monkeypatch):
    whole = brunel(threads=2, varied=True)
    expected = whole.take([whole.sim.simulate(1000.0)])
    monkeypatch.setattr("nestling.simulator.cpu.LOG_ROOM", 1)
    net = brunel(threads=2, varied=True)
    recorded = net.take([net.sim.simulate(1000.0)])
    # the log never holds less than two slices' worst case
    assert len(recorded[0]) > 4 * net.sim.plan().min_delay * 500
    brunel.assert_same(expected, recorded)


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
@pytest.mark.parametrize("gain, size", [(2, 3), (9, 3), (65_536, 1)])
def test_spikes_that_multiply_in_a_loop_stop_the_run_with_an_error(backend, gain, size, threads):
    # 1, 65,536, and its square, which is 0 in 32 bits: an error all the same, not silence
    sim = nl.Simulator(threads=threads, backend=backend)
    source, parrots = sim.create(nl.spike_generator, spike_times=[1.0]), sim.create(nl.parrot_neuron, size)
    spikes = sim.create(nl.spike_recorder)
    sim.connect(source, parrots[:1])
    sim.connect(parrots, parrots, rule=nl.fixed_indegree(gain), delay=0.2)
    sim.connect(parrots, spikes)
    with pytest.raises(OverflowError, match="parrot_neuron emitted more than .* spikes multiply in a loop"):
        within(LIMIT_S, lambda: sim.simulate(1000.0))
    # the simulator can be used again, up to where it overflowed
    assert within(LIMIT_S, lambda: sim.simulate(2.1)).n_events(spikes) == 1


def test_a_large_weight_of_a_projection_that_drew_nothing_does_no_harm(backend, tolerances):
    sim = nl.Simulator(backend=backend)
    source, neuron = sim.create(nl.spike_generator, spike_times=[1.0]), quiet_neuron(sim)
    sim.connect(source, neuron, weight=1e9, rule=nl.fixed_prob(0.0))
    sim.connect(source, neuron, weight=nl.dist.Uniform(0.0, 1e9), rule=nl.fixed_prob(0.0))
    sim.connect(source, neuron, weight=2.0**-10)
    assert final_potential(sim, neuron, 3.0) == pytest.approx(2.0**-10, abs=tolerances.EXACT_MV)
