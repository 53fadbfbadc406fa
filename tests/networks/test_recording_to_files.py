"""What recorders write to files while a network runs is what memory would hold, bit for bit, and outlives what goes wrong."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any, NamedTuple

import h5py
import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.contract import mV
from nestling.recorders import sonata
from nestling.simulator import cpu, stretches

DRIVEN = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_m=0.0, V_th=20.0)


def build(spikes: Any = "memory", states: Any = "memory", backend: str = "cpu", threads: int = 1, precision: str = "double",
          **given: Any) -> SimpleNamespace:
    """30 noisy neurons of two models, a spike recorder, and a multimeter of one of the models."""
    sim = nl.Simulator(0.1, seed=3, threads=threads, backend=backend, precision=precision)
    a = sim.create(nl.iaf_psc_delta, 20, params=DRIVEN | dict(V_m=nl.init.Uniform(0.0, 19.0)))
    b = sim.create(nl.iaf_psc_exp, 10, I_e=nl.init.Uniform(300.0, 600.0))
    sim.connect(sim.create(nl.poisson_generator, rate=12_000.0), a, weight=0.1, delay=1.5)
    sim.connect(a, a, rule=nl.fixed_indegree(4), weight=0.2, delay=1.5)
    sim.connect(a, b, rule=nl.fixed_indegree(4), weight=20.0, delay=1.5)
    spike_recorder = sim.create(nl.spike_recorder, record_to=spikes, **given)
    meter = sim.create(nl.multimeter, record_from=["V_m", "I_syn_ex"], interval=0.3, record_to=states, **given)
    sim.connect(a + b, spike_recorder)
    sim.connect(meter, b)
    return SimpleNamespace(sim=sim, a=a, b=b, spikes=spike_recorder, meter=meter)


def taken(net: SimpleNamespace, *results: nl.Results) -> list[np.ndarray]:
    """All that was recorded, in arrays: times, senders, times of samples, samples of two states."""
    return [np.concatenate([f(r) for r in results]) for f in (
        lambda r: r.events(net.spikes, plain=True)[0], lambda r: r.events(net.spikes)[1],
        lambda r: r.trace_times(net.meter, plain=True), lambda r: r.trace(net.meter, "V_m", plain=True),
        lambda r: r.trace(net.meter, "I_syn_ex", plain=True))]


def assert_same(a: list[np.ndarray], b: list[np.ndarray]) -> None:
    assert all(len(x) for x in a)
    for x, y in zip(a, b, strict=True):
        assert x.dtype == y.dtype
        np.testing.assert_array_equal(x, y)


class Growing:
    """A state that ceases to be a number, some time after 100 ms."""

    class Params(NamedTuple):
        gain: float = 2.0

    class State(NamedTuple):
        V_m: mV = 1.0
        w: float = 0.0

    class Inputs(NamedTuple):
        pass

    class Step(NamedTuple):
        gain: float

    def derive(p, dt):
        return Growing.Step(p.gain)

    def update(s, c, x):
        V = s.V_m * c.gain
        return Growing.State(V, V - V), False


@pytest.fixture(scope="module")
def in_memory() -> dict[float, list[np.ndarray]]:
    """What is recorded in so many ms, and in cont() of as many more."""
    net = build()
    return {80.0: taken(net, net.sim.simulate(80.0)), 160.0: taken(net, net.sim.simulate(160.0))}


@pytest.fixture
def in_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are cut into many short stretches, each written at once."""
    monkeypatch.setattr(stretches, "SLICES", 1)
    monkeypatch.setattr(stretches, "SECONDS", 1e-4)
    monkeypatch.setattr(stretches, "WAITING_BYTES", 4000)


# --- what is in a file -----------------------------------------------------------------------------------------------------

def test_hdf5_holds_what_memory_holds(backend, tmp_path, monkeypatch):
    monkeypatch.setattr(stretches, "SLICES", 2)
    net, other = build(tmp_path / "s.h5", str(tmp_path / "m.hdf5"), backend), build(backend=backend)
    assert_same(taken(net, net.sim.simulate(12.0)), taken(other, other.sim.simulate(12.0)))


@pytest.mark.parametrize("threads", [1, 2])
def test_many_stretches_change_nothing(in_memory, in_stretches, tmp_path, threads):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5", threads=threads)
    res = net.sim.simulate(80.0)
    assert_same(in_memory[80.0], taken(net, res))
    assert res.n_events(net.spikes) == len(in_memory[80.0][0]) == net.spikes.get("n_events")
    assert net.meter.get("n_events") == in_memory[80.0][3].size


def test_files_have_the_layout_of_sonata(in_memory, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    net.sim.simulate(80.0)
    times, senders, sampled, V_m, current = in_memory[80.0]
    with h5py.File(tmp_path / "s.h5") as file:
        spikes = file["spikes/spike_recorder"]
        np.testing.assert_array_equal(spikes["timestamps"], times)
        np.testing.assert_array_equal(spikes["node_ids"], senders)
        assert spikes["timestamps"].attrs["units"] == "ms" and spikes.attrs["sorting"] == 2     # by time
        np.testing.assert_array_equal(file["nestling/spike_recorder/global_ids"], (net.a + net.b).global_id)
        assert file.attrs["magic"] == 0x0A7A and file["nestling/spike_recorder/rows"][()] == len(times)
    with h5py.File(tmp_path / "m.h5") as file:
        for name, values in (("V_m", V_m), ("I_syn_ex", current)):
            group = file[f"report/multimeter_{name}"]
            np.testing.assert_array_equal(group["data"], values)
            np.testing.assert_allclose(group["mapping/time"], [sampled[0], sampled[-1] + 0.3, 0.3])
            assert group["data"].attrs["units"] == {"V_m": "mV", "I_syn_ex": "pA"}[name]
        np.testing.assert_array_equal(file["nestling/multimeter/global_ids"], net.b.global_id)


def test_libsonata_opens_them(tmp_path):
    libsonata = pytest.importorskip("libsonata", reason="no libsonata here (pip install libsonata)")
    net = build(tmp_path / "s.h5", tmp_path / "m.h5", precision="single", label="cortex")
    net.meter.set(record_from=["V_m"])
    res = net.sim.simulate(80.0)
    times, senders = res.events(net.spikes, plain=True)
    spikes = libsonata.SpikeReader(str(tmp_path / "s.h5"))
    assert spikes.get_population_names() == ["cortex"]
    found = spikes["cortex"].get_dict()
    np.testing.assert_array_equal(found["timestamps"], times)
    np.testing.assert_array_equal(found["node_ids"], senders)
    reader = libsonata.SomaReportReader(str(tmp_path / "m.h5"))["cortex"]
    assert reader.data_units == "mV" and reader.time_units == "ms"
    np.testing.assert_array_equal(reader.get_node_ids(), np.arange(10))
    report = reader.get()
    np.testing.assert_array_equal(report.data, res.trace(net.meter, plain=True))
    np.testing.assert_allclose(report.times, res.trace_times(net.meter, plain=True))


def test_the_ascii_format_is_read_back(in_memory, in_stretches, tmp_path):
    net = build(tmp_path / "s.dat", tmp_path / "m.dat")
    for rec in (net.spikes, net.meter):
        rec.set(precision=9)
    found = taken(net, net.sim.simulate(80.0))
    for i in range(3):
        np.testing.assert_array_equal(found[i], in_memory[80.0][i])
    for i in (3, 4):
        np.testing.assert_allclose(found[i], in_memory[80.0][i], rtol=0, atol=1e-9)


def test_a_node_that_stands_twice_in_a_view_is_told_apart(in_memory, tmp_path):
    found = []
    for to in ("memory", tmp_path / "s.h5", tmp_path / "s.dat"):
        net = build()
        rec = net.sim.create(nl.spike_recorder, record_to=to)
        net.sim.connect(net.b + net.a[[3, 5, 3]], rec)
        times, senders = net.sim.simulate(80.0).events(rec, plain=True)
        found.append((times, senders))
    assert np.count_nonzero(found[0][1] == 10) == np.count_nonzero(found[0][1] == 12) > 0
    for times, senders in found[1:]:
        np.testing.assert_array_equal(times, found[0][0])
        assert sorted(zip(times, senders)) == sorted(zip(*found[0]))


def test_several_recorders_write_to_a_file_each(tmp_path):
    net = build()
    views = [net.a[::2], net.b + net.a[:3], net.a[[7, 1]]]
    recorders = [net.sim.create(nl.spike_recorder, record_to=tmp_path / f"{i}.{suffix}")
                 for i, suffix in enumerate(("h5", "dat", "hdf5"))]
    meters = [net.sim.create(nl.voltmeter, interval=dt, record_to=tmp_path / f"v{dt}.h5") for dt in (0.1, 0.5)]
    for view, rec in zip(views, recorders):
        net.sim.connect(view, rec)
    for meter in meters:
        net.sim.connect(meter, net.a)
    res = net.sim.simulate(40.0)
    times, senders = res.events(net.spikes, plain=True, global_ids=True)
    for view, rec in zip(views, recorders):
        mine = np.isin(senders, view.global_id)
        found = res.events(rec, plain=True, global_ids=True)
        np.testing.assert_array_equal(found[0], times[mine])
        np.testing.assert_array_equal(found[1], senders[mine])
    fine, coarse = (res.trace(meter, plain=True) for meter in meters)
    assert fine.shape == (400, 20)
    np.testing.assert_array_equal(fine[4::5], coarse)


def test_cont_appends_and_results_keep_to_their_window(in_memory, in_stretches, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    first, second = net.sim.simulate(80.0), net.sim.cont(80.0)
    assert_same(in_memory[80.0], taken(net, first))
    assert_same(in_memory[160.0], taken(net, first, second))
    with h5py.File(tmp_path / "s.h5") as file:
        assert len(file["spikes/spike_recorder/timestamps"]) == len(in_memory[160.0][0])
    assert net.spikes.get("n_events") == len(in_memory[160.0][0])


def test_simulate_makes_the_file_anew_where_it_may(in_memory, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    first = net.sim.simulate(160.0)
    with pytest.raises(nl.BadRecording, match="is there already: overwrite=True replaces it"):
        net.sim.simulate(80.0)
    assert net.sim.time == 160.0
    assert_same(in_memory[160.0], taken(net, first))                # nothing was touched
    for rec in (net.spikes, net.meter):
        rec.set(overwrite=True)
    second = net.sim.simulate(80.0)
    assert_same(in_memory[80.0], taken(net, second))
    with pytest.raises(nl.BadRecording, match="that of another run now"):
        first.events(net.spikes)
    (tmp_path / "s.h5").unlink()
    with pytest.raises(nl.BadRecording, match="s.h5: what was recorded cannot be read: .*gone"):
        second.events(net.spikes)


def test_prepare_run_cleanup_write_one_window(in_memory, in_stretches, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    net.sim.prepare()
    for _ in range(4):
        net.sim.run(40.0)
    assert_same(in_memory[160.0], taken(net, net.sim.cleanup()))
    memory = build()
    memory.sim.prepare()
    nothing = memory.sim.cleanup()
    assert nothing.n_events(memory.spikes) == len(nothing.events(memory.spikes)[0]) == 0
    assert nothing.trace(memory.meter, plain=True).shape == (0, 10)


def test_a_run_that_cannot_begin_records_nothing_twice(in_memory, monkeypatch, tmp_path):
    def no_room(*_):
        raise MemoryError("no room")
    for to in (("memory", "memory"), (tmp_path / "s.h5", tmp_path / "m.h5")):
        net = build(*to)
        net.sim.prepare()
        net.sim.run(50.0)
        with monkeypatch.context() as patched, pytest.raises(MemoryError, match="no room"):
            patched.setattr(cpu, "make_traces", no_room)
            net.sim.run(30.0)
        net.sim.run(30.0)
        assert_same(in_memory[80.0], taken(net, net.sim.cleanup()))


def test_a_profile_writes_too(in_memory, in_stretches, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    assert_same(in_memory[80.0], taken(net, net.sim.profile(80.0).results))


def test_memory_does_not_grow_with_the_time_that_is_recorded(tmp_path):
    script = (
        "import resource, sys\n"
        "from nestling import simulator as nl\n"
        "sim = nl.Simulator(0.1, threads=1)\n"
        "cells, meter = sim.create(nl.iaf_psc_delta, 1000), sim.create(nl.voltmeter, interval=0.1, record_to=sys.argv[1])\n"
        "sim.connect(meter, cells)\n"
        "sim.simulate(float(sys.argv[2]))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n")
    peaks = [float(subprocess.run([sys.executable, "-c", script, str(tmp_path / f"{ms}.h5"), str(ms)], capture_output=True,
                                  text=True, check=True).stdout) for ms in (200, 1200)]
    size = (tmp_path / "1200.h5").stat().st_size / 2**20
    assert size > 85.0 and peaks[1] - peaks[0] < 70.0, (size, peaks)       # two buffers of 32 MB, which the first may not fill


# --- parameters ------------------------------------------------------------------------------------------------------------

def test_times_in_steps(in_memory, tmp_path):
    net = build(tmp_path / "s.dat", tmp_path / "m.dat", time_in_steps=True)
    net.spikes.set(precision=6)
    res = net.sim.simulate(80.0)
    steps = np.rint(in_memory[80.0][0] / 0.1).astype(np.int64)
    found = res.events(net.spikes)[0]
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, steps)
    np.testing.assert_array_equal(res.events(net.spikes, plain=True)[0], in_memory[80.0][0])
    np.testing.assert_array_equal(res.trace_times(net.meter), 3 * np.arange(1, 267))
    head, *rows = (tmp_path / "s.dat").read_text().splitlines()[2:]
    assert head == "sender\ttime_step\ttime_offset" and rows[0].split("\t")[1:] == [str(steps[0]), "0.000000"]


def test_n_events_can_be_set_to_zero(tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    assert net.sim.simulate(30.0).n_events(net.spikes) == net.spikes.get("n_events") > 0
    net.spikes.set(n_events=0)
    second = net.sim.cont(30.0).n_events(net.spikes)
    assert net.spikes.get("n_events") == second
    net.spikes.set(overwrite=True)
    net.meter.set(overwrite=True)
    assert net.sim.simulate(30.0).n_events(net.spikes) == net.spikes.get("n_events")


def test_what_does_not_fit_is_not_appended(tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    net.sim.simulate(20.0)
    for other in (dict(interval=0.5), dict(record_from=["V_m"]), dict(label="other")):
        before = net.meter.get(list(other))
        net.meter.set(other)
        with pytest.raises(nl.BadRecording, match="holds what was recorded with another .* give another path by set"):
            net.sim.cont(5.0)
        net.meter.set({k: v[0] if isinstance(v, list) else v for k, v in before.items()})
    net.meter.set(start=30.0)
    with pytest.raises(nl.BadRecording, match="the next sample is due at 20.1 ms, but would be taken at 30.3 ms"):
        net.sim.cont(5.0)
    net.meter.set(start=0.0)
    net.sim.cont(5.0)
    net.meter.set(interval=0.5, record_to=tmp_path / "other.h5")            # and this one does
    res = net.sim.cont(5.0)
    assert res.trace(net.meter, plain=True).shape == (10, 10)
    (tmp_path / "s.h5").unlink()
    with pytest.raises(nl.BadRecording, match="the file is gone, so that cont.. cannot append to it"):
        net.sim.cont(5.0)


# --- callbacks, errors and the end of the process --------------------------------------------------------------------------

def test_a_callback_may_set_parameters_and_weights_in_the_middle(tmp_path):
    found = []
    for to in (("memory", "memory"), (tmp_path / "s.h5", tmp_path / "m.h5")):
        net = build(*to)

        def change(sim, net=net):
            net.b.set(I_e=0.0 if sim.time > 20.0 else 700.0)
            sim.get_connections(net.a, net.a).set(weight=1.5)
            if sim.time > 30.0:
                net.a[:5].set(V_th=15.0)
        found.append(taken(net, net.sim.simulate(60.0, callback=change, every=10.0)))
    assert_same(*found)
    plain = build()
    assert len(taken(plain, plain.sim.simulate(60.0))[0]) != len(found[0][0])


def test_what_was_recorded_before_a_callback_raised_is_in_the_file(in_memory, tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")

    def fail(sim):
        if sim.time > 79.0:
            raise RuntimeError("enough")
    with pytest.raises(RuntimeError, match="enough") as caught:
        net.sim.simulate(200.0, callback=fail, every=8.0)
    assert_same(in_memory[80.0], taken(net, caught.value.results))
    with h5py.File(tmp_path / "s.h5") as file:
        assert len(file["spikes/spike_recorder/timestamps"]) == len(in_memory[80.0][0])
    assert_same(in_memory[160.0], taken(net, caught.value.results, net.sim.cont(80.0)))


def test_what_was_recorded_before_a_state_diverged_is_in_the_file(tmp_path):
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")

    net.sim.create(Growing)
    with pytest.raises(nl.Diverged) as caught:
        net.sim.simulate(400.0)
    res = caught.value.results
    assert 90.0 < res.window[1] < 400.0             # 2^1024 is infinite
    with h5py.File(tmp_path / "s.h5") as file:
        assert len(file["spikes/spike_recorder/timestamps"]) == res.n_events(net.spikes) > 0
    assert len(res.trace(net.meter)) >= 66


def test_ctrl_c_leaves_a_file_that_cont_appends_to(in_stretches, tmp_path):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    net = build(tmp_path / "s.h5", tmp_path / "m.h5")
    net.sim.simulate(0.1)
    timer = threading.Timer(0.4, os.kill, (os.getpid(), signal.SIGINT))
    for rec in (net.spikes, net.meter):
        rec.set(overwrite=True)
    try:
        timer.start()
        with pytest.raises(nl.Interrupted) as caught:
            net.sim.simulate(1e6)
    finally:
        timer.cancel()
        signal.signal(signal.SIGINT, before)
    parts, reached = [caught.value.results, net.sim.cont(10.0)], net.sim.time
    whole = build()
    assert_same(taken(whole, whole.sim.simulate(round(reached, 6))), taken(net, *parts))


KILLED = """
import sys
from nestling import simulator as nl
from nestling.simulator import cpu, stretches
stretches.SECONDS = 0.02
sim = nl.Simulator(0.1, seed=3, threads=1)
cells, noise = sim.create(nl.iaf_psc_delta, 50), sim.create(nl.poisson_generator, rate=9000.0)
spikes, meter = sim.create(nl.spike_recorder, record_to=sys.argv[1]), sim.create(nl.voltmeter, record_to=sys.argv[2])
sim.connect(noise, cells, weight=2.0)
sim.connect(cells, spikes)
sim.connect(meter, cells)
sim.simulate(5.0)
print("begun", flush=True)
sim.cont(float(sys.argv[3]))
"""


def rows_in(path):
    """How many rows an HDF5 file has that is being written to."""
    try:
        with h5py.File(path, "r", swmr=True, locking=False) as file:
            return min(int(mine["rows"][()]) for mine in file["nestling"].values())
    except (OSError, KeyError):                 # in the middle of a change
        return 0


def test_a_killed_run_leaves_files_that_open(tmp_path):
    """SIGKILL at some moment, four times: in or between flushes."""
    written = []
    for i in range(4):
        paths = [str(tmp_path / f"{name}{i}.h5") for name in ("spikes", "V_m")]
        child = subprocess.Popen([sys.executable, "-c", KILLED, *paths, "1e7"], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        until = time.monotonic() + 60.0
        while not all(rows_in(path) > 100 for path in paths) and time.monotonic() < until:     # however slow the machine is
            time.sleep(0.01)
        time.sleep(0.3 + 0.013 * i)                                 # some stretches, which grow until one takes 20 ms
        child.kill()
        child.wait()
        rows = []
        for path, name in zip(paths, ("spikes/spike_recorder/timestamps", "report/voltmeter/data")):
            with sonata.open_to_read(path) as file:
                data, n = file[name], int(file[f"nestling/{name.split('/')[1]}/rows"][()])
                assert len(data) >= n > 100
                before = data[:n]
            nl.repair(path)
            with h5py.File(path) as file:                           # as any program opens it
                np.testing.assert_array_equal(file[name], before)
                rows.append(before)
        written.append(rows)
        spikes, V_m = rows
        # both recorders are flushed together, after 20 ms of computing: they end a stretch or two apart
        assert abs(spikes[-1] - len(V_m)) < 0.5 * len(V_m) and (np.diff(spikes) >= 0).all()
    for some in zip(*written):                                      # and what is there is right: it is always the same
        longest = max(some, key=len)
        for rows in some:
            np.testing.assert_array_equal(rows, longest[:len(rows)])


FULL = """
import resource, signal, sys
import numpy as np
from nestling import simulator as nl
from nestling.simulator import cpu, stretches
stretches.SECONDS = 0.01
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sim = nl.Simulator(0.1, seed=3, threads=1)
cells, noise = sim.create(nl.iaf_psc_delta, 50), sim.create(nl.poisson_generator, rate=9000.0)
spikes, meter = (sim.create(m, record_to=path) for m, path in zip((nl.spike_recorder, nl.voltmeter), sys.argv[1:]))
plain = sim.create(nl.spike_recorder), sim.create(nl.voltmeter)
sim.connect(noise, cells, weight=2.0)
for rec in (spikes, plain[0]):
    sim.connect(cells, rec)
for rec in (meter, plain[1]):
    sim.connect(rec, cells)
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
parts = [sim.simulate(20.0)]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
try:
    sim.cont(4000.0)
except nl.RecordingFailed as error:
    parts.append(error.results)
    print(error)
else:
    sys.exit("the run went on")
try:
    sim.cont(1.0)
except nl.RecordingFailed as error:
    parts.append(error.results)
else:
    sys.exit("nothing waited")
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
parts.append(sim.cont(30.0))
for a, b in ((spikes, plain[0]), (meter, plain[1])):
    get = (lambda r, rec: r.events(rec, plain=True)) if a is spikes else \
        (lambda r, rec: (r.trace_times(rec, plain=True), r.trace(rec, plain=True)))
    for part in parts:
        for x, y in zip(get(part, a), get(part, b)):
            np.testing.assert_allclose(x, y, rtol=0, atol=6e-4 if "dat" in sys.argv[1] else 0)
print(sim.time, parts[1].window[1])
"""


@pytest.mark.parametrize("suffix", ["h5", "dat"])
def test_a_full_disk_loses_nothing_and_cont_goes_on(suffix, tmp_path):
    paths = [str(tmp_path / f"{name}.{suffix}") for name in ("spikes", "V_m")]
    done = subprocess.run([sys.executable, "-c", FULL, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    message, times = done.stdout.splitlines()
    assert "rows are in the file and" in message and "wait in memory" in message and "cont() goes on" in message
    reached, failed = map(float, times.split())
    assert 20.0 < failed < 4000.0 and reached == pytest.approx(failed + 31.0)
    if suffix == "h5":
        with h5py.File(paths[1]) as file:
            assert len(file["report/voltmeter/data"]) == int(reached)


def test_a_folder_that_vanishes_is_an_error_that_keeps_what_was_recorded(in_memory, in_stretches, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    net = build(folder / "s.h5", tmp_path / "m.h5")
    away = tmp_path / "away"

    def move(sim):
        if folder.exists() and sim.time > 30.0:
            folder.rename(away)
    with pytest.raises(nl.RecordingFailed, match="the file is gone") as caught:
        net.sim.simulate(160.0, callback=move, every=10.0)
    failed = caught.value.results
    assert 30.0 < failed.window[1] < 160.0
    with pytest.raises(nl.BadRecording, match="cannot be read"):    # it is in the file that is gone, but for the rest
        failed.events(net.spikes)
    away.rename(folder)
    rest = net.sim.cont(160.0 - net.sim.time)
    assert_same(in_memory[160.0], taken(net, failed, rest))
