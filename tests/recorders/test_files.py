"""Files of recorders by themselves: what is added is read back, whatever fails in between."""
import builtins
import errno
import fcntl
import os
import shutil
import signal
import subprocess
import sys

import h5py
import numpy as np
import pytest

from nestling.recorders import ascii as ascii_format
from nestling.recorders import files, sonata
from nestling.recorders.contract import BadRecording, RecordingFailed

SUFFIXES = ("h5", "dat")


def about(kind, **given):
    known = dict(name="rec", ids=np.array([7, 3, 12]), dt=0.1, time_in_steps=False, precision=9)
    if kind == "states":
        known |= dict(interval=5, states={"V_m": np.dtype(float), "r": np.dtype(np.int64)}, units={"V_m": "mV", "r": ""})
    if kind == "weights":
        known |= dict(targets=np.array([20, 9]))
    return files.About(**(known | given))


def rows(kind, begin, end, seed=0):
    """Some events or samples, of the steps begin .. end - 1."""
    rng = np.random.default_rng([seed, begin])
    if kind == "states":
        stamps = np.arange(begin, end) * 5
        shape = len(stamps), 3
        return {"stamps": stamps, "V_m": rng.normal(-60.0, 5.0, shape).round(6), "r": rng.integers(0, 9, shape)}
    stamps = np.sort(rng.integers(begin * 5, end * 5, 3 * (end - begin)))
    found = {"stamps": stamps, "senders": rng.integers(0, 3, len(stamps))}
    if kind == "weights":
        found |= {"weights": rng.normal(0.0, 9.0, len(stamps)).round(6), "targets": rng.integers(0, 2, len(stamps)),
                  "receptors": rng.integers(0, 4, len(stamps))}
    return found


def same(a, b):
    assert set(a) == set(b)
    for name in a:
        assert a[name].dtype == b[name].dtype, name
        np.testing.assert_array_equal(a[name], b[name])


def made(path, kind, **given):
    file = files.file_for(str(path), about(kind, **given))
    file.make()
    return file


def written_twice(path, kind):
    """A file with some rows, and its position after the first of them."""
    file = made(path, kind)
    file.add(rows(kind, 1, 40))
    file.flush()
    position = file.position()
    file.add(rows(kind, 40, 90))
    file.flush()
    return file, position


@pytest.mark.parametrize("in_steps", [False, True])
@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_what_is_added_is_read_back_in_any_piece(suffix, kind, in_steps, tmp_path, monkeypatch):
    monkeypatch.setattr(ascii_format, "ROWS", 21)                   # made into text at a time
    file = made(tmp_path / f"x.{suffix}", kind, time_in_steps=in_steps)
    same(file.read(0, 0), files.no_rows(file.about))
    pieces = [rows(kind, i, i + 40) for i in range(1, 201, 40)]
    for i, piece in enumerate(pieces):
        file.add(piece)
        if i != 3:                                      # the fourth waits for the fifth
            file.flush()
    whole = files.joined(pieces)
    n = len(whole["stamps"])
    assert file.rows == file.end == n and file.waiting_bytes == 0
    for begin, end in ((0, n), (0, 0), (n, n), (17, 18), (39, 121), (n - 1, n)):
        same(file.read(begin, end), {name: a[begin:end] for name, a in whole.items()})
    same(file.read(3, 9, ("stamps",)), {"stamps": whole["stamps"][3:9]})


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_rows_are_found_by_their_stamp(suffix, kind, waiting, tmp_path, monkeypatch):
    monkeypatch.setattr(sonata, "ROWS", 10)
    file = made(tmp_path / f"x.{suffix}", kind)
    assert file.first_after(3, 0, 0) == 0
    pieces = [rows(kind, i, i + 20) for i in range(1, 101, 20)]
    for piece in pieces:
        file.add(piece)
        if not waiting or piece is not pieces[-1]:
            file.flush()
    stamps = files.joined(pieces)["stamps"]
    n = len(stamps)
    for begin, end in ((0, n), (7, n - 4), (n // 2, n // 2 + 1), (n - 1, n), (n, n), (0, 0)):
        for stamp in (-1, 0, 4, 5, 6, 99, 100, 101, 250, 399, 400, 495, 500, 10_000):
            right = begin + np.searchsorted(stamps[begin:end], stamp, side="right")
            assert file.first_after(stamp, begin, end) == right, (begin, end, stamp)


def test_of_a_long_text_little_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(ascii_format, "ROWS", 60)
    loadtxt, lines = np.loadtxt, []

    def noted(text, **given):
        lines.append(text.getvalue().count(b"\n"))
        return loadtxt(text, **given)
    for kind in ("spikes", "states"):
        file = made(tmp_path / f"{kind}.dat", kind)
        whole = rows(kind, 1, 400)
        for columns in ({name: a[:7] for name, a in whole.items()}, {name: a[7:] for name, a in whole.items()}):
            file.add(columns)
        file.flush()                                                # at once
        monkeypatch.setattr(np, "loadtxt", noted)
        n = file.end
        same(file.read(300, 303), {name: a[300:303] for name, a in whole.items()})
        at = int(whole["stamps"][n // 2])
        assert file.first_after(at, 0, n) == np.searchsorted(whole["stamps"], at, side="right")
        assert max(lines) <= 120
        monkeypatch.undo()
        monkeypatch.setattr(ascii_format, "ROWS", 60)
    lines.clear()
    monkeypatch.setattr(np, "loadtxt", noted)
    np.testing.assert_array_equal(file.read(5, 399, ("stamps",))["stamps"], whole["stamps"][5:399])     # of all samples
    assert len(lines) == 1 and lines[0] <= 120


@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_write_that_fails_leaves_what_was_there_and_is_made_up_for(suffix, kind, at, tmp_path, monkeypatch):
    file = made(tmp_path / f"x.{suffix}", kind)
    pieces = [rows(kind, 1, 40), rows(kind, 40, 90), rows(kind, 90, 95)]
    file.add(pieces[0])
    file.flush()
    write = file._write

    def failing(columns):
        if at == "after":                               # rows that are there, but not known to be
            marks = list(getattr(file, "_marks", ()))
            write(columns)
            file._marks = marks
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(file, "_write", failing)
    file.add(pieces[1])
    for _ in range(2):
        with pytest.raises(RecordingFailed, match=r"No space left on device. (117|39) rows .* and (150|50) wait in memory"):
            file.flush()
    same(file.read(0, file.end), files.joined(pieces[:2]))          # from the file, and from memory
    monkeypatch.undo()
    file.add(pieces[2])
    file.flush()
    assert file.waiting_bytes == 0
    same(file.read(0, file.end), files.joined(pieces))
    again = made(tmp_path / f"again.{suffix}", kind)
    again.add(files.joined(pieces))
    again.flush()
    same(again.read(0, again.end), file.read(0, file.end))


@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("how", ["goes on", "begins anew"])
def test_a_file_that_another_process_writes_to_is_noticed(suffix, kind, how, tmp_path, monkeypatch):
    file, position = written_twice(tmp_path / f"x.{suffix}", kind)
    ours = file.end
    monkeypatch.setattr(files, "_latest", {})           # files of another process are not known here
    if how == "goes on":
        other = files.file_for(file.path, file.about)
        other.stand_at(position)
        other.take_up()
    else:
        other = made(file.path, kind)
    for theirs in (None, rows(kind, 40, 60, seed=1)):
        if theirs is not None:
            other.add(theirs)
            other.flush()
        file.add(rows(kind, 90, 99))
        with pytest.raises(RecordingFailed, match="another process writes to it"):
            file.flush()
        with pytest.raises(BadRecording, match="another process writes to it"):
            file.read(0, file.end, ("stamps",) if theirs is None else ())
        assert file.rows == ours
    same(other.read(0, other.end), files.joined([rows(kind, 1, 40)] * (how == "goes on") + [theirs]))


@pytest.mark.parametrize("error", [RuntimeError, KeyError, ValueError])
def test_whatever_h5py_raises_is_a_write_that_failed(error, tmp_path, monkeypatch):
    file = made(tmp_path / "x.h5", "spikes")
    file.add(rows("spikes", 1, 40))
    resize = h5py.Dataset.resize

    def failing(*_):
        raise error("Unable to synchronously flush file")
    monkeypatch.setattr(h5py.Dataset, "resize", failing)
    with pytest.raises(RecordingFailed, match="Unable to synchronously flush file"):
        file.flush()
    monkeypatch.setattr(h5py.Dataset, "resize", resize)
    file.flush()
    same(file.read(0, file.end), rows("spikes", 1, 40))


@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("how", ["goes on", "begins anew"])
def test_as_many_rows_of_another_process_are_told_apart(suffix, kind, how, tmp_path, monkeypatch):
    """Samples of two runs are equally many, and only what they hold is another's."""
    file, position = written_twice(tmp_path / f"x.{suffix}", kind)
    monkeypatch.setattr(files, "_latest", {})
    other = files.file_for(file.path, file.about)
    if how == "goes on":
        other.stand_at(position)
        other.take_up()
    else:
        other.make()
        other.add(rows(kind, 1, 40, seed=1))
    other.add(rows(kind, 40, 90, seed=1))
    other.add(rows(kind, 90, 95, seed=1))
    other.flush()
    with pytest.raises(BadRecording, match="another process writes to it"):
        file.read(0, file.end)
    if how == "goes on":
        same(file.read(3, position["rows"]), {name: a[3:] for name, a in rows(kind, 1, 40).items()})
    else:
        with pytest.raises(BadRecording, match="another process writes to it"):
            file.read(0, 3, ("stamps",))
    file.add(rows(kind, 90, 95))
    with pytest.raises(RecordingFailed, match="another process writes to it"):
        file.flush()


def test_a_text_is_locked_while_it_is_written(tmp_path, monkeypatch):
    """What came while another process had the lock is not written over, now or at the next attempt."""
    file, lock = made(tmp_path / "x.dat", "spikes"), ascii_format.lock
    other = files.file_for(file.path, file.about)
    other._marks, other._known = list(file._marks), list(file._known)
    theirs, ours = rows("spikes", 1, 40, seed=1), rows("spikes", 1, 40)

    def waited(locked):
        monkeypatch.setattr(ascii_format, "lock", lock)
        other.add(theirs)
        other.flush()
        lock(locked)
        with open(file.path) as again, pytest.raises(BlockingIOError):
            fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    monkeypatch.setattr(ascii_format, "lock", waited)
    file.add(ours)
    for _ in range(2):
        with pytest.raises(RecordingFailed, match="another process writes to it"):
            file.flush()
    same(other.read(0, other.end), theirs)
    same(file.read(0, file.end), ours)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_was_copied_or_touched_is_the_same(suffix, tmp_path):
    file = made(tmp_path / f"x.{suffix}", "spikes")
    for i in (1, 40):
        file.add(rows("spikes", i, i + 39))
        file.flush()
        os.utime(file.path)
        shutil.copy(file.path, tmp_path / "copy")
        os.replace(tmp_path / "copy", file.path)
    same(file.read(0, file.end), files.joined([rows("spikes", 1, 40), rows("spikes", 40, 79)]))


@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
def test_whenever_a_process_is_killed_the_file_opens(kind, tmp_path):
    """At every moment at which it is open to be written to: that is when it might say so in a way that shuts others out."""
    file = made(tmp_path / "x.h5", kind)
    file.add(rows(kind, 1, 40))
    file.flush()
    n = file.end
    script = "import os, sys, types; from nestling.recorders.sonata import SonataFile; " \
             "opened = SonataFile._open(types.SimpleNamespace(path=sys.argv[1])); os.kill(os.getpid(), 9)"
    assert subprocess.run([sys.executable, "-c", script, file.path]).returncode == -signal.SIGKILL
    with h5py.File(file.path, "r", swmr=True, locking=False) as found:
        assert found["nestling/rec/rows"][()] == n
    sonata.repair(file.path)
    same(file.read(0, n), rows(kind, 1, 40))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_remembers_no_more_than_so_many_times_of_writing(suffix, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MANY", 16)
    file = made(tmp_path / f"x.{suffix}", "spikes")
    pieces = [rows("spikes", i, i + 1) for i in range(1, 101)]
    for piece in pieces:
        file.add(piece)
        file.flush()
    assert len(file._known) <= 16 and len(file._edges()) <= 40
    whole = files.joined(pieces)
    for begin, end in ((0, 300), (0, 1), (100, 200), (299, 300), (33, 35)):
        os.utime(file.path)                             # it is looked at again
        same(file.read(begin, end), {name: a[begin:end] for name, a in whole.items()})
    file.add(rows("spikes", 101, 102))
    file.flush()
    same(file.read(0, 303), files.joined([*pieces, rows("spikes", 101, 102)]))


def test_a_full_disk_is_noticed_before_the_file_is_touched(tmp_path, monkeypatch):
    file = made(tmp_path / "x.h5", "spikes")
    file.add(rows("spikes", 1, 40))
    file.flush()
    before = (tmp_path / "x.h5").read_bytes()

    def full(number, offset, length):
        raise OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(os, "posix_fallocate", full)
    file.add(rows("spikes", 40, 90))
    with pytest.raises(RecordingFailed, match="No space left"):
        file.flush()
    assert (tmp_path / "x.h5").read_bytes() == before


def test_as_many_bytes_are_asked_for_as_are_written_at_most(tmp_path):
    for kind in ("spikes", "states", "weights"):
        for suffix in SUFFIXES:
            file = made(tmp_path / f"{kind}.{suffix}", kind)
            for i in range(1, 4000, 1000):
                for piece in (rows(kind, i, i + 500), rows(kind, i + 500, i + 1000)):
                    file.add(piece)
                before, most = os.path.getsize(file.path), file._size()
                file.flush()
                assert 0 <= os.path.getsize(file.path) - before <= most


def test_a_file_that_another_run_made_is_not_written_to(tmp_path):
    first = made(tmp_path / "x.h5", "spikes")
    first.add(rows("spikes", 1, 9))
    first.flush()
    second = made(tmp_path / "x.h5", "spikes")
    first.add(rows("spikes", 9, 12))
    with pytest.raises(RecordingFailed, match="that of another run now"):
        first.flush()
    with pytest.raises(BadRecording, match="that of another run now"):
        first.read(0, 3)
    same(second.read(0, 0), files.no_rows(second.about))


def test_rows_fit_together_or_not():
    for kind in ("spikes", "states", "weights"):
        mine = about(kind)
        assert mine.same(about(kind))
        for other in (dict(name="other"), dict(ids=np.array([7, 3])), dict(dt=0.2), dict(time_in_steps=True), dict(precision=3),
                      dict(interval=6), dict(states={"w": np.dtype(float)}), dict(targets=np.array([9, 20])),
                      dict(targets=None if kind == "weights" else np.zeros(0, int))):
            assert not mine.same(about(kind, **other)), other


# --- after a crash ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kind", ["spikes", "states", "weights"])
@pytest.mark.parametrize("copied", [0, 1, 2, 3, 4])
def test_a_file_opens_whatever_was_written_of_it(kind, copied, tmp_path, monkeypatch):
    """A copy of the file at every moment at which a process may have been killed: after each of its data sets was written."""
    file = made(tmp_path / "x.h5", kind)
    pieces = [rows(kind, 1, 40), rows(kind, 40, 90)]
    file.add(pieces[0])
    file.flush()
    resize, seen = h5py.Dataset.resize, []

    def copying(self, *given):
        self.file.flush()
        seen.append(None)
        if len(seen) == copied + 1:
            (tmp_path / "killed.h5").write_bytes((tmp_path / "x.h5").read_bytes())
        resize(self, *given)
    monkeypatch.setattr(h5py.Dataset, "resize", copying)
    file.add(pieces[1])
    file.flush()
    monkeypatch.undo()
    if not (tmp_path / "killed.h5").exists():
        assert copied >= {"spikes": 2, "states": 2, "weights": 5}[kind]
        return
    with pytest.raises(OSError):
        h5py.File(tmp_path / "killed.h5", "r")                      # it says that it is being written to
    with h5py.File(tmp_path / "killed.h5", "r", swmr=True, locking=False) as found:
        assert found["nestling/rec/rows"][()] == len(pieces[0]["stamps"])
    sonata.repair(tmp_path / "killed.h5")
    killed = files.file_for(str(tmp_path / "killed.h5"), about(kind))
    killed.rows = len(pieces[0]["stamps"])
    killed._known = [(killed.rows, killed._digest(killed.rows))]
    same(killed.read(0, killed.rows), pieces[0])
    with h5py.File(tmp_path / "killed.h5", "r") as found, h5py.File(tmp_path / "x.h5", "r") as whole:
        names, others = [], []
        found.visit(names.append)
        whole.visit(others.append)
        assert names == others
        assert {k: v.tolist() for k, v in found.attrs.items()} == {k: v.tolist() for k, v in whole.attrs.items()}
        for name in names:
            if isinstance(found[name], h5py.Dataset) and found[name].ndim and found[name].maxshape[0] is None:
                assert len(found[name]) == killed.rows


def test_repair_leaves_a_whole_file_as_it_is(tmp_path):
    file = made(tmp_path / "x.h5", "states")
    piece = rows("states", 1, 40)
    file.add(piece)
    file.flush()
    sonata.repair(tmp_path / "x.h5")
    same(file.read(0, 39), piece)
    file.add(rows("states", 40, 50))
    file.flush()                                                    # and it can be appended to
    same(file.read(39, 49), rows("states", 40, 50))


# --- nodes that stand twice ------------------------------------------------------------------------------------------------

def test_places_of_nodes():
    ids = np.array([4, 9, 4, 2])
    stamps, senders = np.array([1, 1, 1, 2, 3, 3, 3]), np.array([4, 4, 9, 2, 4, 2, 4])
    found = ascii_format.places(stamps, senders, ids)
    np.testing.assert_array_equal(ids[found], senders)
    assert sorted(found[:2]) == [0, 2] and sorted(found[[4, 6]]) == [0, 2]
    several = ascii_format.places(np.ones(4, int), np.full(4, 4), ids)      # a node that counts twice in a step
    assert sorted(several) == [0, 0, 2, 2]


def test_importing_needs_no_h5py(monkeypatch):
    real = builtins.__import__

    def without(name, *given, **also):
        assert name != "h5py"
        return real(name, *given, **also)
    monkeypatch.setattr(builtins, "__import__", without)
    files.file_for("x.dat", about("spikes"))
    files.file_for("x.h5", about("spikes"))
