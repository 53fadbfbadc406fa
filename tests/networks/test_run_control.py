"""What controls a run: callbacks, prepare/run/cleanup, stop, Ctrl-C, the progress bar. None of it changes what is recorded."""
from __future__ import annotations

import os
import re
import signal
import threading
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.simulator.layout import STEP

LONG_MS = 3e6        # a minute of computing, should nothing stop it


def build(backend: str = "cpu", **given: Any) -> SimpleNamespace:
    """20 neurons that fire irregularly, with synapses of several delays and two recorders."""
    sim = nl.Simulator(backend=backend, seed=3, threads=1, **given)
    cells, noise = sim.create(nl.iaf_psc_delta, 20), sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, cells, weight=0.3)
    sim.connect(cells, cells, rule=nl.fixed_indegree(5), weight=nl.dist.Normal(0.5, 0.1), delay=nl.dist.Uniform(0.5, 3.0))
    spikes, trace = sim.create(nl.spike_recorder), sim.create(nl.voltmeter, interval=0.7)
    sim.connect(cells, spikes)
    sim.connect(trace, cells[:3])
    return SimpleNamespace(sim=sim, cells=cells, spikes=spikes, trace=trace)


def recorded(net: Any, *results: nl.Results) -> list[np.ndarray]:
    takers = (lambda r: r.events(net.spikes, plain=True)[0], lambda r: r.events(net.spikes)[1],
              lambda r: r.trace_times(net.trace, plain=True), lambda r: r.trace(net.trace, plain=True))
    return [np.concatenate([take(r) for r in results]) for take in takers]


def same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    for x, y in zip(a, b, strict=True):
        assert len(x)
        np.testing.assert_array_equal(x, y)


# ------------------------------------------------------------------------------------------------------------- callbacks

def test_a_callback_that_changes_nothing_changes_nothing(backend):
    net, times = build(backend), []
    usual = net.sim.simulate(60.0)

    def look(sim: nl.Simulator) -> None:
        times.append(sim.time)
        assert net.cells.get("V_m").shape == (20,) and net.spikes.get("n_events") >= 0
    watched = net.sim.simulate(60.0, callback=look, every=1.7)
    same(recorded(net, usual), recorded(net, watched))
    assert watched.window == usual.window
    np.testing.assert_allclose(times, 1.7 * np.arange(1, 36))          # after whole stretches only, not at 60 ms
    same(recorded(net, net.sim.cont(20.0)), recorded(net, build_and_cont(net, backend)))


def build_and_cont(net: Any, backend: str) -> nl.Results:
    net.sim.simulate(60.0)
    return net.sim.cont(20.0, callback=lambda sim: None, every=0.5)


def test_what_a_callback_sets_is_as_if_set_between_runs(backend):
    def change(net: Any) -> None:
        net.cells[:10].set(V_th=-60.0 + net.sim.time / 20.0)
        net.cells[5].set(V_m=-62.0)
        found = net.sim.get_connections(source=net.cells[:4])
        found.set(weight=found.weight * 0.5)
        if net.sim.time > 25.0:
            net.sim.disconnect(net.sim.get_connections(source=net.cells[7], target=net.cells))
            found = net.sim.get_connections(source=net.cells[8], target=net.cells)
            found.set(delay=2.5)
    net = build(backend)
    parts = [net.sim.simulate(20.0)]
    for _ in range(2):
        change(net)
        parts.append(net.sim.cont(20.0))
    other = build(backend)
    whole = other.sim.simulate(60.0, callback=lambda sim: change(other) if sim.time < 60.0 - 1e-6 else None, every=20.0)
    same(recorded(net, *parts), recorded(other, whole))
    assert whole.n_events(other.spikes) == other.spikes.get("n_events") > 50


def test_a_callback_stops_the_run_by_its_answer_or_by_stop():
    net = build()
    usual = recorded(net, net.sim.simulate(40.0), net.sim.cont(40.0))
    for ask in (lambda sim: sim.time > 39.0, lambda sim: np.bool_(sim.time > 39.0),
                lambda sim: sim.stop() if sim.time > 39.0 else None):
        stopped = net.sim.simulate(80.0, callback=ask, every=10.0)
        assert stopped.window == pytest.approx((0.0, 40.0)) and net.sim.time == pytest.approx(40.0)
        same(usual, recorded(net, stopped, net.sim.cont(40.0)))


def test_an_error_in_a_callback_brings_what_was_recorded():
    net = build()
    usual = recorded(net, net.sim.simulate(40.0), net.sim.cont(40.0))

    def fail(sim: nl.Simulator) -> None:
        if sim.time > 39.0:
            raise RuntimeError("mine")
    with pytest.raises(RuntimeError, match="mine") as error:
        net.sim.simulate(80.0, callback=fail, every=20.0)
    partly = error.value.results                    # type: ignore[attr-defined]
    assert partly.window == pytest.approx((0.0, 40.0))
    same(usual, recorded(net, partly, net.sim.cont(40.0)))


def test_what_cannot_be_done_in_a_callback_is_refused_and_the_run_can_go_on():
    net = build()
    usual = recorded(net, net.sim.simulate(20.0), net.sim.cont(20.0))
    refused = []

    def attempt(sim: nl.Simulator) -> None:
        for call in (lambda: sim.simulate(1.0), lambda: sim.cont(1.0), lambda: sim.reset(), lambda: sim.create(nl.iaf_psc_exp),
                     lambda: sim.connect(net.cells, net.cells), lambda: sim.prepare(), lambda: sim.run(1.0),
                     lambda: sim.cleanup(), lambda: sim.profile(1.0), lambda: net.spikes.set(n_events=0)):
            with pytest.raises(nl.NotAvailable, match="in a callback") as error:
                call()
            refused.append(str(error.value))
    same(usual, recorded(net, net.sim.simulate(40.0, callback=attempt, every=20.0)))
    assert len(refused) == 20
    assert refused[0].startswith("simulate() in a callback: a run is going on; return True or call stop()")


def test_bad_callbacks_are_refused_before_the_run_begins():
    net = build()
    net.sim.simulate(5.0)
    for given, error, words in (
            (dict(callback=print), TypeError, "callback= and every= belong together"),
            (dict(every=1.0), TypeError, "callback= and every= belong together"),
            (dict(progress="no"), TypeError, "progress = 'no': must be True, False or None"),
            (dict(callback=3, every=1.0), TypeError, "callback = 3: must be a function"),
            (dict(callback=print, every=0.0), nl.BadTime, "every = 0.0: must be one time, dt = 0.1 ms or more"),
            (dict(callback=print, every=-1.0), nl.BadTime, "every = -1.0"),
            (dict(callback=print, every=[1.0, 2.0]), nl.BadTime, "every = "),
            (dict(callback=print, every=0.25), nl.BadTime, "every"),
            (dict(callback=print, every=float("nan")), nl.BadTime, "every = nan")):
        for run in (net.sim.simulate, net.sim.cont):
            with pytest.raises(error, match=re.escape(words)):
                run(5.0, **given)
            assert net.sim.time == pytest.approx(5.0)
    with pytest.raises(TypeError, match="callback returned 'yes': must return True to stop the run"):
        net.sim.simulate(5.0, callback=lambda sim: "yes", every=1.0)
    assert net.sim.time == pytest.approx(1.0)


def test_every_may_be_longer_than_the_run_and_a_run_may_take_no_time():
    net, called = build(), []
    assert net.sim.simulate(5.0, callback=called.append, every=7.0).window == pytest.approx((0.0, 5.0))
    assert net.sim.cont(0.0, callback=called.append, every=0.1).window == pytest.approx((5.0, 5.0))
    assert called == []
    net.sim.cont(7.0, callback=called.append, every=7.0)            # counted from where this run begins
    assert called == [net.sim]


# --------------------------------------------------------------------------------------------------- prepare, run, cleanup

def test_prepare_run_and_cleanup_are_one_run(backend):
    net, times = build(backend), []
    usual = net.sim.simulate(60.0)
    net.sim.reset()
    net.sim.prepare()
    net.sim.run(20.0)
    assert net.spikes.get("n_events") == np.sum(recorded(net, usual)[0] < 20.0 + 1e-6)
    net.sim.run(0.0)
    net.sim.run(40.0, callback=lambda sim: times.append(round(sim.time, 6)), every=15.0)
    found = net.sim.cleanup()
    assert found.window == usual.window and times == [35.0, 50.0]
    same(recorded(net, usual), recorded(net, found))
    net.sim.prepare()
    net.sim.run(20.0)
    more = net.sim.cleanup()
    assert more.window == pytest.approx((60.0, 80.0))
    net.sim.simulate(60.0)
    same(recorded(net, more), recorded(net, net.sim.cont(20.0)))


def test_values_may_be_set_between_runs_that_were_prepared():
    net = build()
    net.sim.simulate(20.0)
    net.cells.set(V_th=-60.0)
    expected = recorded(net, net.sim.simulate(20.0), net.sim.cont(20.0))
    net = build()
    net.sim.prepare()
    net.cells.set(V_th=-60.0)
    net.sim.run(20.0)
    net.cells.set(V_th=-60.0)
    net.sim.run(20.0)
    same(expected, recorded(net, net.sim.cleanup()))


def test_calls_in_another_order_are_refused(tmp_path):
    net = build()
    for call, words in ((lambda: net.sim.run(1.0), "run(): call prepare() first"),
                        (net.sim.cleanup, "cleanup(): call prepare() first")):
        with pytest.raises(nl.NotAvailable, match=re.escape(words)):
            call()
    net.sim.prepare()
    for call in (net.sim.prepare, net.sim.reset, lambda: net.sim.simulate(1.0), lambda: net.sim.cont(1.0),
                 lambda: net.sim.create(nl.iaf_psc_exp), lambda: net.sim.profile(1.0)):
        with pytest.raises(nl.NotAvailable, match=re.escape("between prepare() and cleanup(): call cleanup() first")):
            call()
    with pytest.raises(nl.NotAvailable, match="a recorder is set before or after a run"):
        net.spikes.set(n_events=0)
    with pytest.raises(nl.BadTime):
        net.sim.run(-1.0)
    net.sim.run(5.0)
    net.sim.save(tmp_path / "it")
    assert net.sim.cleanup().window == pytest.approx((0.0, 5.0))
    assert nl.Simulator.load(tmp_path / "it").cont(1.0).window == pytest.approx((5.0, 6.0))


def test_a_run_that_failed_can_be_cleaned_up():
    net = build()

    def fail(sim: nl.Simulator) -> None:
        raise RuntimeError("mine")
    net.sim.prepare()
    with pytest.raises(RuntimeError, match="mine"):
        net.sim.run(20.0, callback=fail, every=10.0)
    net.sim.run(10.0)
    found = net.sim.cleanup()
    same(recorded(net, net.sim.simulate(20.0)), recorded(net, found))


# ---------------------------------------------------------------------------------------------------------- stop and Ctrl-C

@pytest.mark.parametrize("how", ["simulate", "callback", "run"])
def test_stop_from_another_thread(how):
    net = build()
    net.sim.simulate(1.0)
    net.sim.reset()

    def stop() -> None:
        while not net.sim._program.sync[STEP] > 100:            # the step that the run has reached
            time.sleep(0.001)
        net.sim.stop()
    timer = threading.Thread(target=stop)
    timer.start()
    if how == "run":
        net.sim.prepare()
        net.sim.run(LONG_MS)
        found = net.sim.cleanup()
    else:
        found = net.sim.simulate(LONG_MS, **(dict(callback=lambda sim: None, every=5.0) if how == "callback" else {}))
    timer.join()
    assert 0.0 < net.sim.time < LONG_MS and found.window == pytest.approx((0.0, net.sim.time))
    rest = net.sim.cont(20.0)
    reached = round(found.window[1], 6)
    same(recorded(net, found, rest), recorded(net, net.sim.simulate(reached + 20.0)))


def test_stop_that_comes_before_the_first_step_is_not_forgotten():
    net = build()
    net.sim.simulate(1.0)
    program, start = net.sim._program, net.sim._program.start

    def stopped_by_then() -> None:
        net.sim.stop()
        start()
    program.start = stopped_by_then
    assert net.sim.cont(5.0).window == pytest.approx((1.0, 1.0))
    del program.start
    assert net.sim.cont(5.0).window == pytest.approx((1.0, 6.0))


def test_stop_without_a_run_stops_nothing():
    net = build()
    net.sim.stop()
    assert net.sim.simulate(5.0).window == pytest.approx((0.0, 5.0))
    net.sim.stop()
    assert net.sim.cont(5.0).window == pytest.approx((5.0, 10.0))
    net.sim.prepare()
    net.sim.stop()
    net.sim.run(5.0)
    assert net.sim.cleanup().window == pytest.approx((10.0, 15.0))


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("where", ["in the callback", "in a stretch"])
def test_ctrl_c_in_a_run_with_a_callback(ctrl_c, where):
    net, times = build(), []
    net.sim.simulate(1.0)
    net.sim.reset()

    def note(sim: nl.Simulator) -> None:
        times.append(sim.time)
        if len(times) == 3 and where == "in the callback":
            press()
        net.cells.set(V_th=-55.0)                   # the callback is not broken off
        times.append(sim.time)
    timer = threading.Timer(0.2, press)
    if where == "in a stretch":
        timer.start()
    with pytest.raises(nl.Interrupted, match=r"stopped at t = .* cont\(\) goes on") as error:
        net.sim.simulate(LONG_MS, callback=note, every=10.0 if where == "in the callback" else LONG_MS / 2)
    found = error.value.results
    assert found.window == pytest.approx((0.0, net.sim.time)) and len(times) % 2 == 0
    if where == "in the callback":
        assert net.sim.time == pytest.approx(20.0) and times == pytest.approx([10.0, 10.0, 20.0, 20.0])
    else:
        timer.join()
        assert times == [] and 0.0 < net.sim.time < LONG_MS / 2
    rest = net.sim.cont(20.0)
    same(recorded(net, found, rest), recorded(net, net.sim.simulate(round(found.window[1], 6) + 20.0)))


def test_a_second_ctrl_c_ends_a_callback_that_hangs(ctrl_c):
    net = build()

    def hang(sim: nl.Simulator) -> None:
        press()
        limit = time.monotonic() + 20.0
        while time.monotonic() < limit:
            press()
            time.sleep(0.01)
    with pytest.raises(KeyboardInterrupt) as error:
        net.sim.simulate(20.0, callback=hang, every=10.0)
    assert not isinstance(error.value, nl.Interrupted) and net.sim.time == pytest.approx(10.0)
    assert net.sim.cont(10.0).window == pytest.approx((10.0, 20.0))


def test_ctrl_c_between_prepare_and_cleanup(ctrl_c):
    net = build()
    net.sim.prepare()
    with pytest.raises(nl.Interrupted, match=r"run\(\) goes on, cleanup\(\) returns what was recorded"):
        net.sim.run(LONG_MS, callback=lambda sim: press(), every=10.0)
    net.sim.run(10.0)
    found = net.sim.cleanup()
    assert found.window == pytest.approx((0.0, 20.0))
    same(recorded(net, net.sim.simulate(20.0)), recorded(net, found))


# ---------------------------------------------------------------------------------------------------------------- progress

def lines(text: str) -> list[str]:
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def test_the_bar_shows_time_rate_and_time_left_and_ends_at_100_per_cent(capsys):
    net = build()
    usual = net.sim.simulate(2000.0)
    assert capsys.readouterr().err == ""
    shown = net.sim.simulate(2000.0, progress=True, callback=lambda sim: time.sleep(0.11) if sim.time < 1600.0 else None,
                             every=500.0)
    same(recorded(net, usual), recorded(net, shown))
    found = lines(capsys.readouterr().err)
    words = r"simulate: +(\d+)%\|.*\| ([\d.]+)/2000 ms \[\d\d:\d\d<\d\d:\d\d, t = ([\d.]+) ms, real-time factor [\d.e+-]+\]"
    shares = [tuple(map(float, match.groups())) for line in found if (match := re.fullmatch(words, line))]
    assert len(shares) > 3 and shares[-1] == (100.0, 2000.0, 2000.0)
    assert all(percent == round(done / 20.0) and done == time for percent, done, time in shares)
    assert any(20 < percent < 80 for percent, _, _ in shares)
    assert re.search(r"100%.* 2000/2000 ms \[.*<00:00, t = 2000 ms, real-time factor", found[-1])


def test_the_bar_of_runs_that_go_on_are_short_take_no_time_or_stop(capsys):
    net = build()
    for run, last in ((lambda: net.sim.simulate(0.7, progress=True), "100%.* 0.7/0.7 ms .*t = 0.7 ms"),
                      (lambda: net.sim.cont(3.3, progress=True), "100%.* 3.3/3.3 ms .*t = 4 ms"),
                      (lambda: net.sim.cont(0.0, progress=True), "0/0 ms"),
                      (lambda: net.sim.simulate(20.0, progress=True, callback=lambda sim: True, every=5.0), "25%.* 5/20 ms")):
        run()
        assert re.search(last, lines(capsys.readouterr().err)[-1])


def test_a_notebook_has_a_bar_of_its_own(monkeypatch, capsys):
    # tqdm.auto chooses the bar of the place; it is given what that one needs, and is closed
    import tqdm.auto
    made = []

    class Bar(tqdm.std.tqdm):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            made.append(self)
    monkeypatch.setattr(tqdm.auto, "tqdm", Bar)
    net = build()
    net.sim.simulate(33.3, progress=True)
    (bar,) = made
    assert bar.disable and bar.n == pytest.approx(33.3) == bar.total        # closed, at the end
    capsys.readouterr()


def test_sessions_show_it_unasked(monkeypatch, capsys):
    import sys
    net = build()
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)
    net.sim.simulate(5.0)
    assert "100%" in capsys.readouterr().err
    net.sim.simulate(5.0, progress=False)
    assert capsys.readouterr().err == ""
