"""Sweeps: every point of a grid once, in one table, the same with any number of processes; what goes wrong says where."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest

from nestling import simulator as nl
from nestling.models.contract import mV
from nestling.simulator import threads


def rates(weight: float, seed: int, ms: float = 50.0) -> dict[str, Any]:
    sim = nl.Simulator(seed=seed)
    cells, noise, spikes = sim.create(nl.iaf_psc_delta, 10), sim.create(nl.poisson_generator, rate=9000.0), \
        sim.create(nl.spike_recorder)
    sim.connect(noise, cells, weight=weight)
    sim.connect(cells, spikes)
    return dict(rate=sim.simulate(ms).rate(spikes), threads=sim.plan().threads)


GRID = dict(weight=[0.2, 0.3], seed=range(1, 4))


def test_a_table_has_a_row_a_point_in_the_order_of_the_grid():
    table = nl.sweep(rates, GRID, processes=1)
    assert isinstance(table, pd.DataFrame) and list(table.columns) == ["weight", "seed", "rate", "threads"]
    assert table[["weight", "seed"]].to_numpy().tolist() == [[w, s] for w in (0.2, 0.3) for s in (1, 2, 3)]
    assert table.rate.tolist() == [rates(w, s)["rate"] for w in (0.2, 0.3) for s in (1, 2, 3)]
    assert table.rate.nunique() > 3 and list(table.index) == list(range(6))


def test_processes_do_not_change_the_table():
    # of classes and functions that exist here only, too
    threshold = -60.0

    class Leaky:
        class Params(NamedTuple):
            V_th: mV = -55.0

        class State(NamedTuple):
            V_m: mV = -70.0

        class Inputs(NamedTuple):
            spikes: mV = 0.0

        class Step(NamedTuple):
            V_th: mV

        def derive(p, dt):
            return Leaky.Step(p.V_th)

        def update(s, c, x):
            spiked = s.V_m > c.V_th
            return Leaky.State((s.V_m + 70.0) * 0.95 * (not spiked) - 70.0 + x.spikes), spiked

    @nl.rule(longest="reach")
    def ahead(index, n, draw, out, reach):
        for i in range(reach):
            out[i] = (index + 1 + nl.integer(draw, i, n - 1)) % n
        return reach

    def trial(seed, weight):
        sim = nl.Simulator(seed=seed)
        cells, noise, spikes = sim.create(Leaky, 10, V_th=threshold), sim.create(nl.poisson_generator, rate=9000.0), \
            sim.create(nl.spike_recorder)
        sim.connect(noise, cells, weight=weight)
        sim.connect(cells, cells, rule=ahead(reach=2), weight=2.0)
        sim.connect(cells, spikes)
        res = sim.simulate(50.0)
        return [dict(n=res.n_events(spikes), pid=os.getpid()), dict(n=seed, pid=os.getpid())]
    grid = dict(seed=[1, 2, 3], weight=[0.8, 1.0])
    one, two = (nl.sweep(trial, grid, processes=n) for n in (1, 2))
    assert set(one.pid) == {os.getpid()} and os.getpid() not in set(two.pid)
    pd.testing.assert_frame_equal(one.drop(columns="pid"), two.drop(columns="pid"))
    assert len(one) == 12 and one.n[::2].min() > 10 and one.n[1::2].tolist() == [1, 1, 2, 2, 3, 3]


def test_a_simulator_has_it_too():
    assert nl.Simulator.sweep is nl.sweep
    pd.testing.assert_frame_equal(nl.Simulator(seed=9).sweep(rates, GRID, processes=1), nl.sweep(rates, GRID, processes=1))


def test_points_may_be_listed():
    table = nl.sweep(rates, [dict(weight=0.3, seed=2), dict(weight=0.2, seed=1, ms=20.0)], processes=1)
    assert table.rate.tolist() == [rates(0.3, 2)["rate"], rates(0.2, 1, 20.0)["rate"]]
    assert np.isnan(table.ms[0]) and table.ms[1] == 20.0
    assert nl.sweep(lambda: dict(a=3), [{}], processes=1).a.tolist() == [3]
    once = dict(weight=(w for w in (0.2, 0.3)), seed=iter([1]))             # what can be gone through once
    assert len(nl.sweep(rates, once, processes=1)) == 2


def test_processes_share_the_cores(monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: 8 if threads.share is None else threads.share)
    found = nl.sweep(lambda i: dict(cores=threads.available_cores()), dict(i=range(3)), processes=1)
    assert found.cores.tolist() == [8, 8, 8]                                # alone it has them all
    monkeypatch.undo()

    def cores(i):
        from nestling.simulator import threads
        return dict(cores=threads.available_cores(), share=threads.share)
    found = nl.sweep(cores, dict(i=range(4)), processes=2)
    mine = max(1, threads.available_cores() // 2)
    assert found.cores.tolist() == [mine] * 4 == found.share.tolist() and threads.share is None


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_says_at_which_point(processes):
    def trial(g, seed):
        if seed == 3:
            raise ZeroDivisionError("mine")
        return dict(a=1)
    with pytest.raises(ZeroDivisionError, match="mine") as error:
        nl.sweep(trial, dict(g=[4.5], seed=[1, 3]), processes=processes)
    assert error.value.__notes__ == ["in the sweep, at g = 4.5, seed = 3"]
    assert threads.share is None
    assert len(nl.sweep(trial, dict(g=[4.5], seed=[1, 2]), processes=processes)) == 2         # and all goes on


@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_a_run_comes_home(processes):
    def trial(seed):
        sim = nl.Simulator(seed=seed)
        sim.create(nl.iaf_psc_delta, V_m=-70.0).set(V_mm=3.0)
        return {}
    with pytest.raises(nl.UnknownName, match="V_mm"):
        nl.sweep(trial, dict(seed=[1, 2]), processes=processes)

    def fails(seed):
        def stop(sim):
            raise RuntimeError("in a callback")
        sim = nl.Simulator(seed=seed)
        sim.simulate(2.0, callback=stop, every=1.0)
    with pytest.raises(RuntimeError, match="in a callback") as error:
        nl.sweep(fails, dict(seed=[1, 2]), processes=processes)
    results = error.value.results                   # type: ignore[attr-defined]
    assert results is None if processes > 1 else results.window == pytest.approx((0.0, 1.0))


def test_bad_grids_and_answers_are_refused():
    def unused(**given):
        pytest.fail("was called")
    for grid, error, words in (
            (dict(a=[]), ValueError, "grid has no points"), ([], ValueError, "grid has no points"),
            (dict(a=3), TypeError, "grid: a = 3: must be a list of values"),
            (dict(a="abc"), TypeError, "grid: a = 'abc': must be a list of values"),
            ([3], TypeError, "grid: 3: must be a dict of parameters by name"), (3, TypeError, "grid: 3: must be a dict")):
        with pytest.raises(error, match=words):
            nl.sweep(unused, grid, processes=1)
    with pytest.raises(TypeError, match="progress = 'no': must be True or False"):
        nl.sweep(print, dict(a=[1]), progress="no")
    with pytest.raises(TypeError, match="trial = 3: must be a function of a, b"):
        nl.sweep(3, dict(a=[1], b=[2]))                                     # type: ignore[arg-type]
    for processes in (0, -1, 2000, 1.5, "2"):
        with pytest.raises((ValueError, TypeError), match="processes"):
            nl.sweep(unused, dict(a=[1]), processes=processes)
    for answer, error, words in (
            (3, TypeError, "trial returned 3: must return a dict of results by name"),
            (None, TypeError, "trial returned None"), ([dict(b=1), 3], TypeError, "trial returned"),
            (dict(a=2), ValueError, "trial returned 'a', which is the name of a parameter")):
        with pytest.raises(error, match=words) as found:
            nl.sweep(lambda a, answer=answer: answer, dict(a=[1]), processes=1)
        assert found.value.__notes__ == ["in the sweep, at a = 1"]
    assert len(nl.sweep(lambda a: dict(a=a, b=2), dict(a=[1]), processes=1)) == 1       # the same again says nothing new


def test_a_library_that_is_missing_is_named(monkeypatch):
    for name in ("pandas", "joblib"):
        with monkeypatch.context() as m:
            m.setitem(sys.modules, name, None)
            with pytest.raises(ImportError, match=rf'sweep\(\) needs {name}.*pip install "nestling\[sweep\]"'):
                nl.sweep(rates, GRID)


def test_a_bar_counts_the_points(capsys):
    nl.sweep(lambda a: dict(b=a), dict(a=range(3)), processes=1, progress=True)
    assert "sweep: 100%" in (shown := capsys.readouterr().err) and "3/3" in shown
    nl.sweep(lambda a: dict(b=a), dict(a=range(3)), processes=1)
    assert capsys.readouterr().err == ""


def endless(i: int) -> dict[str, Any]:
    sim = nl.Simulator(threads=1)
    sim.create(nl.iaf_psc_delta, 100)
    os.write(1, b"begun\n")                                                # in one go, whoever else writes
    sim.simulate(1e9)
    return {}


@pytest.mark.parametrize("processes", [1, 2])
def test_ctrl_c_ends_a_sweep(processes):
    script = f"import signal; signal.signal(2, signal.default_int_handler); import test_sweep; " \
             f"test_sweep.nl.sweep(test_sweep.endless, dict(i=range(4)), processes={processes})"
    run = subprocess.Popen([sys.executable, "-c", script], cwd=Path(__file__).parent, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert run.stdout and run.stdout.readline().strip() == "begun"
    time.sleep(0.2)
    os.killpg(run.pid, signal.SIGINT)                                       # as a terminal does
    _, said = run.communicate(timeout=20)
    assert run.returncode != 0 and ("Interrupted" in said or "KeyboardInterrupt" in said), said
    time.sleep(0.2)
    with pytest.raises(ProcessLookupError):                                 # nobody goes on computing
        for _ in range(50):
            os.killpg(run.pid, 0)
            time.sleep(0.1)
