"""fixed_indegree: every target draws the same number of sources, uniformly."""
from __future__ import annotations

from dataclasses import dataclass

from . import kernels
from .choices import check_number, row_of
from .contract import Pairing, Row, Rule, whole


@dataclass(frozen=True)
class fixed_indegree(Rule):
    """Every target receives `indegree` connections from sources drawn uniformly (NEST's fixed_indegree).

    With allow_multapses (the default) sources are drawn with replacement.
    """

    indegree: int
    row = staticmethod(kernels.row_of_choices)

    def __post_init__(self) -> None:
        object.__setattr__(self, "indegree", whole(self.indegree, "indegree"))

    def check(self, pairing: Pairing) -> None:
        check_number(pairing, self.indegree, len(pairing.sources), "sources")

    def prepare(self, pairing: Pairing) -> Row:
        return row_of(pairing, len(pairing.sources), pairing.own, self.indegree)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.indegree) * n_targets

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_targets, self.indegree)
