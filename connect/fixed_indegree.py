"""fixed_indegree: every target draws the same number of sources, uniformly or by where they are."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import kernels
from .choices import check_number, row_of
from .contract import Pairing, Row, Rule, whole
from .nearby import by_place, read_place
from .nearby_degree import NearbyDegree


@dataclass(frozen=True, repr=False)
class fixed_indegree(Rule):
    """Every target receives `indegree` connections from sources drawn uniformly (NEST's fixed_indegree).

    With allow_multapses (the default) sources are drawn with replacement. `mask`, placed at the target, says where sources may
    be; `p`, a number or an expression of the way from source to target, how likely one is drawn compared with others.
    """

    indegree: int
    mask: Any = None
    p: Any = None
    row = staticmethod(kernels.row_of_choices)

    def __new__(cls, indegree: Any = 0, mask: Any = None, p: Any = None) -> fixed_indegree:
        return object.__new__(by_place(cls, fixed_indegree_in_space, mask, p))

    def __post_init__(self) -> None:
        object.__setattr__(self, "indegree", whole(self.indegree, "indegree"))
        read_place(self)

    def check(self, pairing: Pairing) -> None:
        check_number(pairing, self.indegree, len(pairing.sources), "sources")

    def prepare(self, pairing: Pairing) -> Row:
        return row_of(pairing, len(pairing.sources), pairing.own, self.indegree)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.indegree) * n_targets

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_targets, self.indegree)


class fixed_indegree_in_space(NearbyDegree, fixed_indegree):
    """fixed_indegree with a mask or an expression."""
