"""fixed_total_number: a given number of connections between nodes drawn uniformly."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import draws, kernels
from .choices import row_of
from .contract import BadConnection, Pairing, Row, Rule, whole


@dataclass(frozen=True)
class fixed_total_number(Rule):
    """`N` connections, source and target of each drawn uniformly (NEST's fixed_total_number).

    As in NEST, allow_multapses=False is not available, and allow_autapses=False only where no target is a source.
    """

    N: int
    row = staticmethod(kernels.row_of_choices)

    def __post_init__(self) -> None:
        object.__setattr__(self, "N", whole(self.N, "N"))

    def check(self, pairing: Pairing) -> None:
        if not pairing.allow_multapses:
            raise BadConnection("fixed_total_number draws pairs independently; allow_multapses=False is not available "
                                "(nor is it in NEST): use fixed_indegree or fixed_prob")
        if not pairing.allow_autapses and len(pairing.sources) == 1 and (pairing.own >= 0).any():
            raise BadConnection("the only source is itself a target, and allow_autapses=False forbids that pair")

    def prepare(self, pairing: Pairing) -> Row:
        """How many connections each target gets is multinomial; given that, every target draws its sources.

        Without autapses a pair is uniform among the allowed ones, so a target that is a source too has weight S - 1.
        """
        own = pairing.own
        choices = np.full(len(own), len(pairing.sources), np.int64)
        if not pairing.allow_autapses:
            choices[own >= 0] -= 1
        number = np.zeros(len(own), np.int64)
        ends = np.cumsum(choices)
        k0, k1 = pairing.key
        object_ = np.uint32(0xFFFFFFFF)       # no row has this index
        for begin in range(0, self.N, 1 << 20):
            size = min(1 << 20, self.N - begin)
            blocks = np.arange(begin // 4, (begin + size + 3) // 4, dtype=np.uint32)
            key = [np.full(len(blocks), k, np.uint32) for k in (pairing.stream, pairing.domain, k0, k1)]
            words = np.stack(draws.philox(blocks, np.full(len(blocks), object_), *key), axis=1).ravel()[:size]
            if (choices == choices[0]).all():
                target = (words.astype(np.uint64) * np.uint64(len(own)) >> np.uint64(32)).astype(np.int64)
            else:
                target = np.searchsorted(ends, words * (ends[-1] / 2.0**32), side="right")
            number += np.bincount(target, minlength=len(own))
        return row_of(pairing, len(pairing.sources), own, number)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(self.N)

    def shape(self, n_sources: int, n_targets: int) -> tuple[int, ...]:
        return (self.N,)
