"""fixed_outdegree: every source draws the same number of targets, uniformly or by where they are."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import kernels
from .choices import check_number, row_of
from .contract import Pairing, Row, Rule, whole
from .nearby import by_place, read_place
from .nearby_degree import NearbyDegree


@dataclass(frozen=True, repr=False)
class fixed_outdegree(Rule):
    """Every source makes `outdegree` connections to targets drawn uniformly (NEST's fixed_outdegree).

    With allow_multapses (the default) targets are drawn with replacement. `mask`, placed at the source, says where targets may
    be; `p`, a number or an expression of the way from source to target, how likely one is drawn compared with others.
    """

    outdegree: int
    mask: Any = None
    p: Any = None
    by = "source"
    row = staticmethod(kernels.row_of_choices)

    def __new__(cls, outdegree: Any = 0, mask: Any = None, p: Any = None) -> fixed_outdegree:
        return object.__new__(by_place(cls, fixed_outdegree_in_space, mask, p))

    def __post_init__(self) -> None:
        object.__setattr__(self, "outdegree", whole(self.outdegree, "outdegree"))
        read_place(self)

    def check(self, pairing: Pairing) -> None:
        check_number(pairing, self.outdegree, len(pairing.targets), "targets")

    def prepare(self, pairing: Pairing) -> Row:
        return row_of(pairing, len(pairing.targets), pairing.own_target, self.outdegree)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.outdegree) * n_sources

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (n_sources, self.outdegree)


class fixed_outdegree_in_space(NearbyDegree, fixed_outdegree):
    """fixed_outdegree with a mask or an expression."""
