"""Files, checkpoints, callbacks and results where they meet: what a user may do between two runs loses nothing."""
from __future__ import annotations

import copy
import os
import pickle
import threading
import time
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator import running


def build(spikes: Any = "memory", states: Any = "memory", **of_states: Any) -> SimpleNamespace:
    """Neurons that fire at some 30 spikes/s by chance, a spike recorder and a multimeter."""
    sim = nl.Simulator(0.1, seed=3, threads=1)
    cells = sim.create(nl.iaf_psc_exp, 20, V_m=nl.init.Uniform(-70.0, -56.0), I_e=380.0)
    sim.connect(sim.create(nl.poisson_generator, rate=3000.0), cells, weight=20.0)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.3, record_to=states, **of_states)
    recorder = sim.create(nl.spike_recorder, record_to=spikes)
    sim.connect(cells, recorder)
    sim.connect(meter, cells)
    return SimpleNamespace(sim=sim, spikes=recorder, meter=meter)


def taken(*results: nl.Results) -> list[np.ndarray]:
    """All that was recorded, whatever simulator the results are of."""
    parts = []
    for r in results:
        (spikes,), (states,) = r.recorders("spikes"), r.recorders("states")
        parts.append([r.events(spikes, plain=True)[0], r.events(spikes)[1], r.trace_times(states, plain=True),
                      r.trace(states, plain=True)])
    return [np.concatenate(x) for x in zip(*parts)]


def assert_same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    assert all(len(x) for x in a)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture(scope="module")
def straight() -> list[np.ndarray]:
    """60 ms in memory."""
    return taken(build().sim.simulate(60.0))


@pytest.fixture(autouse=True)
def in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_a_run_goes_on_after_a_recorder_of_states_has_stopped(suffix):
    a, b = build(stop=25.0), build("s.h5", f"m.{suffix}", stop=25.0, **dict(precision=13) if suffix == "dat" else {})
    for ms in (30.0, 10.0, 10.0):
        first, second = ((a.sim.simulate, b.sim.simulate) if ms == 30.0 else (a.sim.cont, b.sim.cont))
        one, other = first(ms), second(ms)
        assert one.trace(a.meter, plain=True).shape == other.trace(b.meter, plain=True).shape
    assert b.meter.get("n_events") == 20 * 83
    b.meter.set(stop=60.0)
    with pytest.raises(nl.BadRecording, match="the next sample is due at 25.2 ms, but would be taken at 50.1 ms"):
        b.sim.cont(5.0)


@pytest.mark.parametrize("how", ["no time", "prepare", "Ctrl-C"])
def test_a_run_that_was_stopped_before_its_first_step_goes_on_in_its_files(straight, monkeypatch, how):
    net = build("s.h5", "m.h5")
    if how == "no time":
        net.sim.simulate(0.0)
    elif how == "prepare":
        net.sim.prepare()
        net.sim.cleanup()
    else:
        go = running.go
        with monkeypatch.context() as patched, pytest.raises(nl.Interrupted, match="stopped at t = 0 ms.*cont.. goes on"):
            patched.setattr(running, "go", lambda window, *given: (window.ask("Ctrl-C"), go(window, *given)))
            net.sim.simulate(60.0)
    first = net.sim.cont(20.0)
    assert_same(straight, taken(first, net.sim.cont(40.0)))
    net = build("s2.h5")
    net.sim.simulate(0.0)
    os.replace("s.h5", "s2.h5")
    net.spikes.set(label="other")
    with pytest.raises(nl.BadRecording, match="s2.h5.*is there already"):
        net.sim.cont(1.0)


@pytest.mark.parametrize("loaded", [False, True])
def test_a_relative_path_means_the_same_file_in_another_folder(straight, loaded):
    net = build("s.h5", "m.h5")
    first = net.sim.simulate(20.0)
    if loaded:
        net.sim.save("it")
        net.sim = nl.Simulator.load("it")
    before = taken(first)
    os.mkdir("below")
    os.chdir("below")
    second = net.sim.cont(20.0)
    net.sim.save("it")
    assert os.listdir() == ["it"]
    assert_same(straight, [np.concatenate(x) for x in zip(before, taken(second, net.sim.cont(20.0)))])
    with h5py.File("../s.h5") as file:
        assert len(file["spikes/spike_recorder/timestamps"]) == len(straight[0])


def test_one_file_by_two_names_is_refused_before_anything_is_made():
    os.mkdir("a")
    os.symlink("a", "b")
    net = build("a/it.h5", "b/it.h5")
    with pytest.raises(nl.BadRecording, match="a file of its own"):
        net.sim.simulate(1.0)
    assert not os.listdir("a")


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_a_script_that_ends_in_a_callback_has_written_its_files(straight, error):
    def ends(sim: nl.Simulator) -> None:
        if sim.time > 35.0:
            raise error

    net = build("s.h5", "m.h5")
    with pytest.raises(error):
        net.sim.simulate(60.0, callback=ends, every=20.0)
    with h5py.File("s.h5") as file:
        np.testing.assert_array_equal(file["spikes/spike_recorder/node_ids"], straight[1][straight[0] < 40.05])
    with h5py.File("m.h5") as file:
        assert len(file["report/multimeter/data"]) == 133


@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_results_of_before_a_checkpoint_are_read_when_the_loaded_run_goes_on(suffix):
    net = build(f"s.{suffix}", f"m.{suffix}")
    first = net.sim.simulate(20.0)
    before = taken(first)
    net.sim.save("it")
    late = net.sim.cont(10.0)
    sims = [net.sim]
    for _ in range(2):
        sims.append(nl.Simulator.load("it"))
        sims[-1].cont(15.0)
        assert_same(before, taken(first))
        with pytest.raises(nl.BadRecording, match="another run"):       # its rows were cut off
            taken(late)
        with pytest.raises(nl.BadRecording, match="another run"):
            sims[-2].cont(1.0)
    for recorder in sims[-1].populations[2:]:
        recorder.set(overwrite=True)
    sims[-1].simulate(30.0)
    with pytest.raises(nl.BadRecording, match="another run"):
        taken(first)


@pytest.mark.parametrize("files", [("memory", "memory"), ("s.h5", "m.dat")])
def test_results_can_be_pickled(files):
    net = build(*files)
    results = net.sim.simulate(30.0)
    data, before = pickle.dumps(results), taken(results)
    for recorder in (net.spikes, net.meter):
        recorder.set(overwrite=True)
    net.sim.simulate(10.0)
    assert_same(before, taken(pickle.loads(data)))
    (spikes,) = pickle.loads(data).recorders("spikes")
    assert spikes.name == "spike_recorder"


def test_a_thread_cannot_save_or_set_in_the_middle_of_a_step():
    net, found = build(), []
    cells = net.sim.populations[0]
    made = net.sim.get_connections(cells)
    begun = net.sim.network
    tried = [lambda: net.sim.save("it"), lambda: cells.set(V_m=-60.0), lambda: made.set(weight=0.0),
             lambda: net.sim.disconnect(made), lambda: net.sim.create(nl.parrot_neuron)]

    def changes() -> None:
        while not (net.sim._window and net.sim._window.running):
            time.sleep(0.001)
        for change in tried:
            try:
                change()
            except nl.NotAvailable as error:
                found.append(str(error))
        net.sim.stop()

    thread = threading.Thread(target=changes)
    thread.start()
    net.sim.simulate(1e5)
    thread.join()
    assert not os.path.exists("it") and net.sim.network is begun
    assert [text.split(" ")[0] for text in found] == ["save()", "set()", "set()", "disconnect()", "create()"]
    assert all("another thread" in text for text in found[:-1])
    net.sim.save("it")


def test_a_simulator_is_neither_pickled_nor_copied():
    net = build()
    for make, what in ((pickle.dumps, net.sim), (copy.copy, net.sim), (copy.deepcopy, net.sim), (pickle.dumps, net.spikes)):
        with pytest.raises(TypeError, match=r"neither pickled nor copied: save\(path\)"):
            make(what)


def test_what_is_set_of_a_recorder_changes_no_drawn_value():
    drawn = []
    for label in (None, "spikes of all"):
        sim = nl.Simulator(seed=3)
        cells, spikes = sim.create(nl.iaf_psc_delta, 10), sim.create(nl.spike_recorder)
        sim.connect(cells, spikes)
        if label:
            spikes.set(label=label)
        cells.set(V_m=nl.dist.Uniform(-70.0, -60.0))
        drawn.append(cells.get("V_m"))
    np.testing.assert_array_equal(*drawn)
