"""Ctrl-C while a network runs: noted, and answered between two slices, not an exception in the middle of the engine."""
from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def noting_ctrl_c(note: Callable[[], None]) -> Iterator[None]:
    """Within, Ctrl-C calls `note`; where it does something else than raise KeyboardInterrupt, it goes on doing that."""
    usual = (threading.current_thread() is threading.main_thread()
             and signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    if usual:
        signal.signal(signal.SIGINT, lambda *_: note())
    try:
        yield
    finally:
        if usual:
            signal.signal(signal.SIGINT, signal.default_int_handler)
