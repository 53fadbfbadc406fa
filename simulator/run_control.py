"""What of a simulator controls its runs: prepare, run, cleanup, stop; and checkpoints, save and load."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from nestling.recorders.results import Results

from .errors import Interrupted
from .planning import Planning
from .running import Callback, Window, advance, check_free, run_window, stretch_of
from .sweep import sweep

if TYPE_CHECKING:
    from .views import NodeView


class RunControl(Planning):
    """The part of Simulator that is described in this file's first line."""

    _window: Window | None = None       # of the run that is going on, or that was prepared
    sweep = staticmethod(sweep)         # of any simulators: each point of a grid makes its own

    if TYPE_CHECKING:                   # what the rest of it has
        def _steps(self, duration: Any) -> int: ...

    @property
    def populations(self) -> list[NodeView]:
        """Views of all populations, generators and recorders, each as create() returned it, in the order of creation."""
        from .views import whole_population
        return [whole_population(self, p) for p in self.network.populations]

    def prepare(self) -> None:
        """Make all ready for run(): tables, kernels and memory (NEST's Prepare). What is recorded is kept until cleanup().

        It goes on from where the simulator stands; reset() first begins at t = 0. Until cleanup() values may be set, and
        nothing created or connected.

        Raises
        ------
        NotAvailable, TooLarge
        """
        check_free(self, "prepare()")
        self._continued()
        self._window = Window(self, "prepare")

    def run(self, duration: Any, *, progress: bool | None = None, callback: Callback | None = None, every: Any = None) -> None:
        """Go on for `duration` (ms) between prepare() and cleanup() (NEST's Run), without collecting what was recorded.

        progress, callback, every: see simulate(). An interrupted run can be gone on with, or cleaned up.

        Raises
        ------
        NotAvailable, BadTime, TooLarge, Interrupted, Diverged
        """
        check_free(self, "run()", prepared=True)
        window, steps = self._window, self._steps(duration)
        assert window is not None
        stretch = stretch_of(self, steps, progress, callback, every)
        window.recorders.check_room(self._continued(), steps)
        try:
            advance(window, steps, progress, callback, stretch)
        finally:
            window.running = False
        if window.asked == "Ctrl-C":
            raise Interrupted(f"stopped at t = {self.time:g} ms; run() goes on, cleanup() returns what was recorded", None)

    def cleanup(self) -> Results:
        """End what prepare() began (NEST's Cleanup), and return what was recorded since, as one window.

        The simulator stays where it is: cont() goes on, and so does another prepare().

        Raises
        ------
        NotAvailable
        """
        check_free(self, "cleanup()", prepared=True)
        window, self._window = self._window, None
        assert window is not None
        return window.results()

    def _run(self, steps: int, progress: bool | None, callback: Callback | None = None, every: Any = None) -> Results:
        return run_window(self, steps, progress, callback, every)

    def stop(self) -> None:
        """Stop the run that is going on at the end of its slice: from a callback, or from another thread.

        The run returns what was recorded until then, and cont() goes on. Without a run there is nothing to stop.
        """
        window = self._window
        if window is not None and window.running:
            window.ask("stop")

    def save(self, path: Any, *, overwrite: bool = False) -> None:
        """Write a checkpoint: a file from which Simulator.load() makes this simulator again, to go on bit for bit as this one.

        It holds what was declared, what was set, and the run's time, states, spikes on their way and random streams. What
        recorders recorded in memory is in the results of the runs so far, not in it. Of files that they write to (record_to)
        it holds how far they are: all is written to them first, and cont() after load() goes on in them from there, without
        the rows that were written after the checkpoint. Models and rules of one's own are named in it with a digest of their
        code; values are as large in it as in memory, and synapses that rules draw take nothing. In a callback it saves the
        run that is going on. path: a file, which is there whole or not at all. overwrite: whether one that exists is
        replaced.

        Raises
        ------
        FileExistsError, NotAvailable, BadRecording, RecordingFailed, OSError
        """
        from .checkpoint import save
        save(self, path, overwrite)

    @classmethod
    def load(cls, path: Any, *, backend: str | None = None, threads: int | None = None,
             definitions: Iterable[Any] = ()) -> Self:
        """The simulator that save() wrote, in this or another process, to go on by cont(); `populations` are its nodes.

        cont() raises BadRecording where a file that a recorder wrote to is gone, or has not what it had: set(record_to=...)
        of the recorder gives it another.

        backend, threads: those with which it was saved unless given; others give the same results. definitions: classes,
        modules, rules and functions that the file asks for; without them they are found in the modules that were imported,
        and in the script. Nothing is imported, and nothing of the file is run: only code that is here already. Recorders that
        write to files go on in them, after the rows that there were when the run was saved.

        Raises
        ------
        BadCheckpoint
            with the reason: another's file, a damaged one, one of another format, or models that are missing or have changed.
        NotAvailable, TooLarge, OSError
        """
        from .checkpoint import load
        return load(cls, path, backend, threads, definitions)

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("a simulator, and views of its nodes, can be neither pickled nor copied: save(path) and "
                        "Simulator.load(path) make another one that goes on alike; in processes of a pool let each make its "
                        "own, as nl.sweep does")
