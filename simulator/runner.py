"""Running the compiled loop: in threads, while this one waits for Ctrl-C, or in this one where it is over at once."""
from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .layout import STEP
from .native import address

SHORT = 0.02                  # seconds, which Ctrl-C may wait


class Runner:
    """It knows from one run to the next how fast a program goes. Starting a thread takes longer than a short run."""

    def __init__(self) -> None:
        self.pace = np.inf                          # seconds a step

    def run(self, program: Any, end: int, progress: Callable[[int], None] | None) -> int:
        """Run a program's loop until the step `end` or a halt; the step that was reached."""
        began, first = time.perf_counter(), program.step
        if program.plan.threads == 1 and (end - first) * self.pace < SHORT:
            reached = run_here(program, end)
        else:
            reached = run_threads(program, end, progress)
        self.pace = (time.perf_counter() - began) / max(reached - first, 1)
        return reached


def run_here(program: Any, end: int) -> int:
    """In this thread."""
    reached: list[int] = []
    try:
        # in one instruction: Ctrl-C finds nothing done, or all
        reached.extend(map(program.loop.call, [address(program.run_record)], [0], [program.step], [end]))
    except KeyboardInterrupt:
        program.stop()
    return reached[0] if reached else program.step


def run_threads(program: Any, end: int, progress: Callable[[int], None] | None) -> int:
    """In as many threads as the plan says."""
    reached, record = [-1] * program.plan.threads, address(program.run_record)
    finished = threading.Event()

    def work(thread: int) -> None:
        reached[thread] = program.loop(record, thread, program.step, end)
        if -1 not in reached:
            finished.set()
    for i in range(program.plan.threads):
        threading.Thread(target=work, args=(i,), daemon=True).start()
    # not Thread.join: an exception in there makes it take a running thread for a finished one (bpo-45274)
    while not finished.is_set():
        try:
            finished.wait(0.1)
            if progress is not None:
                progress(int(program.sync[STEP]))
        except KeyboardInterrupt:
            program.stop()
    return reached[0]
