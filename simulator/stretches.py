"""The recorders of a run: it goes in one where all is kept in memory, and else in stretches, after which what was recorded is
written to files."""
from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable

from nestling.recorders.contract import BadRecording, RecordingFailed
from nestling.recorders.files import RecordingFile, file_for
from nestling.recorders.paths import check_format, check_path
from nestling.recorders.results import Results

from .backends import Program
from .collect import WAITING_BYTES, Collector, make_collectors, results_of, take_all
from .memory import check_room
from .traces import first_samples, trace_bytes

SPIKES = 1 << 19                # of all nodes, after which those that are recorded are taken over
SECONDS = 1.0                   # of computing, after which all is written
SLICES = 64                     # of the first stretch


class Recorders:
    """The recorders of a run, or of several in a row that are one window of results, which begins where the program stands.

    steps: of the run. files: those of recorders by number, kept from window to window.
    """

    def __init__(self, program: Program, steps: int, files: dict[int, RecordingFile]) -> None:
        self.first, self._plan = program.step, program.plan
        self.collectors = make_collectors(program.plan)
        self.to_file = {c.recorder.index for c in self.collectors if c.writes}
        self.check_room(program, steps)
        open_files(program, self.collectors, files)
        self._steps, self._written = SLICES * program.plan.min_delay, time.perf_counter()
        for c in self.collectors:
            if self.first == 0:
                c.params["n_events"] = 0

    def check_room(self, program: Program, steps: int) -> None:
        """TooLarge where the samples of so many steps have no room in memory."""
        needed = trace_bytes(program.plan, steps, without=self.to_file)
        check_room(needed * (2 if self.to_file else 1), "the traces",
                   "record to a file, or fewer neurons, or at a longer interval, or run in several cont() calls")

    def go(self, program: Program, steps: int, progress: Callable[[int], None] | None) -> None:
        """Run for so many steps, or until a stop; what is recorded is taken over, also where there is an error.

        Raises
        ------
        ArithmeticError, RecordingFailed
        """
        if program.plan is not self._plan:      # parameters were set meanwhile
            self._plan = program.plan
            for c in self.collectors:
                c.see(program.plan)
        end = program.step + steps
        program.most_events = SPIKES if self.to_file else None
        try:
            while True:
                began, reached = time.perf_counter(), program.step
                try:
                    program.run(min(self._stretch(program), end - reached), progress)
                finally:                        # a state may have diverged, or there may be more spikes than there is room for
                    take_all(self.collectors, program)
                self._flush_if_due()
                if program.step >= end or program.stopping:
                    return
                per_step = (time.perf_counter() - began) / max(program.step - reached, 1)
                self._steps = int(min(2 * self._steps, SECONDS / max(per_step, 1e-9)))
        finally:
            program.most_events = None

    def _stretch(self, program: Program) -> int:
        """Steps until what was recorded is taken over: many in memory, and with files so few that samples have room."""
        if not self.to_file:
            return 1 << 62
        slice_steps, a_step = program.plan.min_delay, trace_bytes(program.plan, 1) / WAITING_BYTES
        steps = min(self._steps, int(1.0 / a_step)) if a_step else self._steps
        return max(steps // slice_steps * slice_steps, slice_steps)

    def _flush_if_due(self) -> None:
        waiting = sum(c.file.waiting_bytes for c in self.collectors if c.file is not None)
        if waiting > WAITING_BYTES or time.perf_counter() - self._written > SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what was taken to all files, also to those after one that fails: RecordingFailed."""
        failed = None
        for c in self.collectors:
            if c.file is not None:
                try:
                    c.file.flush()
                except RecordingFailed as error:
                    failed = failed or error
        self._written = time.perf_counter()
        if failed is not None:
            raise failed

    def results(self, program: Program) -> Results:
        """What was recorded."""
        return results_of(self.collectors, program, self.first)


def check_files(collectors: list[Collector], kept: dict[int, RecordingFile] | None = None) -> None:
    """Refuse files that cannot be made, before a run begins; kept: those that there are, by number of the recorder."""
    paths: dict[str, Collector] = {}
    for c in collectors:
        if c.writes:
            given, file = c.params["record_to"], (kept or {}).get(c.recorder.index)
            path = os.path.realpath(file.path if file else given)
            if path in paths:
                raise BadRecording(f"record_to = {given!r}: {paths[path].recorder} writes to it, too: give each recorder a "
                                   f"file of its own")
            paths[path] = c
            check_format(given)
            if file is None:
                check_path(given, c.params["overwrite"])


def open_files(program: Program, collectors: list[Collector], files: dict[int, RecordingFile]) -> None:
    """The files of a run: those of a run that goes on, and new ones; all are checked before any is made."""
    mine = [c for c in collectors if c.writes]
    kept = {c.recorder.index: files[c.recorder.index] for c in mine if c.recorder.index in files
            and files[c.recorder.index].is_at(c.params["record_to"])
            and (program.step or is_untouched(files[c.recorder.index], c))}
    check_files(collectors, kept)
    nexts = first_samples(program.plan, program.step)
    made: dict[int, RecordingFile] = {}
    for c in mine:
        if c.recorder.index in kept:
            check_goes_on(kept[c.recorder.index], c, nexts.get(c.recorder.index))
    try:
        for c in mine:
            if c.recorder.index not in kept:
                made[c.recorder.index] = file_for(c.params["record_to"], c.about)
                made[c.recorder.index].make()
        for file in kept.values():
            file.take_up()
    except BadRecording:
        for file in made.values():
            with contextlib.suppress(OSError):
                os.remove(file.path)
        raise
    if program.step == 0:
        files.clear()
    files.update(kept | made)
    for c in mine:
        c.goes_to(files[c.recorder.index])


def is_untouched(file: RecordingFile, collector: Collector) -> bool:
    """Whether a file is that of a run that was stopped before its first step."""
    return not (file.end or file.replaced or collector.params["overwrite"]) and os.path.isfile(file.path) \
        and file.about.same(collector.about)


def check_goes_on(file: RecordingFile, collector: Collector, stamp: int | None) -> None:
    """Refuse to append what does not fit to a file's rows; stamp: of the next sample."""
    about = collector.about
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
