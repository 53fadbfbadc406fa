"""Results: what was recorded is there, at its time, under its number, once for every time it was asked for; nothing else is."""
from __future__ import annotations

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from nestling import simulator as nl

PLAN = dict(spike_times=[[1.0, 2.5], [2.5], []], spike_multiplicities=[[1, 3], [2], []])


def planned(backend, **options):
    """Three generators with known spikes, recorded."""
    sim = nl.Simulator(backend=backend, threads=1)
    cells, rec = sim.create(nl.spike_generator, 3, **PLAN), sim.create(nl.spike_recorder, **options)
    sim.connect(cells, rec)
    return SimpleNamespace(sim=sim, cells=cells, rec=rec)


def driven(backend, n=20, seed=1):
    """Neurons that fire irregularly, at some 60 spikes/s, and a recorder that is not yet connected."""
    sim = nl.Simulator(backend=backend, threads=1, seed=seed)
    cells, noise = sim.create(nl.iaf_psc_delta, n), sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, cells, weight=0.3)
    return SimpleNamespace(sim=sim, cells=cells, noise=noise, rec=sim.create(nl.spike_recorder))


def events(res, rec):
    times, senders = res.events(rec, plain=True)
    return list(zip(np.round(times, 9).tolist(), senders.tolist()))


# --- spikes ---------------------------------------------------------------------------------------------------------------

def test_events_are_times_and_senders_in_order_with_multiplicities_counted(backend):
    net = planned(backend)
    res = net.sim.simulate(5.0)
    assert events(res, net.rec) == [(1.0, 0), (2.5, 0), (2.5, 0), (2.5, 0), (2.5, 1), (2.5, 1)]
    assert res.n_events(net.rec) == 6 and res.size(net.rec) == 3


def test_times_are_the_ends_of_steps_and_senders_whole_numbers(backend):
    sim = nl.Simulator(0.25, backend=backend, threads=1)
    cell, rec = sim.create(nl.spike_generator, spike_times=[0.25, 5.0]), sim.create(nl.spike_recorder)
    sim.connect(cell, rec)
    times, senders = sim.simulate(5.0).events(rec, plain=True)
    assert times.dtype == np.float64 and senders.dtype.kind == "i" and times.tolist() == [0.25, 5.0]


def test_senders_may_be_global_ids(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    rec = sim.create(nl.spike_recorder)
    sim.create(nl.iaf_psc_delta, 4)
    cells = sim.create(nl.spike_generator, 3, **PLAN)
    sim.connect(cells[::-1], rec)
    res = sim.simulate(5.0)
    assert res.events(rec)[1].tolist() == [2, 2, 2, 2, 1, 1]                   # positions in the recorded view
    assert res.events(rec, global_ids=True)[1].tolist() == [5, 5, 5, 5, 6, 6]


def test_spikes_are_a_dense_view_of_the_same_counts(backend):
    net = planned(backend)
    dense = net.sim.simulate(5.0).spikes(net.rec)
    assert dense.shape == (50, 3) and dense.dtype == np.uint8
    assert {(s, i): n for (s, i), n in np.ndenumerate(dense) if n} == {(9, 0): 1, (24, 0): 3, (24, 1): 2}


def test_a_dense_view_is_wide_enough_for_its_counts(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    cell, rec = sim.create(nl.spike_generator, spike_times=[1.0], spike_multiplicities=[300]), sim.create(nl.spike_recorder)
    sim.connect(cell, rec)
    res = sim.simulate(2.0)
    assert res.spikes(rec).sum() == 300 == res.n_events(rec)


def test_rates_are_counts_over_nodes_and_time(backend):
    net = planned(backend)
    res = net.sim.simulate(5.0)
    assert res.rate(net.rec) == pytest.approx(6 / 3 / 0.005) and isinstance(res.rate(net.rec), float)
    np.testing.assert_allclose(res.rates(net.rec), np.array([4, 2, 0]) / 0.005)
    assert res.duration(net.rec) == pytest.approx(5.0)


def test_a_run_of_no_time_has_no_spikes_and_no_rate(backend):
    net = planned(backend)
    res = net.sim.simulate(0.0)
    assert events(res, net.rec) == [] and res.spikes(net.rec).shape == (0, 3) and res.duration(net.rec) == 0.0
    assert np.isnan(res.rate(net.rec)) and np.isnan(res.rates(net.rec)).all() and res.times_ms.size == 0


def test_windows_of_cont_hold_their_own_events_at_absolute_times(backend):
    net = planned(backend)
    parts = [net.sim.simulate(1.0), net.sim.cont(1.5), net.sim.cont(2.5)]
    assert [events(r, net.rec) for r in parts] == [[(1.0, 0)], [(2.5, 0)] * 3 + [(2.5, 1)] * 2, []]
    assert [r.window for r in parts] == [(0.0, 1.0), (1.0, 2.5), (2.5, 5.0)]
    assert [r.spikes(net.rec).shape for r in parts] == [(10, 3), (15, 3), (25, 3)]
    assert parts[1].spikes(net.rec)[14].tolist() == [3, 2, 0]
    np.testing.assert_allclose(np.concatenate([r.times_ms for r in parts]), np.arange(1, 51) * 0.1)


def test_results_of_one_run_stay_when_another_begins(backend):
    net = driven(backend)
    volt = net.sim.create(nl.voltmeter)
    net.sim.connect(net.cells, net.rec)
    net.sim.connect(volt, net.cells)
    first = net.sim.simulate(50.0)
    before, trace = events(first, net.rec), first.trace(volt, plain=True).copy()
    net.sim.cont(50.0)
    net.sim.simulate(30.0)
    assert events(first, net.rec) == before and len(before) > 20
    np.testing.assert_array_equal(first.trace(volt, plain=True), trace)


# --- windows of recorders -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("options, expected, duration", [
    (dict(start=1.0), [2.5], 4.0), (dict(start=0.9), [1.0, 2.5], 4.1), (dict(stop=1.0), [1.0], 1.0),
    (dict(stop=2.4), [1.0], 2.4), (dict(start=1.0, stop=2.5), [2.5], 1.5), (dict(start=2.5), [], 2.5),
    (dict(start=1.0, stop=1.0), [], 0.0),
    (dict(origin=1.0), [2.5], 4.0), (dict(origin=1.0, stop=1.4), [], 1.4), (dict(origin=1.0, stop=1.5), [2.5], 1.5),
    (dict(origin=2.0, start=-1.1, stop=0.0), [1.0], 1.1), (dict(start=100.0), [], 0.0), (dict(start=-5.0), [1.0, 2.5], 5.0),
], ids=str)
def test_a_recorder_takes_what_lies_in_start_exclusive_to_stop_inclusive(backend, options, expected, duration):
    net = planned(backend, **options)
    res = net.sim.simulate(5.0)
    assert sorted({t for t, _ in events(res, net.rec)}) == expected
    assert res.duration(net.rec) == pytest.approx(duration)
    if duration:
        assert res.rate(net.rec) == pytest.approx(res.n_events(net.rec) / 3 / duration * 1e3)
    else:
        assert np.isnan(res.rate(net.rec))


def test_a_recorder_s_window_is_cut_by_that_of_the_run(backend):
    net = planned(backend, start=1.0, stop=3.0)
    net.sim.simulate(2.0)
    res = net.sim.cont(2.0)
    assert res.duration(net.rec) == pytest.approx(1.0) and res.rate(net.rec) == pytest.approx(5 / 3 / 1e-3)


@pytest.mark.parametrize("options, expected", [
    (dict(interval=1.0), [1.0, 2.0, 3.0, 4.0]), (dict(interval=1.5), [1.5, 3.0]),
    (dict(interval=0.7, start=1.4), [2.1, 2.8, 3.5]),
    (dict(interval=0.5, start=1.0, stop=2.0), [1.5, 2.0]), (dict(interval=1.0, origin=1.5, start=1.0), [3.0, 4.0]),
    (dict(interval=9.0), []), (dict(interval=1.0, start=9.0), []),
], ids=str)
def test_a_multimeter_samples_at_multiples_of_its_interval(backend, options, expected):
    sim = nl.Simulator(backend=backend, threads=1)
    cells = sim.create(nl.iaf_psc_delta, 2, V_m=[-60.0, -65.0], tau_m=5.0)
    meter, every = sim.create(nl.multimeter, record_from=["V_m"], **options), sim.create(nl.voltmeter, interval=0.1)
    sim.connect(meter, cells)
    sim.connect(every, cells)
    res = sim.simulate(4.0)
    np.testing.assert_allclose(res.trace_times(meter, plain=True), expected, atol=1e-12)
    assert res.trace(meter, plain=True).shape == (len(expected), 2)
    at = np.rint(np.array(expected) / 0.1).astype(int) - 1
    np.testing.assert_array_equal(res.trace(meter, plain=True), res.trace(every, plain=True)[at])
    np.testing.assert_allclose(res.trace(every, plain=True), -70 + np.array([10, 5]) * np.exp(-res.times_ms / 5)[:, None])


@pytest.mark.parametrize("names", ["V_m", ("V_m",), ["V_m", "V_m"], {"V_m": 1}], ids=repr)
def test_states_are_asked_for_by_a_name_or_names_and_each_is_recorded_once(backend, names):
    sim = nl.Simulator(backend=backend, threads=1)
    cells, meter = sim.create(nl.iaf_psc_delta, 2), sim.create(nl.multimeter, record_from=names)
    sim.connect(meter, cells)
    res = sim.simulate(3.0)
    assert meter.segments[0].population.params["record_from"] == ("V_m",)
    assert res.trace(meter, plain=True).shape == (3, 2) and "V_m of 2 nodes" in repr(res)


def test_samples_of_windows_are_those_of_one_run(backend):
    net = driven(backend)
    meter = net.sim.create(nl.multimeter, record_from=("V_m", "r"), interval=0.7)
    net.sim.connect(meter, net.cells)
    whole = net.sim.simulate(30.0)
    parts = [net.sim.simulate(10.0), net.sim.cont(0.3), net.sim.cont(19.7)]
    for read in (lambda r: r.trace(meter, plain=True), lambda r: r.trace(meter, "r"), lambda r: r.trace_times(meter, True)):
        np.testing.assert_array_equal(np.concatenate([read(r) for r in parts]), read(whole))
    assert whole.trace(meter, "r").max() == 20


# --- what is recorded -----------------------------------------------------------------------------------------------------

def test_a_view_of_several_populations_is_recorded_in_its_order(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    times = sim.create(nl.spike_generator, 3, spike_times=[[1.0], [2.0], [3.0]])
    parrots, cells = sim.create(nl.parrot_neuron, 2), sim.create(nl.iaf_psc_delta, 2, V_m=[-70.0, -60.0])
    rec, meter = sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
    sim.connect(times[:2], parrots, rule=nl.one_to_one, delay=0.5)
    sim.connect(times[2], cells, weight=100.0, delay=0.5)
    sim.connect(cells[1] + parrots[::-1] + times[2] + cells[0], rec)
    sim.connect(meter, cells[::-1])
    res = sim.simulate(5.0)
    assert sorted(events(res, rec)) == [(1.5, 2), (2.5, 1), (3.0, 3), (3.5, 0), (3.5, 4)]
    assert res.events(rec, global_ids=True)[1].tolist() == [3, 4, 2, 5, 6]       # spikes of one time: by number of the node
    np.testing.assert_allclose(res.trace(meter, plain=True)[0], [-70 + 10 * np.exp(-0.1), -70.0])


def test_one_view_in_two_recorders_is_in_both(backend):
    net = driven(backend)
    half, late = net.sim.create(nl.spike_recorder), net.sim.create(nl.spike_recorder, start=25.0)
    for rec, view in ((net.rec, net.cells), (half, net.cells[10:]), (late, net.cells)):
        net.sim.connect(view, rec)
    res = net.sim.simulate(50.0)
    everything = events(res, net.rec)
    assert events(res, half) == [(t, i - 10) for t, i in everything if i >= 10]
    assert events(res, late) == [(t, i) for t, i in everything if t > 25.0]
    assert 0 < len(events(res, half)) < len(everything)


def test_a_recorder_that_is_connected_twice_records_both(backend):
    net = driven(backend)
    net.sim.connect(net.cells[12:], net.rec)
    net.sim.connect(net.cells[:3], net.rec)
    both, rec = net.sim.create(nl.spike_recorder), net.rec
    net.sim.connect(net.cells, both)
    res = net.sim.simulate(50.0)
    assert res.size(rec) == 11
    place = {**{i: i - 12 for i in range(12, 20)}, **{i: i + 8 for i in range(3)}}
    assert sorted(events(res, rec)) == sorted((t, place[i]) for t, i in events(res, both) if i in place)
    assert (np.diff(res.events(rec, plain=True)[0]) >= 0).all()


def test_a_multimeter_that_is_connected_twice_has_a_column_for_each_node(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    a, b = sim.create(nl.iaf_psc_delta, 2, V_m=[-60.0, -61.0]), sim.create(nl.iaf_psc_delta, 2, V_m=[-62.0, -63.0])
    meter = sim.create(nl.voltmeter, interval=0.1)
    sim.connect(meter, b)
    sim.connect(meter, a[1])
    res = sim.simulate(0.1)
    np.testing.assert_allclose(res.trace(meter, plain=True), -70 + np.array([[8.0, 7.0, 9.0]]) * np.exp(-0.01))
    assert res.size(meter) == 3


def test_a_node_that_stands_twice_in_a_recorded_view_is_recorded_twice(backend):
    net = planned(backend)
    rec = net.sim.create(nl.spike_recorder)
    net.sim.connect(net.cells[[1, 0, 1]], rec)
    res = net.sim.simulate(5.0)
    assert sorted(events(res, rec)) == [(1.0, 1), (2.5, 0), (2.5, 0), (2.5, 1), (2.5, 1), (2.5, 1), (2.5, 2), (2.5, 2)]
    assert res.size(rec) == 3 and res.rates(rec).tolist() == pytest.approx([400.0, 800.0, 400.0])
    assert res.spikes(rec)[24].tolist() == [2, 3, 2]


def test_a_node_that_stands_twice_in_a_multimeter_s_view_has_two_columns(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    cells, meter = sim.create(nl.iaf_psc_delta, 2, V_m=[-60.0, -65.0]), sim.create(nl.voltmeter)
    sim.connect(meter, cells[[1, 0, 1]])
    trace = sim.simulate(3.0).trace(meter, plain=True)
    np.testing.assert_array_equal(trace[:, 0], trace[:, 2])
    assert (trace[:, 1] > trace[:, 0]).all()


def test_a_poisson_generator_is_recorded_directly_with_several_spikes_a_step(backend, tolerances):
    sim = nl.Simulator(backend=backend, threads=1)
    noise, rec = sim.create(nl.poisson_generator, 2, rate=[20_000.0, 500.0], stop=400.0), sim.create(nl.spike_recorder)
    sim.connect(noise, rec)
    res = sim.simulate(500.0)
    for rate, expected in zip(res.rates(rec) * 500.0 / 400.0, (20_000.0, 500.0)):
        assert abs(rate - expected) < tolerances.STANDARD_ERRORS * np.sqrt(expected / 0.4)
    assert res.spikes(rec)[:, 0].max() > 3 and res.events(rec, plain=True)[0].max() <= 400.0


def test_two_recorders_of_one_poisson_generator_see_trains_of_their_own(backend):
    sim = nl.Simulator(backend=backend, threads=1)
    noise, a, b = sim.create(nl.poisson_generator, rate=1000.0), sim.create(nl.spike_recorder), sim.create(nl.spike_recorder)
    sim.connect(noise, a)
    sim.connect(noise, b)
    res = sim.simulate(100.0)
    assert events(res, a) != events(res, b) and min(res.n_events(a), res.n_events(b)) > 50


def test_recording_does_not_change_what_is_recorded(backend):
    plain, watched = driven(backend), driven(backend)
    for net in (plain, watched):
        net.sim.connect(net.cells, net.rec)
    more = watched.sim.create(nl.spike_recorder)
    meter = watched.sim.create(nl.multimeter, record_from=["V_m", "I"], interval=0.1)
    watched.sim.connect(watched.noise, more)
    watched.sim.connect(watched.cells[3:5], more)
    watched.sim.connect(meter, watched.cells)
    assert events(plain.sim.simulate(50.0), plain.rec) == events(watched.sim.simulate(50.0), watched.rec)


# --- size and form --------------------------------------------------------------------------------------------------------

def test_memory_grows_with_events_not_with_steps_and_neurons(backend):
    """A hundred thousand silent neurons for 1000 steps: a matrix would take 100 MB, and a run may not take one of them more."""
    sim = nl.Simulator(backend=backend, threads=1)
    cells, rec = sim.create(nl.iaf_psc_delta, 100_000), sim.create(nl.spike_recorder)
    sim.connect(cells, rec)
    sim.simulate(1.0)
    tracemalloc.start()
    res = sim.simulate(100.0)
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert res.n_events(rec) == 0 and res.rate(rec) == 0.0
    assert kept < 3e6 and peak < 20e6                # ids of the recorded nodes are kept, and made once more on the way
    assert len(res.events(rec, plain=True)[0]) == 0


def test_a_recorded_run_of_many_spikes_takes_some_bytes_a_spike(backend):
    net = driven(backend, n=500)
    net.sim.connect(net.cells, net.rec)
    net.sim.simulate(1.0)
    tracemalloc.start()
    res = net.sim.simulate(2000.0)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert res.n_events(net.rec) > 20_000 and kept < 40 * res.n_events(net.rec)


def test_repr_says_what_was_recorded(backend):
    net = planned(backend)
    empty, meter = net.sim.create(nl.spike_recorder), net.sim.create(nl.multimeter, record_from=["V_m", "r"])
    net.sim.connect(meter, net.sim.create(nl.iaf_psc_delta, 2))
    assert repr(net.sim.simulate(5.0)).splitlines() == [
        "Results from 0 to 5 ms", "  spike_recorder (population 1): 6 spikes of 3 nodes",
        "  spike_recorder (population 2): nothing of 0 nodes", "  multimeter (population 3): V_m, r of 2 nodes"]
    assert len(empty) == 1


def test_results_do_not_depend_on_threads(backend):
    runs = []
    for threads in (1, 2, 3):
        net = driven(backend)
        net.sim.threads = threads
        net.sim.connect(net.cells[::-1], net.rec)
        runs.append(events(net.sim.simulate(50.0), net.rec))
    assert runs[0] == runs[1] == runs[2] and len(runs[0]) > 20
