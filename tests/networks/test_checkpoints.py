"""A run that was saved and loaded goes on as if it had never stopped, bit for bit: elsewhere, and with other threads."""
from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

SCRIPT = Path(__file__).with_name("resumed.py")


@pytest.fixture(scope="module")
def resumed() -> Any:
    """The network of resumed.py, as the module `resumed` that a script would import."""
    spec = importlib.util.spec_from_file_location("resumed", SCRIPT)
    assert spec and spec.loader
    module = sys.modules["resumed"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["resumed"]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for x, y in zip(a, b, strict=True):
        assert len(x) and x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


def test_a_run_goes_on_in_a_new_process(resumed, backend, tmp_path):
    straight = resumed.build(backend)
    straight.simulate(200.0)
    resumed.change(straight)
    whole = [straight.cont(100.0), straight.cont(700.0)]
    sim = resumed.build(backend)
    sim.simulate(200.0)
    resumed.change(sim)
    sim.cont(100.0)
    sim.save(tmp_path / "half.npz")
    out = tmp_path / "rest.npz"
    subprocess.run([sys.executable, SCRIPT, tmp_path / "half.npz", backend, "2", "700.0", out], check=True, timeout=300)
    with np.load(out) as found:
        rest = [found[name] for name in found.files if name != "time"]
        assert found["time"] == pytest.approx(1000.0)
    expected = resumed.recorded(straight, whole[1:])
    same(expected, rest)
    same(expected, resumed.recorded(sim, [sim.cont(700.0)]))        # and saving has changed nothing
    assert len(rest[0]) > 2000


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_run_goes_on_on_the_other_backend_and_on_any_number_of_threads(resumed, backend, gpu, tmp_path, precision):
    sim = resumed.build(backend, threads=2, precision=precision)
    sim.simulate(20.0)
    resumed.change(sim)
    sim.cont(13.3)
    sim.save(tmp_path / "half")
    expected = resumed.recorded(sim, [sim.cont(60.0)])
    for other, threads in (("cpu", 1), ("cpu", 3), ("cuda", 2)):
        loaded = nl.Simulator.load(tmp_path / "half", backend=other, threads=threads)
        assert (loaded.backend, loaded.threads, loaded.precision) == (other, threads, precision)
        assert loaded.time == pytest.approx(33.3)
        rest = resumed.recorded(loaded, [loaded.cont(60.0)])
        # states are computed in another order of operations on a GPU; spikes are the same
        same(expected[:2], rest[:2])
        same(expected, rest)


def test_fresh_runs_of_what_was_loaded_are_those_of_what_was_saved(resumed, backend, tmp_path):
    sim = resumed.build(backend)
    resumed.change(sim)                             # scales must be those that weights were set in
    sim.save(tmp_path / "fresh")
    loaded = nl.Simulator.load(tmp_path / "fresh")
    assert loaded.time == 0.0
    same(resumed.recorded(sim, [sim.simulate(50.0)]), resumed.recorded(loaded, [loaded.simulate(50.0)]))
    sim.save(tmp_path / "later")
    later = nl.Simulator.load(tmp_path / "later")
    same(resumed.recorded(sim, [sim.simulate(50.0)]), resumed.recorded(later, [later.simulate(50.0)]))


def test_what_is_set_after_loading_is_as_if_set_in_one_run(resumed, backend, tmp_path):
    # random values of set() are numbered by its calls
    sim = resumed.build(backend)
    sim.simulate(20.0)
    sim.populations[1].set(V_th=nl.dist.Normal(-54.0, 0.1))         # not yet in a plan when it is saved
    sim.save(tmp_path / "half")
    loaded = nl.Simulator.load(tmp_path / "half")
    rest = []
    for one in (sim, loaded):
        parts = [one.cont(7.7)]
        resumed.change(one)
        rest.append(resumed.recorded(one, [*parts, one.cont(30.0)]))
    same(*rest)
    np.testing.assert_array_equal(sim.populations[1].get("I_e"),
                                  loaded.populations[1].get("I_e"))


def test_a_checkpoint_of_a_checkpoint(resumed, backend, tmp_path):
    sim = resumed.build(backend)
    sim.simulate(20.0)
    resumed.change(sim)
    expected = resumed.recorded(sim, [sim.cont(40.0)])
    again = resumed.build(backend)
    again.simulate(20.0)
    resumed.change(again)
    parts = []
    for i in range(4):
        again.save(tmp_path / f"{i}")
        again = nl.Simulator.load(tmp_path / f"{i}", threads=i + 1)
        parts.append(resumed.recorded(again, [again.cont(10.0)]))
    same(expected, [np.concatenate(pieces) for pieces in zip(*parts)])


def test_connections_and_nodes_are_read_as_before(resumed, backend, tmp_path):
    sim = resumed.build(backend)
    sim.simulate(5.0)
    resumed.change(sim)
    sim.save(tmp_path / "it")
    loaded = nl.Simulator.load(tmp_path / "it")
    a, b = sim.populations[0], loaded.populations[0]
    np.testing.assert_array_equal(a.positions, b.positions)
    for p, q in zip(sim.populations, loaded.populations, strict=True):
        assert repr(p) == repr(q) and (p.global_id == q.global_id).all()
    before, after = a.get(), b.get()
    assert before.keys() == after.keys()
    for name in before:
        np.testing.assert_array_equal(before[name], after[name])
    names = ["source", "target", "weight", "delay", "receptor", "synapse"]
    for p, q in zip(sim.network.projections, loaded.network.projections, strict=True):
        one, other = (s.get_connections(synapse=c).get(names) for s, c in ((sim, p), (loaded, q)))
        for name in names:
            np.testing.assert_array_equal(one[name], other[name], err_msg=f"{p.index} {name}")
    loaded.connect(b[0], b[1], weight=2.0)          # it is a simulator like any other
    loaded.simulate(3.0)


def test_a_recorder_goes_on_where_it_was(backend, tmp_path):
    # samples every 0.7 ms from 10 ms on, and a recorder that is connected twice to one view of a generator
    sim = nl.Simulator(backend=backend)
    noise, cells = sim.create(nl.poisson_generator, 2, rate=3000.0), sim.create(nl.iaf_psc_delta, 2)
    first, second = sim.create(nl.spike_recorder), sim.create(nl.spike_recorder, start=5.0, stop=33.0)
    trace = sim.create(nl.voltmeter, interval=0.7, start=10.0)
    sim.connect(noise, cells, weight=1.0)
    sim.connect(noise, first)
    sim.connect(noise, second)
    sim.connect(trace, cells)
    sim.simulate(22.2)
    sim.save(tmp_path / "it")
    loaded = nl.Simulator.load(tmp_path / "it")
    here, there = sim.cont(20.0), loaded.cont(20.0)
    for mine, theirs in zip((first, second), loaded.populations[2:4]):
        same(list(here.events(mine, plain=True)), list(there.events(theirs, plain=True)))
    same([here.trace(trace, plain=True), here.trace_times(trace, plain=True)],
         [there.trace(loaded.populations[4], plain=True), there.trace_times(loaded.populations[4], plain=True)])


def test_a_callback_may_save(resumed, backend, tmp_path):
    sim = resumed.build(backend)
    saved = []

    def keep(sim: nl.Simulator) -> None:
        saved.append(tmp_path / f"{sim.time:.0f}")
        sim.save(saved[-1])
    whole = resumed.recorded(sim, [sim.simulate(60.0, callback=keep, every=20.0)])
    assert [p.name for p in saved] == ["20", "40", "60"]
    loaded = nl.Simulator.load(saved[1])
    rest = resumed.recorded(loaded, [loaded.cont(20.0)])
    spikes = whole[0] > 40.0 + 1e-6
    same([whole[0][spikes], whole[1][spikes]], rest[:2])
