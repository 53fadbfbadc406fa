"""NEST's ascii format of recorded data (its RecordingBackendASCII, version 2): a row of text an event, or a node and sample."""
from __future__ import annotations

import contextlib
import io
import os
from itertools import chain
from typing import Any

import numpy as np

from .files import LAST, OTHERS, About, Columns, RecordingFile
from .paths import lock

HEAD = "# NEST version: 3.10.0\n# RecordingBackendASCII version: 2\n"       # whose format this is
ROWS = 1 << 16                  # made into text at a time


class AsciiFile(RecordingFile):
    """A file of rows `sender time states...`, or of weights `sender time weights targets receptors`; nodes are global ids."""

    def __init__(self, path: str, about: About) -> None:
        super().__init__(path, about)
        self.width = len(about.ids) if about.states else 1            # lines a row
        self._marks = [(0, 0)]                                        # rows, and the bytes that they take with the head
        self._left = 0                                                # bytes that there were after the last attempt to write

    @property
    def _head(self) -> str:
        time = ["time_step", "time_offset"] if self.about.time_in_steps else ["time_ms"]
        return HEAD + "\t".join(["sender", *time, *self.about.states, *self.about.further]) + "\n"

    def _make(self) -> None:
        with open(self.path, "x") as file:
            file.write(self._head)
        self._marks = [(0, len(self._head))]

    def position(self) -> dict[str, Any]:
        return {**super().position(), "bytes": self._marks[-1][1]}

    def stand_at(self, position: dict[str, Any]) -> None:
        super().stand_at(position)
        self._marks = [(0, len(self._head)), (self.rows, position["bytes"])]

    def _forget(self) -> None:
        super()._forget()
        known = {0, *(rows for rows, _ in self._known)}
        self._marks = [mark for i, mark in enumerate(self._marks) if mark[0] in known or i % 2]

    def _edges(self) -> list[int]:
        return [rows for rows, _ in self._marks]

    def _last(self, rows: int) -> bytes:
        head, end = self._head.encode(), next(nbytes for there, nbytes in reversed(self._marks) if there == rows)
        with open(self.path, "rb") as file:
            if file.read(len(head)) != head:
                raise ValueError("another head")
            file.seek(max(end - LAST, 0))
            found = file.read(min(end, LAST))
        if len(found) < min(end, LAST):
            raise OSError(f"it has fewer rows than there were, {rows:,}")
        return found

    def _cut(self) -> None:
        os.truncate(self.path, self._marks[-1][1])

    @property
    def _format(self) -> str:
        real = f"\t%.{self.about.precision}f"
        return ("%d" + ("\t%d" + real if self.about.time_in_steps else real) + real * len(self.about.states)
                + "".join(real if kind is np.float64 else "\t%d" for kind in self.about.further.values()) + "\n")

    def _write(self, pieces: list[Columns]) -> bytes:
        begin, step, last = self._marks[-1][1], max(ROWS // self.width, 1), self._last(self.rows)
        marks, rows, mine = [self._marks[-1]], self.rows, False
        try:
            with open(self.path, "r+b") as file:
                lock(file)
                if os.fstat(file.fileno()).st_size not in (begin, self._left):
                    raise OSError(OTHERS)
                mine = True
                file.seek(begin)                                      # over what a failure may have left: the same, and less
                for columns in pieces:
                    for i in range(0, len(columns["stamps"]), step):
                        text = self._text({name: a[i:i + step] for name, a in columns.items()}).encode()
                        file.write(text)
                        last, rows = (last + text)[-LAST:], rows + len(columns["stamps"][i:i + step])
                        if rows - marks[-1][0] >= step or rows == self.end:
                            marks.append((rows, file.tell()))
        finally:
            with contextlib.suppress(OSError):
                self._left = os.path.getsize(self.path) if mine else self._left
        self._marks += marks[1:]
        return last

    def _text(self, columns: Columns) -> str:
        ids, stamps = self.about.ids, np.repeat(columns["stamps"], self.width)
        senders = np.tile(ids, len(columns["stamps"])) if self.about.states else ids[columns["senders"]]
        times = [stamps, np.zeros(len(stamps))] if self.about.time_in_steps else [stamps * self.about.dt]
        fields = [senders, *times, *(columns[name].ravel() for name in self.about.states)]
        for name in self.about.further:
            fields.append(self.about.targets[columns[name]] if name == "targets" else columns[name])    # type: ignore[index]
        return self._format * len(senders) % tuple(chain.from_iterable(zip(*(f.tolist() for f in fields))))

    def _size(self) -> int:
        numbers = 2 + self.about.time_in_steps + len(self.about.states) + len(self.about.further)
        return (self.end - self.rows) * self.width * numbers * (16 + self.about.precision)

    def _read(self, begin: int, end: int, names: tuple[str, ...]) -> Columns:
        if names == ("stamps",) and self.about.states and end - begin > 1:      # evenly spaced: no need to read them all
            return {"stamps": self._read(begin, begin + 1, names)["stamps"] + self.about.interval * np.arange(end - begin)}
        first = max((mark for mark in self._marks if mark[0] <= begin), default=self._marks[0])
        last = min(mark for mark in self._marks if mark[0] >= end)
        with open(self.path, "rb") as file:
            file.seek(first[1])
            text = file.read(last[1] - first[1])
        if len(text) != last[1] - first[1]:
            raise OSError(OTHERS)
        found = np.loadtxt(io.BytesIO(text), ndmin=2, skiprows=(begin - first[0]) * self.width,
                           max_rows=(end - begin) * self.width)
        stamps = found[:, 1] if self.about.time_in_steps else np.rint(found[:, 1] / self.about.dt)
        stamps = stamps[::self.width].astype(np.int64)
        further = found[:, 2 + self.about.time_in_steps:]
        if not self.about.states:
            columns = {name: further[:, i].astype(kind) for i, (name, kind) in enumerate(self.about.further.items())}
            if self.about.targets is not None:
                columns["targets"] = places(stamps, columns["targets"], self.about.targets)
            return {"stamps": stamps, "senders": places(stamps, found[:, 0].astype(np.int64), self.about.ids), **columns}
        values = further.reshape(len(stamps), self.width, -1)
        return {"stamps": stamps, **{name: values[:, :, i].astype(kind)
                                     for i, (name, kind) in enumerate(self.about.states.items()) if name in names}}


def places(stamps: np.ndarray, senders: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Positions of senders in `ids`; a node that stands there twice has its events once for each."""
    order = np.argsort(ids, kind="stable")
    first = np.searchsorted(ids[order], senders)
    often = np.searchsorted(ids[order], senders, side="right") - first
    if (often == 1).all():
        return order[first]
    by = np.lexsort((senders, stamps))                          # stable: how many of the same node and time came before
    new = np.r_[True, (np.diff(stamps[by]) != 0) | (np.diff(senders[by]) != 0)]
    begins = np.flatnonzero(new)
    rank = np.empty(len(by), np.int64)
    rank[by] = np.arange(len(by)) - begins[np.cumsum(new) - 1]
    return order[first + rank % often]
