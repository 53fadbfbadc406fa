"""What one recorder recorded in one window, in memory or in a file."""
from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass
class Recorded:
    """What one recorder recorded. columns: stamps (steps), and senders or the values of states (samples, nodes), by name, and
    of weights those of files.WEIGHTS; or a `files.Part` that reads them from the file where they are. states: names; None of
    spikes and weights; units: of states. parts: names of the populations that the nodes are of, each with a number of nodes,
    in the nodes' order."""

    recorder: Any
    name: str
    ids: np.ndarray
    first: float
    last: float
    columns: Any = field(default_factory=dict)
    count: int = 0                          # of spikes or samples
    states: tuple[str, ...] | None = ()
    units: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[str, int]] = field(default_factory=list)
    in_steps: bool = False                  # whether times are asked for in steps
    target_ids: np.ndarray | None = None    # of weights: global ids that the positions of targets stand for

    def read(self, *names: str) -> dict[str, np.ndarray]:
        """Columns in memory: those of these names, or all."""
        return self.columns if isinstance(self.columns, dict) else self.columns.read(*names)

    def values(self, name: str, nodes: list[int] | None) -> np.ndarray:
        """A state's values, (samples, nodes): of all nodes, or those at some positions."""
        if nodes is None:
            return self.read(name)[name]
        return self.columns[name][:, nodes] if isinstance(self.columns, dict) else self.columns.values(name, nodes)

    def between(self, first: int, last: int) -> Recorded:
        """What of it has stamps from first to last; of a file, only that is read when it is asked for."""
        if not self.count:
            return self
        if isinstance(self.columns, dict):
            rows = slice(*np.searchsorted(self.columns["stamps"], [first, last + 1]))
            columns: Any = {name: column[rows] for name, column in self.columns.items()}
            n = len(columns["stamps"])
        else:
            columns = self.columns.between(first, last)
            n = columns.end - columns.begin
        return replace(self, columns=columns, count=n * (len(self.ids) if self.states else 1))

    @property
    def stamps(self) -> np.ndarray | None:
        """Time stamps (steps) of spikes; None if it took none."""
        return self.read("stamps")["stamps"] if self.states is None else None

    @property
    def senders(self) -> np.ndarray | None:
        """Senders of spikes, by position."""
        return self.read("senders")["senders"] if self.states is None else None

    @property
    def traces(self) -> dict[str, np.ndarray]:
        """Time stamps (steps) under "stamps", and the values of states by name."""
        return self.read() if self.states else {}

    @property
    def records(self) -> str:
        """What it recorded: "spikes", "states", "weights", or "" where nothing was connected to it."""
        if self.states is not None:
            return "states" if self.states else ""
        return "spikes" if self.target_ids is None else "weights"

    def __str__(self) -> str:
        return f"{self.name} (population {self.recorder.index})"
