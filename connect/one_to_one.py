"""one_to_one: the i-th source to the i-th target."""
from __future__ import annotations

import numpy as np

from . import kernels
from .contract import BadConnection, Pairing, Row, Rule


class OneToOne(Rule):
    """The i-th source is connected to the i-th target (NEST's one_to_one)."""

    row = staticmethod(kernels.row_of_one)

    def __repr__(self) -> str:
        return "one_to_one"

    def __call__(self) -> OneToOne:
        return self

    def check(self, pairing: Pairing) -> None:
        if len(pairing.sources) != len(pairing.targets):
            raise BadConnection(f"one_to_one needs as many sources as targets; there are {len(pairing.sources)} sources "
                                f"and {len(pairing.targets)} targets")

    def prepare(self, pairing: Pairing) -> Row:
        skip = not pairing.allow_autapses
        # the row is its own position: row_of_one compares it with the position of the target among the sources
        table = np.where(pairing.sources == pairing.targets, np.arange(len(pairing.sources)) + 1, 0)
        return Row(np.array([skip]), table.astype(np.uint32), 1)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(n_targets)

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_targets,)


one_to_one = OneToOne()
