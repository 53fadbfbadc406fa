"""fixed_total_number: a given number of connections between nodes drawn uniformly."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import kernels
from .choices import row_of
from .contract import BadConnection, Pairing, Row, Rule, whole


@dataclass(frozen=True)
class fixed_total_number(Rule):
    """`N` connections, source and target of each drawn uniformly (NEST's fixed_total_number).

    As in NEST, allow_multapses=False is not available, and allow_autapses=False only where no target is a source.
    """

    N: int
    row = staticmethod(kernels.row_of_choices)
    tally = staticmethod(kernels.tally_of_targets)

    def __post_init__(self) -> None:
        object.__setattr__(self, "N", whole(self.N, "N"))

    def check(self, pairing: Pairing) -> None:
        if not pairing.allow_multapses:
            raise BadConnection("fixed_total_number draws pairs independently; allow_multapses=False is not available "
                                "(nor is it in NEST): use fixed_indegree or fixed_prob")
        if not pairing.allow_autapses and len(pairing.sources) == 1 and (pairing.own >= 0).any():
            raise BadConnection("the only source is itself a target, and allow_autapses=False forbids that pair")

    def prepare(self, pairing: Pairing) -> Row:
        """How many connections each target gets is multinomial: `tally` draws it; given that, every target draws its sources.

        Without autapses a pair is uniform among the allowed ones, so a target that is a source too has weight S - 1.
        """
        own = pairing.own
        row = row_of(pairing, len(pairing.sources), own, np.zeros(len(own), np.int64))
        choices = np.full(len(own), len(pairing.sources), np.int64)
        if row.words[2]:
            choices[own >= 0] -= 1
        uneven = not (choices == choices[:1]).all()
        return Row(np.concatenate([row.words, [self.N, len(own)], np.cumsum(choices) if uneven else []]).astype(np.int64),
                   row.table, row.longest)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.N)

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (self.N,)
