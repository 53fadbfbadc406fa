"""all_to_all: every source to every target."""
from __future__ import annotations

import numpy as np

from . import kernels
from .contract import Pairing, Row, Rule


class AllToAll(Rule):
    """Every source is connected to every target (NEST's all_to_all)."""

    pairs = True
    row = staticmethod(kernels.row_of_all)

    def __repr__(self) -> str:
        return "all_to_all"

    def __call__(self) -> AllToAll:
        return self

    def prepare(self, pairing: Pairing) -> Row:
        skip = not pairing.allow_autapses
        table = pairing.own + 1 if skip else np.zeros(1)
        return Row(np.array([len(pairing.sources), skip]), table.astype(np.uint32), len(pairing.sources))

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(n_sources) * n_targets

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_targets, n_sources)


all_to_all = AllToAll()
