"""profile() runs like simulate() and says where the time went."""
from __future__ import annotations

import math
import os
import re
import signal
import threading
from typing import Any, NamedTuple

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import mV

PHASES = {"cpu": ["build", "compile and bind", "arrivals", "generators", "neurons", "sampling", "listing spikes", "waiting",
                  "delivery", "host", "collecting"]}


@pytest.fixture(scope="module")
def backend():
    """Phases, threads and partitions are the CPU's here; tests/cuda/test_profile.py has those of GPUs."""
    return "cpu"


@pytest.fixture(scope="module")
def brunel(brunel_on, backend):
    return brunel_on(backend)


class Growing:
    """Grows tenfold in every step, until it is no number any more."""

    class Params(NamedTuple):
        pass

    class State(NamedTuple):
        V_m: mV = 1.0

    class Inputs(NamedTuple):
        spikes: mV = 0.0

    class Step(NamedTuple):
        pass

    def derive(p, dt):
        return Growing.Step()

    def update(s, c, x):
        return Growing.State(s.V_m * 10.0 - s.V_m + x.spikes), False


@pytest.mark.parametrize("varied", [False, True], ids=["constants", "random weights and delays"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_it_records_what_simulate_records_and_cont_goes_on(brunel, threads, varied):
    net, whole = brunel(threads=threads, varied=varied), brunel(varied=varied)
    profile = net.sim.profile(100.0)
    assert isinstance(profile, nl.Profile) and net.sim.time == pytest.approx(100.0)
    brunel.assert_same(net.take([profile.results, net.sim.cont(50.0)]), whole.take([whole.sim.simulate(150.0)]))
    brunel.assert_same(net.take([net.sim.profile(30.0).results]), whole.take([whole.sim.simulate(30.0)]))
    brunel.assert_same(net.take([net.sim.simulate(30.0)]), whole.take([whole.sim.simulate(30.0)]))


def test_single_precision_too(brunel):
    net = brunel(threads=2, precision="single", varied=True)
    brunel.assert_same(net.take([net.sim.profile(50.0).results]), net.take([net.sim.simulate(50.0)]))


@pytest.mark.parametrize("threads", [1, 2])
def test_phases_make_up_all_of_the_time(brunel, backend, threads):
    net = brunel(threads=threads, varied=True)
    profiles = [net.sim.profile(300.0) for _ in range(2)]
    for p in profiles:
        assert list(p.phases) == PHASES[backend] and p.threads == threads
        assert all(seconds.shape == (threads,) and (seconds >= 0.0).all() for seconds in p.phases.values())
        total = sum(p.phases.values())
        assert (total <= p.wall + 1e-4).all() and (total >= 0.9 * p.wall).all()
        worked = sum(s for name, s in p.phases.items() if name not in ("build", "compile and bind", "collecting"))
        assert (worked >= 0.9 * p.running).all() and p.running < p.wall
        for name in ("arrivals", "generators", "neurons", "sampling", "listing spikes", "delivery", "host"):
            assert (p.phases[name] > 0.0).all(), name
        assert (p.phases["waiting"] > 0.0).all() == (threads > 1)
        assert (p.steps, p.duration, p.dt) == (3000, pytest.approx(300.0), 0.1)
        assert p.slices == 1000, "the shortest delay has three steps"
        assert p.real_time_factor == pytest.approx(p.running / 0.3)
    assert (profiles[1].phases["build"] < profiles[0].phases["build"]).all(), "the plan is made once"


@pytest.mark.parametrize("threads", [1, 2])
def test_neurons_and_generators_have_shares_by_model(brunel, threads):
    p = brunel(threads=threads).sim.profile(200.0)
    noise, neurons = p.shares
    assert (noise.phase, noise.name, noise.of, noise.nodes) == ("generators", "poisson_generator", "connection 0", 500)
    assert (neurons.phase, neurons.name, neurons.of, neurons.nodes) == ("neurons", "iaf_psc_delta", "populations 0, 1", 500)
    for share in p.shares:
        np.testing.assert_array_equal(share.seconds, p.phases[share.phase])
        assert share.ns == pytest.approx(share.seconds.sum() * 1e9 / (500 * 2000)) and 0.01 < share.ns < 1000.0


@pytest.mark.parametrize("threads", [1, 2])
def test_shares_belong_to_their_models_in_every_partition(backend, threads):
    sim = nl.Simulator(threads=threads, backend=backend)
    sim.create(nl.parrot_neuron, 1)                         # one partition has none
    cheap, costly, more = sim.create(nl.iaf_psc_alpha, 200), sim.create(nl.hh_psc_alpha, 200), sim.create(nl.iaf_psc_alpha, 100)
    noise, current = sim.create(nl.poisson_generator, rate=100.0), sim.create(nl.dc_generator)
    rec = sim.create(nl.spike_recorder)
    sim.connect(current, more)
    sim.connect(noise, cheap + costly)                      # generators that end in two blocks are one share
    sim.connect(noise, rec)
    shares = sim.profile(100.0).shares
    assert [(s.phase, s.name, s.of, s.nodes) for s in shares] == [
        ("generators", "dc_generator", "connection 0", 100), ("generators", "poisson_generator", "connection 1", 400),
        ("neurons", "parrot_neuron", "population 0", 1), ("neurons", "iaf_psc_alpha", "populations 1, 3", 300),
        ("neurons", "hh_psc_alpha", "population 2", 200), ("generators", "poisson_generator", "population 4, recorded", 1)]
    runs = [{s.name: s for s in sim.profile(100.0).shares if s.phase == "neurons"} for _ in range(5)]
    least = {name: min(run[name].ns for run in runs) for name in runs[0]}          # others may take a core meanwhile
    assert least["hh_psc_alpha"] > 3.0 * least["iaf_psc_alpha"] > 0.0
    assert all((run["parrot_neuron"].seconds > 0.0).sum() == 1 for run in runs)


def test_a_thread_may_have_several_partitions(backend):
    sim = nl.Simulator(threads=1, backend=backend)
    cells, noise = sim.create(nl.iaf_psc_delta, 70_000), sim.create(nl.poisson_generator, rate=1000.0)
    sim.connect(noise, cells[30_000:], weight=1.0)          # more of them in the second partition
    sim.connect(cells, cells, rule=nl.one_to_one, delay=1.0)
    p = sim.profile(2.0)
    assert sim.plan().n_parts == 2 and p.slices == 2
    assert [(s.name, s.nodes) for s in p.shares] == [("poisson_generator", 40_000), ("iaf_psc_delta", 70_000)]
    assert all(0.01 < s.ns < 1000.0 for s in p.shares)
    total = sum(p.phases.values())
    assert (total <= p.wall + 1e-4).all() and (total >= 0.9 * p.wall).all()


@pytest.mark.parametrize("given, late", [
    (dict(weight=0.1, delay=1.5), 0), (dict(weight=nl.dist.Uniform(-0.1, 0.1), delay=nl.dist.Uniform(0.5, 3.0)), 40),
    (dict(weight=0.1, delay=1.5, comm="procedural"), 0),
    (dict(weight=nl.dist.Uniform(-0.1, 0.1), delay=nl.dist.Uniform(0.5, 3.0), comm="procedural"), 0)],
    ids=["stored", "stored, of differing delays", "procedural", "procedural, of differing delays"])
@pytest.mark.parametrize("threads", [1, 2])
def test_spikes_and_synaptic_events_are_counted(backend, threads, given, late):
    sim = nl.Simulator(threads=threads, backend=backend)
    train = sim.create(nl.spike_generator, spike_times=[1.0, 2.0], spike_multiplicities=[3, 1])
    parrots, cells = sim.create(nl.parrot_neuron, 2), sim.create(nl.iaf_psc_delta, 9)
    sim.connect(train, parrots)
    sim.connect(parrots, cells, rule=nl.fixed_outdegree(5), **given)
    p = sim.profile(10.0)
    assert p.spikes == 4 + 2 * 4
    assert p.events == {"arrivals": late, "delivery": 4 * 2 + 4 * 2 * 5 - late}
    assert p.ns_an_event() == pytest.approx(p.phases["delivery"].sum() * 1e9 / p.events["delivery"])
    assert math.isnan(p.ns_an_event("arrivals")) == (late == 0)
    with pytest.raises(KeyError, match="phase = 'neurons': events are counted in arrivals, delivery"):
        p.ns_an_event("neurons")
    assert sim.profile(10.0).events == p.events, "every run counts from 0"


@pytest.mark.parametrize("threads", [1, 2])
def test_events_are_spikes_times_synapses(brunel, threads):
    net = brunel(threads=threads)
    p = net.sim.profile(100.0)
    times, senders = p.results.events(net.spikes, plain=True)
    degrees = np.bincount(net.sim.get_connections(source=net.excitatory + net.inhibitory).source)[:500]
    assert p.spikes == len(times) > 1000
    assert p.events == {"arrivals": 0, "delivery": degrees[senders].sum()}


def test_it_prints_a_table(brunel, backend):
    text = str(brunel(threads=2).sim.profile(100.0))
    lines = text.splitlines()
    assert re.match(r"Profile: 100 ms in 1,000 steps of 0.1 ms and 67 slices, 2 threads: [\d.]+ s in all, the run [\d.]+ s "
                    r"\(real-time factor [\d.]+\)$", lines[0])
    assert re.match(r"  phase +seconds +of all +thread 0 +thread 1$", lines[1])
    for line, name in zip(lines[2:], PHASES[backend]):
        assert re.match(rf"  {name} +[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+$", line)
    assert re.search(r"\n  poisson_generator +connection 0 +500 +[\d.]+ +[\d.]+\n", text)
    assert re.search(r"\n  iaf_psc_delta +populations 0, 1 +500 +[\d.]+ +[\d.]+\n", text)
    assert re.match(r"[\d,]+ spikes; [\d,]+ synaptic events in delivery, [\d.]+ ns each$", lines[-1])
    shares = [float(line.split("%")[0].split()[-1]) for line in lines[2:2 + len(PHASES[backend])]]
    assert 90.0 < sum(shares) < 101.0


def test_one_thread_has_no_columns_of_threads(brunel):
    p = brunel().sim.profile(10.0)
    assert "thread 0" not in str(p) and ", 1 thread: " in str(p) and repr(p) == str(p)


def test_no_time_and_no_network_can_be_profiled(brunel, backend):
    p = brunel().sim.profile(0.0)
    assert (p.steps, p.slices, p.spikes) == (0, 0, 0) and math.isnan(p.real_time_factor) and math.isnan(p.shares[0].ns)
    assert "0 ms in 0 steps of 0.1 ms and 0 slices" in str(p)
    empty = nl.Simulator(backend=backend).profile(1.0)
    assert empty.shares == [] and "0 spikes" in str(empty)


def test_bad_durations_are_refused_as_by_simulate(brunel):
    sim = brunel().sim
    sim.simulate(5.0)
    for bad in (-1.0, 0.05, float("nan"), "long"):
        errors = []
        for run in (sim.simulate, sim.profile):
            with pytest.raises((ValueError, TypeError)) as caught:
                run(bad)
            errors.append((caught.type, str(caught.value)))
        assert errors[0] == errors[1] and sim.time == 5.0


def test_a_state_that_diverges_stops_it_and_leaves_the_usual_loop(backend):
    sim = nl.Simulator(backend=backend)
    sim.create(Growing, 2)
    errors = []
    for run in (sim.simulate, sim.profile, sim.simulate):
        with pytest.raises(nl.Diverged, match="node 0 of population 0") as caught:
            run(100.0)
        assert caught.value.results is not None
        errors.append(str(caught.value))
    assert len(set(errors)) == 1
    assert sim.profile(10.0).steps == 100


def test_ctrl_c_stops_it_and_cont_goes_on(brunel):
    net, whole = brunel(varied=True), brunel(varied=True)
    net.sim.profile(1.0)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(nl.Interrupted) as caught:
            net.sim.profile(3e5)
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)
    parts: list[Any] = [caught.value.results, net.sim.cont(25.0)]
    brunel.assert_same(net.take(parts), whole.take([whole.sim.simulate(round(net.sim.time, 6))]))


def test_it_shows_progress(brunel, capsys):
    net = brunel()
    net.sim.profile(20.0, progress=True)
    assert "simulate: 100%" in capsys.readouterr().err


def test_after_a_change_it_runs_the_changed_network(brunel):
    net, other = brunel(), brunel()
    net.sim.profile(10.0)
    for each in (net, other):
        each.excitatory.set(V_th=15.0)
    brunel.assert_same(net.take([net.sim.profile(50.0).results]), other.take([other.sim.simulate(50.0)]))
