"""Options, times, sizes and readings that cannot be: refused at the call, with what is allowed; all stays as it was."""
from __future__ import annotations

import tracemalloc
from contextlib import contextmanager

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl

nan, inf = np.nan, np.inf
one_source = nl.fixed_indegree(1)


def cases(*rows):
    """Parameters: the mistake as a function of the network, the error, and words of its message."""
    return pytest.mark.parametrize("mistake, error, words",
                                   [pytest.param(call, error, words, id=name) for name, call, error, *words in rows])


def wire(**options):
    return lambda net: net.sim.connect(net.n, net.m, **options)


# --- options ----------------------------------------------------------------------------------------------------------

@cases(
    ("procedural", wire(comm="procedural"), nl.NotAvailable, "comm = 'procedural'", "comm='sparse'"),
    ("unknown comm", wire(comm="fast"), ValueError, "comm = 'fast'", "'sparse', 'dense' or 'procedural'"),
    ("no comm", wire(comm=None), ValueError, "comm = None", "'sparse', 'dense' or 'procedural'"),
    ("seed", wire(seed=-1), nl.ParameterError, "seed = -1", "0 to 4294967295"),
    ("broken seed", wire(seed=1.5), nl.ParameterError, "seed = 1.5", "whole number"),
    ("large seed", wire(seed=2**32), nl.ParameterError, "seed = 4294967296", "0 to 4294967295"),
    ("misspelt", wire(wieght=1.0), TypeError, "wieght"),
    ("unknown backend", lambda net: nl.Simulator(backend="tpu"), nl.NotAvailable, "backend = 'tpu'", "'cpu'"),
    ("no threads", lambda net: nl.Simulator(threads=0), nl.ParameterError, "threads = 0", "1 to 1024"),
    ("broken threads", lambda net: nl.Simulator(threads=1.5), nl.ParameterError, "threads = 1.5", "whole number"),
    ("all threads", lambda net: nl.Simulator(threads="all"), nl.ParameterError, "threads = 'all'", "whole number"),
    ("negative seed", lambda net: nl.Simulator(seed=-1), nl.ParameterError, "seed = -1", "whole number, 0 to"),
    ("no seed", lambda net: nl.Simulator(seed=None), nl.ParameterError, "seed = None", "whole number"),
    ("True seed", lambda net: nl.Simulator(seed=True), nl.ParameterError, "seed = True", "whole number"),
    ("precision", lambda net: nl.Simulator(precision="half"), ValueError, "precision = 'half'", "'double' or 'single'"),
    ("bits", lambda net: nl.Simulator(precision=64), ValueError, "precision = 64", "'double' or 'single'"),
    ("dt 0", lambda net: nl.Simulator(dt=0.0), nl.BadTime, "dt = 0.0", "above 0 ms"),
    ("negative dt", lambda net: nl.Simulator(dt=-0.1), nl.BadTime, "dt = -0.1", "above 0 ms"),
    ("NaN dt", lambda net: nl.Simulator(dt=nan), nl.BadTime, "dt = nan", "finite"),
    ("infinite dt", lambda net: nl.Simulator(dt=inf * u.ms), nl.BadTime, "dt = inf", "finite"),
    ("two dt", lambda net: nl.Simulator(dt=[0.1, 0.2]), nl.BadTime, "dt = [0.1, 0.2]", "above 0 ms"),
)
def test_an_option_that_is_not_there_brings_those_that_are(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


# --- time -------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("duration, words", [
    (-1.0, ["duration = -1.0", "0 ms or more"]), (nan, ["duration = nan", "0 ms or more"]),
    (inf, ["duration = inf", "finite"]), (0.05, ["duration = 0.05 ms", "multiple of dt = 0.1 ms"]),
    (1.0004, ["duration = 1.0004 ms", "multiple of dt = 0.1 ms"]), ([1.0, 2.0], ["duration = [1.0, 2.0]", "one time"]),
    (1e300, ["duration = 1e+300 ms", "at most 1.71799e+09 ms"]), (-2.0 * u.second, ["duration = -2. s", "0 ms or more"]),
], ids=repr)
def test_a_duration_is_finite_not_negative_and_on_the_grid(net, refused, duration, words):
    for begin in (net.sim.simulate, net.sim.cont):
        with refused(net, nl.BadTime, *words):
            begin(duration)


def test_a_bad_duration_does_not_stop_a_run_from_going_on(net, usual, refused):
    first = net.sim.simulate(3.0).events(net.rec, plain=True)
    with refused(net, nl.BadTime, "duration"):
        net.sim.cont(-1.0)
    with refused(net, nl.BadTime, "duration"):
        net.sim.simulate(nan)
    assert net.sim.time == 3.0
    second = net.sim.cont(5.0).events(net.rec, plain=True)
    assert [[*a, *b] for a, b in zip(first, second)] == [list(x) for x in usual]


def test_a_changed_network_starts_afresh(refused, make_net):
    changes = (lambda net: net.sim.create(nl.iaf_psc_delta), lambda net: net.sim.connect(net.m, net.n),
               lambda net: net.sim.connect(net.n, net.free))
    for change in changes:
        other = make_net()
        other.sim.simulate(2.0)
        change(other)
        with refused(other, nl.NotAvailable, "changed at t = 2 ms", "simulate()"):
            other.sim.cont(1.0)
        assert other.sim.simulate(1.0).window == (0.0, 1.0)


# --- recorders --------------------------------------------------------------------------------------------------------

@cases(
    ("as a source", lambda net: net.sim.connect(net.free, net.n), nl.BadRecording, "spike_recorder is no source",
     "connect(nodes, spike_recorder)"),
    ("recorder to recorder", lambda net: net.sim.connect(net.free, net.rec), nl.BadRecording, "one recorder"),
    ("to itself", lambda net: net.sim.connect(net.free, net.free), nl.BadRecording, "one recorder"),
    ("meter to recorder", lambda net: net.sim.connect(net.meter, net.free), nl.BadRecording, "one recorder"),
    ("meter the wrong way round", lambda net: net.sim.connect(net.n, net.meter), nl.BadRecording, "multimeter is no target",
     "connect(multimeter, nodes)"),
    ("among the sources", lambda net: net.sim.connect(net.n + net.free, net.m), nl.BadRecording, "spike_recorder is no source"),
    ("a current", lambda net: net.sim.connect(net.dc, net.free), nl.BadRecording, "dc_generator emits a current", "spikes"),
    ("with a weight", lambda net: net.sim.connect(net.n, net.free, weight=1.0), nl.BadRecording, "takes no weight"),
    ("with a delay", lambda net: net.sim.connect(net.n, net.free, delay=1.0), nl.BadRecording, "takes no delay"),
    ("with a rule", lambda net: net.sim.connect(net.n, net.free, rule=one_source), nl.BadRecording, "takes no rule"),
    ("with a receptor", lambda net: net.sim.connect(net.n, net.free, receptor_type=0), nl.BadRecording, "no receptor_type"),
)
def test_recorders_are_connected_the_one_way_that_has_a_meaning(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


def test_reading_what_was_not_recorded_names_what_was(net):
    net.sim.connect(net.meter, net.n)
    net.sim.connect(net.m[:0] + net.m, net.free)
    res = net.sim.simulate(1.0)
    for read in (res.rate, res.rates, res.events, res.spikes, res.n_events):
        with pytest.raises(nl.BadRecording, match=r"multimeter \(population \d+\) recorded no spikes"):
            read(net.bare)                                                       # connected to nothing
        with pytest.raises(nl.BadRecording, match=r"multimeter \(population \d+\) recorded no spikes.*it records states"):
            read(net.meter)
        with pytest.raises(nl.BadRecording, match=r"NodeView of 10 .* is no recorder.*spike_recorder \(population 6"):
            read(net.n)
        with pytest.raises(nl.BadRecording, match="is no recorder"):
            read(net.rec + net.free)
        for nothing in ("rec", 7, None, []):
            with pytest.raises(nl.BadRecording, match="is no recorder"):
                read(nothing)
    for read in (res.trace, res.trace_times):
        with pytest.raises(nl.BadRecording, match="spike_recorder.*(recorded no states|did not record 'V_m'.*no states)"):
            read(net.rec)
    with pytest.raises(nl.BadRecording, match="did not record 'I'; it recorded V_m"):
        res.trace(net.meter, "I")


def test_a_recorder_that_is_connected_to_nothing_has_nothing_to_read_or_draw(net):
    res = net.sim.simulate(1.0)
    for read in (res.rate, res.rates, res.events, res.spikes, res.n_events, lambda rec: nl.raster(res, rec),
                 lambda rec: nl.isi_cv(res, rec), lambda rec: nl.firing_rate(res, rec)):
        with pytest.raises(nl.BadRecording, match="spike_recorder .population 7. recorded no spikes.*nothing was connected"):
            read(net.free)


def test_drawing_a_multimeter_or_neurons_is_refused(net):
    net.sim.connect(net.meter, net.n)
    res = net.sim.simulate(1.0)
    with pytest.raises(nl.BadRecording, match="recorded no spikes"):
        nl.raster(res, net.meter)
    with pytest.raises(nl.BadRecording, match="is no recorder"):
        nl.raster(res, net.n)


def test_a_dense_view_that_would_not_fit_is_refused_with_its_size(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    cell, rec = sim.create(nl.iaf_psc_delta), sim.create(nl.spike_recorder)
    sim.connect(cell[np.zeros(2_000_000, int)], rec)
    res = sim.simulate(200.0)
    with pytest.raises(MemoryError, match=r"2,000 steps x 2,000,000 nodes would take 4.0 GB.*use events\(\)"):
        res.spikes(rec)
    assert res.n_events(rec) == 0


def test_reading_a_recorder_of_another_simulator_is_refused(net, make_net):
    res, other = net.sim.simulate(1.0), make_net()
    with pytest.raises(nl.BadRecording, match="is no recorder of this run"):
        res.rate(other.rec)


@pytest.mark.parametrize("mistake", [lambda net: net.sim.connect(net.n, net.m + net.free),
                                     lambda net: net.sim.connect(net.meter + net.m, net.n)], ids=["targets", "sources"])
def test_nodes_beside_a_recorder_are_not_dropped(net, refused, mistake):
    with refused(net, nl.BadRecording, "one recorder"):
        mistake(net)


# --- memory -----------------------------------------------------------------------------------------------------------

@contextmanager
def at_most(megabytes):
    """Nothing larger than this is allocated."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes * 1e6
    finally:
        tracemalloc.stop()


def free(monkeypatch, gigabytes):
    monkeypatch.setattr("nestling.simulator.memory.available_memory", lambda: gigabytes * 1e9)


def test_synapses_that_would_not_fit_are_refused_before_anything_is_allocated(make_net, refused, monkeypatch):
    net = make_net()
    free(monkeypatch, 1.0)
    many = net.sim.create(nl.iaf_psc_delta, 400_000)
    for rule, needed in ((nl.fixed_indegree(2000), "1.6 GB"), (nl.all_to_all, "320.0 GB"), (nl.fixed_prob(0.01), "3.2 GB")):
        with at_most(50), refused(net, nl.TooLarge, f"about {needed}; 1.0 GB are free", "connect fewer neurons"):
            net.sim.connect(many, many, rule=rule)
    with at_most(50), refused(net, nl.TooLarge, "about 8.0 GB; 1.0 GB are free"):
        net.sim.connect(many, many, rule=nl.fixed_indegree(2000), weight=nl.dist.Normal(1.0, 0.1),
                        delay=nl.dist.Uniform(1.0, 2.0))
    net.sim.connect(many, many, rule=nl.fixed_indegree(800))
    with at_most(50), refused(net, nl.TooLarge, "about 1.3 GB"):             # what is there already counts
        net.sim.connect(many, many, rule=nl.fixed_indegree(800))


def test_generators_that_would_not_fit_are_refused(net, refused, monkeypatch):
    free(monkeypatch, 0.1)
    many = net.sim.create(nl.poisson_generator, 1_000_000, rate=1.0)
    with at_most(50), refused(net, nl.TooLarge, "about 0.5 GB; 0.1 GB are free"):
        net.sim.connect(many, net.m)                          # a train for each connection


def test_nodes_that_would_not_fit_are_refused(net, refused, monkeypatch):
    free(monkeypatch, 1.0)
    with at_most(10), refused(net, nl.TooLarge, "size = 50,000,000", "2.8 GB; 1.0 GB are free"):
        net.sim.create(nl.iaf_psc_delta, 50_000_000, V_m=nl.init.Normal(-65.0, 1.0))
    net.sim.create(nl.iaf_psc_delta, 1000)


def test_traces_that_would_not_fit_are_refused(net, refused, monkeypatch):
    net.sim.connect(net.meter, net.n)
    net.sim.simulate(1.0)
    with monkeypatch.context() as patched:
        patched.setattr("nestling.simulator.memory.available_memory", lambda: 1e9)
        with at_most(10), refused(net, nl.TooLarge, "8.0 GB", "1.0 GB are free", "interval"):
            net.sim.cont(1e8)
    assert net.sim.cont(1.0).window == (1.0, 2.0)


def test_a_delay_whose_input_rings_would_not_fit_is_refused(make_net, refused, monkeypatch):
    net = make_net()
    free(monkeypatch, 1.0)
    with refused(net, nl.TooLarge, "1.0 GB are free", "delay"):
        net.sim.connect(net.n, net.m, delay=1e7)               # 2^27 slots of 5 targets
