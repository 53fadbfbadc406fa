"""A run with its recorders: in one go where all is kept in memory, and else in stretches, after each of which what was
recorded is written to files."""
from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection

from nestling.recorders.contract import BadRecording, RecordingFailed
from nestling.recorders.files import RecordingFile, check_path, file_for
from nestling.recorders.results import Results

from .backends import Program
from .collect import Collector, make_collectors, results_of, take_all
from .memory import check_room
from .traces import first_samples, trace_bytes

SAMPLE_BYTES = 1 << 25          # of samples, after which they are written
SPIKES = 1 << 19                # and of spikes
SECONDS = 1.0                   # of computing, after which all is written
SLICES = 64                     # of the first stretch


class Run:
    """A run of so many steps from where the program is; files: those of recorders by number, kept from run to run."""

    def __init__(self, program: Program, steps: int, files: dict[int, RecordingFile]) -> None:
        self.program, self.first, self.end = program, program.step, program.step + steps
        plan = program.plan
        self.collectors = make_collectors(plan)
        self.to_file = {c.recorder.index for c in self.collectors if c.about}
        needed = trace_bytes(plan, steps, without=self.to_file)
        check_room(needed * (2 if self.to_file else 1), "the traces",
                   "record to a file, or fewer neurons, or at a longer interval, or run in several cont() calls")
        open_files(program, self.collectors, files)
        for c in self.collectors:
            if self.first == 0:
                c.params["n_events"] = 0

    def go(self, progress: Callable[[int], None] | None) -> None:
        """Run until the end, or a stop; what is recorded is taken over, also where there is an error.

        Raises
        ------
        ArithmeticError, RecordingFailed
        """
        try:
            if self.to_file:
                self._in_stretches(progress)
            else:
                self.program.run(self.end - self.program.step, progress)
        except ArithmeticError:                 # a state that diverged, or more spikes than there is room for
            take_all(self.collectors, self.program)
            with contextlib.suppress(RecordingFailed):
                self._flush()
            raise
        if not self.to_file:
            take_all(self.collectors, self.program)

    def _in_stretches(self, progress: Callable[[int], None] | None) -> None:
        program, slice_steps = self.program, self.program.plan.min_delay
        a_step = trace_bytes(program.plan, 1) / SAMPLE_BYTES
        most = int(1.0 / a_step) if a_step else self.end
        steps = SLICES * slice_steps
        program.most_events = SPIKES
        try:
            while True:
                steps = max(min(steps, most) // slice_steps * slice_steps, slice_steps)
                began, reached = time.perf_counter(), program.step
                program.run(min(steps, self.end - reached), progress)
                take_all(self.collectors, program)
                self._flush()
                if program.step >= self.end or program.stopping:
                    return
                per_step = (time.perf_counter() - began) / max(program.step - reached, 1)
                steps = int(min(2 * steps, SECONDS / max(per_step, 1e-9)))
        finally:
            program.most_events = None

    def _flush(self) -> None:
        """Write what was taken to all files, also to those after one that fails."""
        failed = None
        for c in self.collectors:
            if c.file is not None:
                try:
                    c.file.flush()
                except RecordingFailed as error:
                    failed = failed or error
        if failed is not None:
            raise failed

    def results(self) -> Results:
        """What was recorded."""
        return results_of(self.collectors, self.program, self.first)


def check_files(collectors: list[Collector], kept: Collection[int] = ()) -> None:
    """Refuse files that cannot be made, before a run begins; kept: recorders, by number, that have theirs."""
    paths: dict[str, Collector] = {}
    for c in collectors:
        if c.about is not None:
            given, path = c.params["record_to"], os.path.abspath(c.params["record_to"])
            if path in paths:
                raise BadRecording(f"record_to = {given!r}: {paths[path].recorder} writes to it, too: give each recorder a "
                                   f"file of its own")
            paths[path] = c
            if c.recorder.index not in kept:
                check_path(given, c.params["overwrite"])


def open_files(program: Program, collectors: list[Collector], files: dict[int, RecordingFile]) -> None:
    """The files of a run: those of a run that goes on, and new ones; all are checked before any is made."""
    mine = [c for c in collectors if c.about is not None]
    kept = {c.recorder.index: files[c.recorder.index] for c in mine if program.step and c.recorder.index in files
            and files[c.recorder.index].path == os.path.abspath(c.params["record_to"])}
    check_files(collectors, kept)
    nexts = first_samples(program.plan, program.step)
    made: dict[int, RecordingFile] = {}
    for c in mine:
        if c.recorder.index in kept:
            check_goes_on(kept[c.recorder.index], c, nexts.get(c.recorder.index))
    try:
        for c in mine:
            if c.recorder.index not in kept:
                about = c.about
                assert about is not None
                made[c.recorder.index] = file_for(os.path.abspath(c.params["record_to"]), about)
                made[c.recorder.index].make()
    except BadRecording:
        for file in made.values():
            with contextlib.suppress(OSError):
                os.remove(file.path)
        raise
    if program.step == 0:
        files.clear()
    files.update(made)
    for c in mine:
        c.goes_to(files[c.recorder.index])


def check_goes_on(file: RecordingFile, collector: Collector, stamp: int | None) -> None:
    """Refuse to append what does not fit to a file's rows; stamp: of the next sample."""
    about = collector.about
    assert about is not None
    try:
        file.check()
    except OSError as error:
        raise BadRecording(f"record_to = {file.path!r}: {error}, so that cont() cannot append to it: give another path by "
                           f"set(record_to=...)") from error
    if not file.about.same(about):
        raise BadRecording(f"record_to = {file.path!r}: holds what was recorded with another record_from, interval, label, "
                           f"precision or time_in_steps: give another path by set(record_to=...)")
    if file.next is not None and stamp is not None and file.about.states and stamp != file.next:
        raise BadRecording(f"record_to = {file.path!r}: the next sample is due at {file.next * about.dt:g} ms, but would be "
                           f"taken at {stamp * about.dt:g} ms: give another path by set(record_to=...)")
