"""The backends by name. Each is a module with the same functions: it makes a program of a plan, and runs it."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from .errors import NotAvailable
from .plan import Block, Drive, Plan
from .profile import Timing

Events = list[tuple[np.ndarray, np.ndarray, np.ndarray]]


class Program(Protocol):
    """A plan bound to compiled kernels: `reset` goes back to t = 0, `run` goes on; what was recorded is taken."""

    plan: Plan
    slots: int                              # steps that the rings hold
    roomy: bool                             # whether these are more than the plan asks for: a run that goes on may need them
    step: int                               # steps done
    events: Events
    most_events: int | None                 # a run returns early when it holds so many
    traces: dict[int, dict[str, np.ndarray]]
    bound: list[Drive]                      # the drives, in the order of drive_states
    parts: np.ndarray                       # of each partition a layout.PART: what went wrong is there
    days: list[np.ndarray]                  # calendars of spikes that have still to reach synapses (see arrivals), and entries
    entries: list[np.ndarray]

    @property
    def state(self) -> list[list[np.ndarray]]: ...          # of each block, to read and write between runs

    @property
    def drive_states(self) -> list[list[np.ndarray]]: ...

    @property
    def rings(self) -> list[np.ndarray]: ...                # of each partition

    @property
    def stopping(self) -> bool: ...

    def reset(self) -> None: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def run(self, steps: int, progress: Callable[[int], None] | None = None) -> None: ...

    def profiled(self) -> AbstractContextManager[Timing]: ...

    def weights_changed(self) -> None: ...

    def retune(self, changed: Sequence[Block | Drive]) -> None: ...

    def take_events(self) -> Events: ...


class Backend(Protocol):
    """What a backend's module has. ONE_PARTITION: it wants all nodes in one partition, however many threads build it."""

    ONE_PARTITION: bool

    def make_program(self, plan: Plan, before: Any = None) -> Any: ...


def backend_of(name: Any, precision: str) -> Any:
    """The module of a backend; NotAvailable where it lacks something, with what to do."""
    if name == "cpu":
        from . import cpu
        return cpu
    if name != "cuda":
        raise NotAvailable(f"backend = {name!r}: must be 'cpu' or 'cuda'")
    try:
        import numba_cuda  # noqa: F401
    except ImportError:
        raise NotAvailable('backend = \'cuda\': numba-cuda is not installed: install it with pip install "nestling[cuda]", '
                           'or use backend="cpu"') from None
    from . import cuda
    cuda.open_device(precision)
    return cuda
