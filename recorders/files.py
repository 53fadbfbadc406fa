"""Files that recorders write to while a network runs.

A `RecordingFile` holds columns of equal length: what was recorded, in rows of one event (stamps and senders, and of weights
WEIGHTS) or of one sample (stamps, and the values of every state). It is open only while something is appended or read, so that
between two stretches of a run any program can open it. Rows that could not be written wait in memory, and are read from there.
"""
from __future__ import annotations

import bisect
import hashlib
import os
import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .contract import BadRecording, RecordingFailed
from .paths import ASCII, reserve, signature

Columns = dict[str, np.ndarray]
_latest: weakref.WeakValueDictionary[str, RecordingFile] = weakref.WeakValueDictionary()      # made by this process, by path
OTHERS = "it has not the rows that were written: another process writes to it"
PIECE = 1 << 24                 # bytes that are read at a time where not all are wanted
MANY = 1 << 12                  # times of writing to a file that are remembered
LAST = 1 << 16                  # bytes of the last rows, by which a file is known again
WEIGHTS = {"weights": np.float64, "targets": np.int64, "receptors": np.int64}     # in the order of NEST's columns


@dataclass(frozen=True, eq=False)
class About:
    """What a file's rows are: of which recorder, of which nodes (global ids). Of samples, every `interval` steps, the states
    with their types and units. Of weights, the global ids of targets."""

    name: str
    ids: np.ndarray
    dt: float
    time_in_steps: bool
    precision: int
    interval: int = 0
    states: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    targets: np.ndarray | None = None

    @property
    def further(self) -> dict[str, Any]:
        """Names and types of the columns of events beyond stamps and senders."""
        return WEIGHTS if self.targets is not None else {}

    def same(self, other: About) -> bool:
        """Whether rows of both can stand in one file."""
        mine, theirs = ((a.name, a.dt, a.time_in_steps, a.precision, a.interval, a.states) for a in (self, other))
        mine_to, theirs_to = ([0] if a.targets is None else a.targets for a in (self, other))
        return mine == theirs and np.array_equal(self.ids, other.ids) and np.array_equal(mine_to, theirs_to)


class RecordingFile(ABC):
    """What one recorder has written to `path`: `rows` rows, and those that wait. next: stamp of the sample that must follow.

    expected: of a file that has still to be found, the digest of its last rows at the checkpoint.
    """

    def __init__(self, path: str, about: About) -> None:
        self.path, self.about = os.path.abspath(path), about
        self.given = path                   # as record_to, which means this file whatever the folder is later
        self.rows = 0
        self.next: int | None = None
        self.replaced = False               # the file is another run's now
        self.left = 0                       # of one that is another's: the first rows, which are the same there
        self._before: RecordingFile | None = None       # whose rows it went on with
        self.expected: str | None = None
        self._waiting: list[Columns] = []
        self._known: list[tuple[int, str]] = []         # after each time that it was written to: rows, and a digest of the last
        self._seen: Any = None              # signature of the file when it was last found to have them

    @property
    def end(self) -> int:
        """How many rows there are, with those that wait."""
        return self.rows + sum(len(c["stamps"]) for c in self._waiting)

    @property
    def waiting_bytes(self) -> int:
        return sum(a.nbytes for c in self._waiting for a in c.values())

    def make(self) -> None:
        """Make the file, in the place of one that may be there."""
        try:
            if os.path.exists(self.path):
                os.remove(self.path)
            self._make()
            self._own(0)
            self._known = [(0, self._digest(0))]
        except OSError as error:
            raise BadRecording(f"record_to = {self.path!r}: cannot be made: {error}") from error

    def _own(self, left: int) -> None:
        """Be the one that writes to the path; left: how many rows stay of those that another wrote there."""
        before = _latest.get(self.path)
        self._before = before if left else None
        while before is not None:
            before.left = min(left, before.left) if before.replaced else left
            before.replaced, before = True, before._before
        _latest[self.path] = self

    def is_at(self, record_to: str) -> bool:
        """Whether a recorder that is to write there writes to this file."""
        return record_to == self.given or os.path.abspath(record_to) == self.path

    def position(self) -> dict[str, Any]:
        """Where the file stands, for a checkpoint, with all rows on the disk. Raises BadRecording, RecordingFailed."""
        self.flush()
        try:
            self.check()
            with open(self.path, "r+b") as file:
                os.fsync(file.fileno())
            return dict(rows=self.rows, next=self.next, last=self.expected or self._known[-1][1])     # as it was found
        except OSError as error:
            raise BadRecording(f"record_to = {self.path!r}: {error}, so that no checkpoint can say where it stands: give "
                               f"another path by set(record_to=...), and save again") from error

    def stand_at(self, position: dict[str, Any]) -> None:
        """Be the file of a checkpoint, which is looked for when the run goes on."""
        self.rows, self.next, self.expected = position["rows"], position["next"], position["last"]

    def take_up(self) -> None:
        """Go on with the file of a checkpoint: rows that were written after it are cut off. Raises BadRecording."""
        if self.expected is None:
            return
        try:
            self._cut()
        except OSError as error:
            raise BadRecording(f"record_to = {self.path!r}: cannot be written to: {error}") from error
        self._known, self.expected = [(self.rows, self.expected)], None
        self._own(self.rows)

    def _digest(self, rows: int) -> str:
        try:
            return hashlib.sha256(self._last(rows)).hexdigest()
        except (KeyError, ValueError) as error:
            raise OSError("it is another recorder's") from error

    def add(self, columns: Columns) -> None:
        """Rows that `flush` will write."""
        if len(columns["stamps"]):
            self._waiting.append(columns)
            self.next = int(columns["stamps"][-1]) + self.about.interval

    def flush(self) -> None:
        """Append what waits. Raises RecordingFailed: then it waits on."""
        if not self._waiting:
            return
        try:
            self.check()
            reserve(self.path, self._size())
            last = self._write(self._waiting)
        except (OSError, KeyError, ValueError, RuntimeError) as error:      # h5py raises all of these
            raise RecordingFailed(
                f"{self.path}: {error}. {self.rows:,} rows are in the file and {self.end - self.rows:,} wait in memory; "
                f"results hold both; cont() goes on (or run(), before cleanup()), writing those first") from error
        self.rows, self._waiting, self._seen = self.end, [], None
        self._known.append((self.rows, hashlib.sha256(last).hexdigest()))
        if len(self._known) > MANY:
            self._forget()

    def _forget(self) -> None:
        """Every second of what is known of the file's past, that a million short runs take no memory."""
        self._known = self._known[1::2] if len(self._known) % 2 == 0 else self._known[::2]      # the last one stays

    def check(self, end: int | None = None) -> None:
        """OSError where the file is not there any more, is not that of the checkpoint, or has not the rows that were written:
        all, or those before `end`."""
        if self.replaced or not os.path.isfile(self.path):
            raise FileNotFoundError(f"the file is {'that of another run now' if self.replaced else 'gone'}")
        if self.expected is not None:
            if self.expected != self._digest(self.rows):
                raise OSError("it is another run's: its rows are not those that it had at the checkpoint")
        elif (seen := signature(self.path)) != self._seen:
            rows, digest = self._known[bisect.bisect_left(self._known, (self.rows if end is None else end,))]
            try:
                same = self._digest(rows) == digest
            except OSError as error:
                raise OSError(f"{OTHERS} ({error})") from error
            if not same:
                raise OSError(OTHERS)
            self._seen = seen if rows == self.rows else self._seen

    def first_after(self, stamp: int, begin: int, end: int) -> int:
        """The first of the rows begin .. end - 1 that is later than a stamp, or end. Raises BadRecording."""
        if begin == end:
            return end
        edges = [begin, *(e for e in self._edges() if begin < e < end), end]
        after = bisect.bisect_right(edges[:-1], stamp, key=lambda row: int(self.read(row, row + 1, ("stamps",))["stamps"][0]))
        if not after:
            return begin
        first, last = edges[after - 1], edges[after]
        return first + int(np.searchsorted(self.read(first, last, ("stamps",))["stamps"], stamp, side="right"))

    def read(self, begin: int, end: int, names: tuple[str, ...] = ()) -> Columns:
        """Rows begin .. end - 1 of the columns of these names, or of all. Raises BadRecording where they cannot be read."""
        names, parts = names or tuple(no_rows(self.about)), []
        try:
            if begin < min(end, self.rows):
                if end > self.left:
                    self.check(min(end, self.rows))
                found = self._read(begin, min(end, self.rows), names)
                parts.append({name: found[name] for name in names})
        except (OSError, KeyError, ValueError) as error:
            raise BadRecording(f"{self.path}: what was recorded cannot be read: {error}") from error
        if end > self.rows or not parts:
            waiting = joined(self._waiting) if self._waiting else no_rows(self.about)
            parts.append({name: waiting[name][max(begin - self.rows, 0):max(end - self.rows, 0)] for name in names})
        return joined(parts)

    @abstractmethod
    def _make(self) -> None: ...

    @abstractmethod
    def _write(self, pieces: list[Columns]) -> bytes:
        """Append rows; returns what `_last` would, if nobody else writes to the file."""

    @abstractmethod
    def _read(self, begin: int, end: int, names: tuple[str, ...]) -> Columns: ...

    @abstractmethod
    def _edges(self) -> list[int]:
        """Rows, ascending, that are quickly found: of some thousands one, and the first that waits."""

    @abstractmethod
    def _last(self, rows: int) -> bytes:
        """The last of so many rows, and what they are of; OSError, KeyError or ValueError where there are fewer, or others."""

    @abstractmethod
    def _cut(self) -> None:
        """Drop what comes after its rows."""

    @abstractmethod
    def _size(self) -> int:
        """At most so many bytes will be written of what waits."""


@dataclass(frozen=True)
class Part:
    """Rows of a file, for the results of one window."""

    file: RecordingFile
    begin: int
    end: int

    def __reduce__(self) -> Any:
        """A pickle holds the rows: where it is opened, nobody knows whether the file is still the same."""
        return dict, (self.read(),)

    def read(self, *names: str) -> Columns:
        return self.file.read(self.begin, self.end, names)

    def values(self, name: str, nodes: list[int]) -> np.ndarray:
        """A state's values of some nodes, (samples, nodes), of which no more is in memory at a time than is written at once."""
        step = max(1, PIECE // (8 * max(len(self.file.about.ids), 1)))
        parts = [Part(self.file, i, min(i + step, self.end)) for i in range(self.begin, self.end, step)] or [self]
        return np.concatenate([part.read(name)[name][:, nodes] for part in parts])

    def between(self, first: int, last: int) -> Part:
        """The rows with stamps from first to last."""
        begin = self.file.first_after(first - 1, self.begin, self.end)
        return Part(self.file, begin, self.file.first_after(last, begin, self.end))


def no_rows(about: About) -> Columns:
    """The columns of events or samples of which there is none."""
    rows: Columns = {"stamps": np.zeros(0, np.int64)}
    if not about.states:
        return {**rows, **{name: np.zeros(0, kind) for name, kind in {"senders": np.int64, **about.further}.items()}}
    return {**rows, **{name: np.zeros((0, len(about.ids)), kind) for name, kind in about.states.items()}}


def joined(parts: list[Columns]) -> Columns:
    """Rows of several pieces, one after another."""
    return parts[0] if len(parts) == 1 else {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def file_for(path: str, about: About) -> RecordingFile:
    """The file of that format, not yet made."""
    if Path(path).suffix in ASCII:
        from .ascii import AsciiFile
        return AsciiFile(path, about)
    from .sonata import SonataEvents, SonataReport
    return (SonataReport if about.states else SonataEvents)(path, about)
