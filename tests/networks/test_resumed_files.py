"""Recorders that write to files go on in them after save() and load(): the files are those of a run that never stopped."""
from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from nestling import simulator as nl

FILES = ("spikes.h5", "spikes.dat", "in_steps.dat", "trace.h5", "states.h5", "states.dat", "never.h5")


def build(folder: Path, overwrite: bool = False) -> nl.Simulator:
    """Neurons that fire at some 40 spikes/s, and recorders of all kinds of files."""
    sim = nl.Simulator(seed=4, threads=1)
    cells, noise = sim.create(nl.iaf_psc_delta, 8), sim.create(nl.poisson_generator, rate=9000.0)
    sim.connect(noise, cells, weight=0.3)
    for name, model, given in zip(FILES, (nl.spike_recorder,) * 3 + (nl.multimeter,) * 3 + (nl.spike_recorder,), (
            {}, dict(precision=1), dict(time_in_steps=True, label="mine"), dict(record_from=["V_m"], interval=0.7),
            dict(record_from=["V_m", "r"], label="both"), dict(record_from=["r", "V_m"], interval=2.0, precision=9),
            dict(start=1e6))):
        rec = sim.create(model, record_to=str(folder / name), overwrite=overwrite, **given)
        sim.connect(*((cells, rec) if model is nl.spike_recorder else (rec, cells)))
    return sim


def contents(path: Path) -> dict[str, object]:
    """All that is in a file, by name."""
    if path.suffix == ".dat":
        return dict(enumerate(path.read_text().splitlines()))
    found: dict[str, object] = {}
    with h5py.File(path) as file:
        found.update((f"@{name}", np.asarray(value).tolist()) for name, value in file.attrs.items())
        file.visititems(lambda name, item: found.update(
            {name: item[()].tolist() if isinstance(item, h5py.Dataset) else "group",
             **{f"{name}@{a}": np.asarray(v).tolist() for a, v in item.attrs.items()}}))
    return found


def same(one: Path, other: Path) -> None:
    for name in FILES:
        a, b = contents(one / name), contents(other / name)
        assert a.keys() == b.keys(), name
        for key in a:
            assert a[key] == b[key], (name, key)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of one run of 100 ms."""
    folder = tmp_path_factory.mktemp("straight")
    build(folder).simulate(100.0)
    assert len(contents(folder / "spikes.dat")) > 20 and len(contents(folder / "states.dat")) == 3 + 8 * 50
    return folder


def in_a_new_process(code: str, folder: Path) -> int:
    script = f"from nestling import simulator as nl; {code}"
    return subprocess.run([sys.executable, "-c", script], cwd=folder, timeout=100).returncode


def test_files_go_on_where_the_checkpoint_was(straight, tmp_path):
    sim = build(tmp_path)
    sim.simulate(30.0)
    sim.save(tmp_path / "it")
    sim.cont(45.3)                                  # the original goes on: rows that the resumed run will write again
    assert in_a_new_process("nl.Simulator.load('it').cont(70.0)", tmp_path) == 0
    same(straight, tmp_path)
    loaded = nl.Simulator.load(tmp_path / "it")     # and again, in this process, with nothing more to record
    loaded.cont(0.0)
    assert len(contents(tmp_path / "states.dat")) == 3 + 8 * 15
    with h5py.File(tmp_path / "trace.h5") as file:
        assert file["report/multimeter/data"].shape == (42, 8) and file["nestling/multimeter/rows"][()] == 42
        assert file["report/multimeter/mapping/time"][:] == pytest.approx([0.7, 30.1, 0.7])
    loaded.cont(70.0)
    same(straight, tmp_path)
    with pytest.raises(nl.BadRecording, match="the file is that of another run now"):
        sim.cont(1.0)


def test_results_of_a_resumed_run_are_its_own_rows(straight, tmp_path):
    sim = build(tmp_path)
    sim.simulate(30.0)
    sim.save(tmp_path / "it")
    here = sim.cont(20.0)
    expected = [here.events(sim.populations[i], plain=True) for i in (2, 3, 4)], \
        [here.trace(sim.populations[i], "V_m", plain=True) for i in (5, 6, 7)]
    loaded = nl.Simulator.load(tmp_path / "it")
    there = loaded.cont(20.0)
    rest = [there.events(loaded.populations[i], plain=True) for i in (2, 3, 4)], \
        [there.trace(loaded.populations[i], "V_m", plain=True) for i in (5, 6, 7)]
    for a, b in zip(*expected, strict=False):
        assert len(a) and len(b)
    for mine, theirs in zip(expected, rest, strict=True):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
    assert loaded.populations[2].get("n_events") == sim.populations[2].get("n_events") > 0


@pytest.mark.parametrize("how", ["before", "between", "in the middle of it"])
def test_after_a_crash_the_run_goes_on_from_its_last_checkpoint(straight, tmp_path, how):
    killed = subprocess.run([sys.executable, __file__, tmp_path, how], timeout=100)
    assert killed.returncode == -signal.SIGKILL
    if how == "in the middle of it":
        with pytest.raises(OSError, match="already open for write|SWMR"):
            h5py.File(tmp_path / "trace.h5", "r+")
    assert nl.Simulator.load(tmp_path / "it").time == pytest.approx(50.0)
    assert in_a_new_process("nl.Simulator.load('it').cont(50.0)", tmp_path) == 0
    same(straight, tmp_path)


def run_until_killed(folder: Path, how: str) -> None:
    """A run that saves itself every 10 ms, and is killed after 50: at once, after it has written more, or while it writes."""
    sim = build(folder)
    sim.simulate(50.0, callback=lambda sim: sim.save(folder / "it", overwrite=True), every=10.0)
    if how != "before":
        sim.cont(20.0)
    opened = []
    for file in sim._files.values() if how == "in the middle of it" else ():
        if file.path.endswith(".dat"):
            with open(file.path, "a") as text:
                text.write("7\t70.1")
        else:
            opened.append(file._open())
            data = next(d for p in ("spikes/spike_recorder/timestamps", "report/multimeter/data", "report/both_V_m/data")
                        if (d := opened[-1].get(p)))
            data.resize(len(data) + 5, 0)
            opened[-1].flush()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_checkpoint_with_its_files_may_move(straight, tmp_path, monkeypatch):
    for name in ("here", "there"):
        os.mkdir(tmp_path / name)
    monkeypatch.chdir(tmp_path / "here")
    sim = build(Path())                             # paths within the folder
    sim.simulate(30.0)
    sim.save("it")
    for name in (*FILES, "it"):
        shutil.move(name, tmp_path / "there" / name)
    assert in_a_new_process("nl.Simulator.load('it').cont(70.0)", tmp_path / "there") == 0
    same(straight, tmp_path / "there")
    with pytest.raises(nl.BadRecording, match="the file is gone"):
        nl.Simulator.load(tmp_path / "there" / "it").cont(1.0)


def test_a_checkpoint_of_a_checkpoint_knows_its_files(straight, tmp_path):
    sim = build(tmp_path)
    sim.simulate(30.0)
    for i in range(3):
        sim.save(tmp_path / f"{i}")
        sim.cont(3.0)
        nl.Simulator.load(tmp_path / f"{i}").save(tmp_path / f"{i}", overwrite=True)
        sim = nl.Simulator.load(tmp_path / f"{i}")
        sim.cont(20.0)
    sim.cont(10.0)
    same(straight, tmp_path)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    sim = build(tmp_path)
    sim.simulate(30.0)
    sim.save(tmp_path / "it")
    sim.cont(5.0)
    return tmp_path


def refused(folder: Path, name: str, match: str) -> None:
    """cont() is refused, and nothing was changed by that; another path helps."""
    before = {n: (folder / n).read_bytes() for n in FILES if (folder / n).exists()}
    loaded = nl.Simulator.load(folder / "it")
    with pytest.raises(nl.BadRecording, match=match) as found:
        loaded.cont(1.0)
    assert str(folder / name) in str(found.value) and "set(record_to=...)" in str(found.value)
    assert before == {n: (folder / n).read_bytes() for n in FILES if (folder / n).exists()}
    assert loaded.time == pytest.approx(30.0)
    loaded.populations[2 + FILES.index(name)].set(record_to=str(folder / f"more{Path(name).suffix}"))
    loaded.cont(1.0)
    assert (folder / f"more{Path(name).suffix}").exists()


@pytest.mark.parametrize("name", ["spikes.h5", "spikes.dat", "trace.h5", "states.dat", "never.h5"])
def test_a_file_that_is_gone_is_refused(saved, name):
    os.remove(saved / name)
    refused(saved, name, "the file is gone")


@pytest.mark.parametrize("name", ["spikes.h5", "trace.h5", "states.h5"])
def test_a_file_with_fewer_rows_is_refused(saved, name):
    with h5py.File(saved / name, "r+") as file:
        rows = next(iter(file["nestling"].values()))["rows"]
        rows[...] = 3
    refused(saved, name, "it has 3 rows, and there were")


def test_a_text_with_fewer_rows_is_refused(saved):
    lines = (saved / "states.dat").read_text().splitlines(keepends=True)
    (saved / "states.dat").write_text("".join(lines[:50]))
    refused(saved, "states.dat", "it has fewer rows than there were, ")


def test_the_file_of_another_recorder_is_refused(saved):
    for name, other, why in (("spikes.h5", "trace.h5", "it is another recorder's"), ("states.h5", "spikes.h5", "another"),
                             ("spikes.dat", "states.dat", "it is another recorder's")):
        kept = (saved / name).read_bytes()
        shutil.copy(saved / other, saved / name)
        refused(saved, name, why)
        (saved / name).write_bytes(kept)
        for more in saved.glob("more.*"):
            more.unlink()


@pytest.mark.parametrize("name", ["spikes.h5", "spikes.dat", "trace.h5", "states.dat"])
def test_the_file_of_another_run_is_refused(saved, tmp_path, name):
    os.mkdir(tmp_path / "other")
    sim = build(tmp_path / "other")
    sim.populations[0].set(V_th=-56.0)              # as it would be with another seed
    sim.simulate(60.0)
    shutil.copy(tmp_path / "other" / name, saved / name)
    refused(saved, name, "it is another run's")


def test_what_is_no_hdf5_is_refused(saved):
    (saved / "spikes.h5").write_bytes(b"hello")
    refused(saved, "spikes.h5", "cannot append to it")


def test_samples_that_would_leave_a_gap_are_refused(saved):
    loaded = nl.Simulator.load(saved / "it")
    loaded.populations[5].set(start=50.0)
    with pytest.raises(nl.BadRecording, match="trace.h5.*the next sample is due at 30.1 ms, but would be taken at 50.4 ms"):
        loaded.cont(30.0)


def test_a_file_that_is_gone_is_noticed_when_it_is_saved(tmp_path):
    sim = build(tmp_path)
    sim.simulate(5.0)
    os.remove(tmp_path / "spikes.dat")
    with pytest.raises(nl.BadRecording, match="spikes.dat.*gone.*set.record_to=.* save again"):
        sim.save(tmp_path / "it")
    assert not (tmp_path / "it").exists()
    sim.populations[3].set(record_to="memory")
    sim.save(tmp_path / "it")
    nl.Simulator.load(tmp_path / "it").cont(1.0)


def test_a_fresh_run_of_what_was_loaded_makes_its_files_anew(straight, tmp_path):
    sim = build(tmp_path, overwrite=True)
    sim.simulate(10.0)
    sim.save(tmp_path / "it")
    nl.Simulator.load(tmp_path / "it").simulate(100.0)
    same(straight, tmp_path)
    os.mkdir(tmp_path / "new")
    sim = build(tmp_path / "new")
    sim.simulate(1.0)
    sim.populations[2].set(record_to=str(tmp_path / "more.h5"))        # nothing is in it yet with which to go on
    sim.save(tmp_path / "other")
    (tmp_path / "more.h5").write_bytes(b"mine")
    with pytest.raises(nl.BadRecording, match="more.h5.*is there already"):
        nl.Simulator.load(tmp_path / "other").cont(1.0)


if __name__ == "__main__":
    run_until_killed(Path(sys.argv[1]), sys.argv[2])
