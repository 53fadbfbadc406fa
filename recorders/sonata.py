"""HDF5 files in SONATA's layout (Dai et al. 2020, PLoS Comput Biol 16: e1007696): spikes, and reports of states. For weights,
which SONATA does not have, /weights/<name> holds columns under the names of its edges.

They are appended to in HDF5's mode for a single writer and many readers, in which a file is whole at every moment, even where
the process is killed. Such a file says that it is being written to: `h5py.File(path, "r", swmr=True)` opens it all the same;
/nestling/<name>/rows says how many of its rows are finished. `repair` takes away the mark and the others.
"""
from __future__ import annotations

import contextlib
import os
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .contract import BadRecording
from .files import LAST, OTHERS, About, Columns, RecordingFile

VERSIONS = ("v110", "v110")     # of the format: the first that can be read while it is written, so that most programs know it
SORTING = {"none": 0, "by_id": 1, "by_time": 2}
CHUNK = 1 << 17                 # bytes
ROWS = 1 << 14                  # of events in a chunk


class SonataFile(RecordingFile):
    """What both layouts share. tried: how many rows there would be, had the last attempt to write not failed."""

    tried = 0

    def _open_new(self) -> Any:
        import h5py
        file = h5py.File(self.path, "x", libver=VERSIONS)
        file.attrs["magic"], file.attrs["version"] = np.uint32(0x0A7A), np.array([0, 1], np.uint32)
        file[f"nestling/{self.about.name}/global_ids"] = self.about.ids.astype(np.uint64)
        if self.about.targets is not None:
            file[f"nestling/{self.about.name}/target_global_ids"] = self.about.targets.astype(np.uint64)
        file[f"nestling/{self.about.name}/rows"] = 0                # that are whole
        return file

    def _open(self) -> Any:
        """Open to write, at once for a single writer: between opening and `swmr_mode = True` a kill would leave a file that
        nothing opens."""
        import h5py
        how = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
        how.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
        how.set_fclose_degree(h5py.h5f.CLOSE_STRONG)
        how.set_file_locking(False, True)
        return h5py.File(h5py.h5f.open(os.fsencode(self.path), h5py.h5f.ACC_RDWR | h5py.h5f.ACC_SWMR_WRITE, how))

    @contextlib.contextmanager
    def _open_to_read(self, end: int) -> Iterator[Any]:
        """The file, where it has so many rows; OSError."""
        with open_to_read(self.path) as file:
            if file[f"nestling/{self.about.name}/rows"][()] < end:
                raise OSError(OTHERS)
            yield file

    def _edges(self) -> list[int]:
        return [*range(0, self.rows, ROWS), self.rows]

    def _last(self, rows: int) -> bytes:
        with open_to_read(self.path) as file:
            return self._last_of(file, rows)

    def _last_of(self, file: Any, rows: int) -> bytes:
        mine = file[f"nestling/{self.about.name}"]
        there, found = int(mine["rows"][()]), [mine["global_ids"][:]]
        if there < rows:
            raise OSError(f"it has {there:,} rows, and there were {rows:,}")
        n = LAST // (8 * max(len(self._growing()) * (len(self.about.ids) if self.about.states else 1), 1))
        found += [file[path][max(rows - max(n, 1), 0):rows] for path in self._growing()]
        return b"".join(a.tobytes() for a in found)

    @abstractmethod
    def _growing(self) -> list[str]:
        """The data sets that have a row for each of its rows."""

    def _cut(self) -> None:
        try:
            file = self._open()
        except OSError:                         # a process was killed while it wrote
            repair(self.path)
            file = self._open()
        with file:
            file[f"nestling/{self.about.name}/rows"][...] = self.rows
            cut(file)

    def _dataset(self, group: Any, name: str, shape: tuple[int, ...], kind: Any, unit: str = "") -> None:
        width = int(np.prod(shape, dtype=np.int64)) * np.dtype(kind).itemsize
        rows = max(1, min(CHUNK // max(width, 1), ROWS))
        data = group.create_dataset(name, (0, *shape), kind, maxshape=(None, *shape), chunks=(rows, *shape))
        if unit:
            data.attrs["units"] = unit

    def _append(self, file: Any, columns: dict[str, Iterable[np.ndarray]], **others: np.ndarray) -> bytes:
        """Append pieces to data sets, and put others in the place of what they hold, by path. Returns what `_last` does."""
        pairs = [(file[path], pieces) for path, pieces in columns.items()]
        rows, number = file[f"nestling/{self.about.name}/rows"], self.end
        if rows[()] not in (self.rows, self.tried):         # after a failure either of both
            raise OSError(OTHERS)
        self.tried = number
        rest = [(file[path], values) for path, values in others.items()]
        for data, pieces in pairs:
            data.resize(number, 0)
            begin = self.rows
            for values in pieces:
                data[begin:begin + len(values)] = values
                begin += len(values)
        for data, values in rest:
            data[...] = values
        file.flush()
        rows[...] = number
        return self._last_of(file, number)


class SonataEvents(SonataFile):
    """/spikes/<name>/timestamps (ms) and node_ids (positions in the recorded view); of weights /weights/<name>/timestamps,
    source_node_id, target_node_id (positions among the recorded sources and targets), weights and receptors."""

    def __init__(self, path: str, about: About) -> None:
        super().__init__(path, about)
        if about.targets is None:
            self.group, self.names = f"spikes/{about.name}", {"senders": "node_ids"}
        else:
            self.group = f"weights/{about.name}"
            self.names = {"senders": "source_node_id", "targets": "target_node_id", "weights": "weights",
                          "receptors": "receptors"}

    def _kind(self, name: str) -> Any:
        return np.uint64 if name in ("senders", "targets") else self.about.further[name]

    def _growing(self) -> list[str]:
        return [f"{self.group}/timestamps", *(f"{self.group}/{own}" for own in self.names.values())]

    def _make(self) -> None:
        import h5py
        with self._open_new() as file:
            group = file.create_group(self.group)
            group.attrs.create("sorting", SORTING["by_time"], dtype=h5py.enum_dtype(SORTING, np.uint8))
            self._dataset(group, "timestamps", (), np.float64, "ms")
            for name, own in self.names.items():
                self._dataset(group, own, (), self._kind(name))

    def _write(self, pieces: list[Columns]) -> bytes:
        found = {f"{self.group}/{own}": [p[name].view(self._kind(name)) for p in pieces] for name, own in self.names.items()}
        with self._open() as file:
            return self._append(file, {**found, f"{self.group}/timestamps": (p["stamps"] * self.about.dt for p in pieces)})

    def _read(self, begin: int, end: int, names: tuple[str, ...]) -> Columns:
        with self._open_to_read(end) as file:
            group, kinds = file[self.group], {"senders": np.int64, **self.about.further}
            found = {name: group[own][begin:end].astype(kinds[name], copy=False) for name, own in self.names.items()
                     if name in names}
            times = group["timestamps"][begin:end] if "stamps" in names else np.zeros(0)
        return {**found, "stamps": np.rint(times / self.about.dt).astype(np.int64)}

    def _size(self) -> int:
        return self.waiting_bytes + 2 * (1 + len(self.names)) * CHUNK


class SonataReport(SonataFile):
    """/report/<name>/data (samples, nodes) and mapping; of several states a group <name>_<state> each."""

    def _group(self, state: str) -> str:
        return f"report/{self.about.name}" + (f"_{state}" if len(self.about.states) > 1 else "")

    def _growing(self) -> list[str]:
        return [f"{self._group(state)}/data" for state in self.about.states]

    def _make(self) -> None:
        n = len(self.about.ids)
        with self._open_new() as file:
            for state, kind in self.about.states.items():
                group = file.create_group(self._group(state))
                self._dataset(group, "data", (n,), kind, self.about.units[state])
                mapping = group.create_group("mapping")
                mapping["node_ids"] = np.arange(n, dtype=np.uint64)
                mapping["node_ids"].attrs.create("sorted", 1, dtype=np.uint8)
                mapping["index_pointers"] = np.arange(n + 1, dtype=np.uint64)
                mapping["element_ids"] = np.zeros(n, np.uint32)
                mapping["time"] = np.zeros(3)
                mapping["time"].attrs["units"] = "ms"

    def _write(self, pieces: list[Columns]) -> bytes:
        step, end = self.about.interval, int(pieces[-1]["stamps"][-1]) + self.about.interval
        times = np.array([end - step * self.end, end, step]) * self.about.dt
        with self._open() as file:
            return self._append(
                file, {f"{self._group(state)}/data": [p[state] for p in pieces] for state in self.about.states},
                **{f"{self._group(state)}/mapping/time": times for state in self.about.states})

    def _read(self, begin: int, end: int, names: tuple[str, ...]) -> Columns:
        with self._open_to_read(end) as file:
            groups = [(state, file[self._group(state)]) for state in self.about.states]
            first = round(float(groups[0][1]["mapping/time"][0]) / self.about.dt)
            values = {state: group["data"][begin:end] for state, group in groups if state in names}
        return {"stamps": first + self.about.interval * np.arange(begin, end), **values}

    def _size(self) -> int:
        return self.waiting_bytes + 4 * max(CHUNK, 8 * len(self.about.ids)) * (1 + len(self.about.states))


def open_to_read(path: str) -> Any:
    """An HDF5 file, opened to be read, even where a process was killed that wrote to it."""
    import h5py
    try:
        return h5py.File(path, "r", locking=False)
    except OSError:
        return h5py.File(path, "r", swmr=True, locking=False)


def repair(path: str) -> None:
    """Make an HDF5 file that a recorder wrote to when its process was killed one that every program opens. It is copied once.

    Raises
    ------
    BadRecording
        where it cannot be opened, no recorder wrote it, or h5py is not installed; the file is then as it was.
    """
    try:
        import h5py
    except ImportError:
        raise BadRecording(f'{path}: HDF5 needs h5py: install it with pip install "nestling[h5]"') from None
    new = f"{path}.{os.getpid()}.part"
    try:
        with open_to_read(path) as old, h5py.File(new, "x", libver=VERSIONS) as file:
            if "nestling" not in old:
                raise BadRecording("no recorder wrote it")
            for name, value in old.attrs.items():
                file.attrs[name] = value
            for name in old:
                old.copy(name, file)
            cut(file)
        os.replace(new, path)
    except Exception as error:                  # what is damaged can break anything in h5py
        raise BadRecording(f"{path}: cannot be repaired: {error}") from error
    finally:
        if os.path.exists(new):
            os.remove(new)


def cut(file: Any) -> None:
    """Drop the rows that were not finished."""
    for name, mine in file["nestling"].items():
        rows = int(mine["rows"][()])
        events = [group for group in (f"spikes/{name}", f"weights/{name}") if group in file]
        reports = [f"report/{group}" for group in file.get("report", ())]
        for path in [f"{group}/{own}" for group in events for own in file[group]] + [f"{group}/data" for group in reports]:
            file[path].resize(rows, 0)
        for group in reports:
            start, _, step = file[f"{group}/mapping/time"][:]
            file[f"{group}/mapping/time"][1] = start + rows * step
