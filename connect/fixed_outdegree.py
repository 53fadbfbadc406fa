"""fixed_outdegree: every source draws the same number of targets, uniformly."""
from __future__ import annotations

from dataclasses import dataclass

from . import kernels
from .choices import check_number, row_of
from .contract import Pairing, Row, Rule, whole


@dataclass(frozen=True)
class fixed_outdegree(Rule):
    """Every source makes `outdegree` connections to targets drawn uniformly (NEST's fixed_outdegree).

    With allow_multapses (the default) targets are drawn with replacement.
    """

    outdegree: int
    by = "source"
    row = staticmethod(kernels.row_of_choices)

    def __post_init__(self) -> None:
        object.__setattr__(self, "outdegree", whole(self.outdegree, "outdegree"))

    def check(self, pairing: Pairing) -> None:
        check_number(pairing, self.outdegree, len(pairing.targets), "targets")

    def prepare(self, pairing: Pairing) -> Row:
        return row_of(pairing, len(pairing.targets), pairing.own_target, self.outdegree)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.outdegree) * n_sources

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_sources, self.outdegree)
