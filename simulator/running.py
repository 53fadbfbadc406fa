"""Running: stretches of a run with a user's function called between them, and what is recorded meanwhile."""
from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from nestling.recorders.contract import RecordingFailed
from nestling.recorders.results import Results

from .declare import on_grid
from .errors import BadTime, Interrupted, NotAvailable
from .interrupt import noting_ctrl_c
from .progress import progress_bar
from .stretches import Recorders
from .units import magnitude

Callback = Callable[[Any], Any]


class Window:
    """A run, or several runs in a row of a simulator, whose program may change between them: one window of results.

    steps: of the run. asked: why the run that is going on is to stop, "Ctrl-C" or "stop", or nothing. calling: whether the
    user's function is being called.
    """

    def __init__(self, sim: Any, name: str, steps: int = 0) -> None:
        self.sim, self.name, self.running, self.calling, self.asked = sim, name, False, False, ""
        self.recorders = Recorders(sim._program, steps, sim._files)

    def ask(self, why: str) -> None:
        """Stop the run that is going on at the end of its slice. KeyboardInterrupt for a second Ctrl-C, while a callback that
        may never return is called."""
        if self.calling and self.asked == why == "Ctrl-C":
            raise KeyboardInterrupt
        self.asked = self.asked or why
        self.sim._program.stop()

    def results(self) -> Results:
        """What was recorded until now."""
        return self.recorders.results(self.sim._program)


def run_window(sim: Any, steps: int, progress: bool | None, callback: Callback | None = None,
               every: Any = None) -> Results:
    """Run the simulator's program for so many steps; an error that comes meanwhile holds what was recorded in `results`."""
    stretch = stretch_of(sim, steps, progress, callback, every)
    window = sim._window = Window(sim, "simulate", steps)
    try:
        advance(window, steps, progress, callback, stretch)
        results = window.results()
    except Exception as error:
        if window.running:                      # not in collecting: it may fail again
            error.results = window.results()    # type: ignore[attr-defined]
        raise
    finally:
        sim._window = None
    if window.asked == "Ctrl-C":
        raise Interrupted(f"stopped at t = {sim.time:g} ms; the error's results hold what was recorded, cont() goes on",
                          results)
    return results


def stretch_of(sim: Any, steps: int, progress: bool | None, callback: Callback | None, every: Any) -> int:
    """The steps between two calls of the callback. Raises TypeError, BadTime for what does not control a run."""
    if not (progress is None or isinstance(progress, bool)):
        raise TypeError(f"progress = {progress!r}: must be True, False or None")
    if callback is None and every is None:
        return steps
    if callback is None or every is None:
        raise TypeError("callback= and every= belong together: what is called, and after how many ms each time")
    if not callable(callback):
        raise TypeError(f"callback = {callback!r}: must be a function of the simulator")
    time = magnitude(every, "ms", "every")
    if not isinstance(time, float) or not time > 0 or (found := on_grid(time, sim.dt, "every")) < 1:
        raise BadTime(f"every = {every}: must be one time, dt = {sim.dt:g} ms or more")
    return found


def advance(window: Window, steps: int, progress: bool | None, callback: Callback | None, stretch: int) -> None:
    """Go on for so many steps, or until it is asked to stop."""
    program = window.sim._continued()
    begin, dt = program.step, window.sim.dt
    shown = progress if progress is not None else hasattr(sys, "ps1") or "ipykernel" in sys.modules
    window.asked, window.running = "", True
    try:
        with noting_ctrl_c(lambda: window.ask("Ctrl-C")), progress_bar(shown, begin * dt, steps * dt) as moved:
            go(window, begin + steps, moved if shown else None, callback, stretch)
    except BaseException:                               # sys.exit() in a callback, a second Ctrl-C
        with contextlib.suppress(RecordingFailed):      # the first error tells more
            window.recorders.flush()
        raise
    window.recorders.flush()
    window.running = False


def go(window: Window, end: int, moved: Callable[[float], None] | None, callback: Callback | None, stretch: int) -> None:
    """Go on until the step `end`, and call the user's function after every whole stretch; moved: is told the time reached."""
    sim = window.sim
    while True:
        program = sim._continued()          # the callback may have set parameters, which makes another
        program.start()
        if window.asked:                    # before start() forgot it
            program.stop()
        began = program.step
        window.recorders.go(program, min(stretch, end - program.step), (lambda step: moved(step * sim.dt)) if moved else None)
        if moved:
            moved(program.step * sim.dt)
        if program.stopping:                # Ctrl-C may come to the program alone, where another answers it, too
            window.asked = window.asked or "Ctrl-C"
        elif callback is not None and program.step == began + stretch and called(callback, window):
            window.asked = window.asked or "stop"
        if window.asked or program.step >= end:
            return


def called(callback: Callback, window: Window) -> bool:
    """Call the user's function; whether it asks to stop. Raises TypeError for an answer that is neither True nor None."""
    window.calling = True
    try:
        answer = callback(window.sim)
    finally:
        window.calling = False
    if answer is None or isinstance(answer, (bool, np.bool_)):
        return bool(answer)
    raise TypeError(f"callback returned {answer!r}: must return True to stop the run, or False or None")


def check_between_steps(sim: Any, what: str) -> None:
    """Raise NotAvailable where a run is in the middle of a step: for another thread than that of its callback."""
    window = sim._window
    if window is not None and window.running and not window.calling:
        raise NotAvailable(f"{what} from another thread while a run is going on, in the middle of a step: do it in the run's "
                           f"callback")


def check_free(sim: Any, what: str, prepared: bool = False) -> None:
    """Raise NotAvailable where something cannot be done: in a run; prepared: unless between prepare() and cleanup()."""
    window = sim._window
    if window is not None and window.running:
        raise NotAvailable(f"{what} in a callback: a run is going on; return True or call stop(), and do it afterwards")
    if prepared and window is None:
        raise NotAvailable(f"{what}: call prepare() first")
    if not prepared and window is not None:
        raise NotAvailable(f"{what} between prepare() and cleanup(): call cleanup() first")
