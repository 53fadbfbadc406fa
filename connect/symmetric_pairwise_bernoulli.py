"""symmetric_pairwise_bernoulli: pairs drawn at random and connected in both directions."""
from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from . import kernels
from .choices import row_of, uniforms
from .contract import BadConnection, Pairing, Row, Rule


@dataclass(frozen=True)
class symmetric_pairwise_bernoulli(Rule):
    """Pairs are drawn with probability `p` and connected in both directions (NEST's symmetric_pairwise_bernoulli).

    It is drawn as NEST draws it: a target's number of sources is binomial, of all sources with p, drawn again where it is
    all of them; that many different sources are chosen, never itself, and each is connected to and fro. Where sources and
    targets are the same nodes, both nodes of a pair draw: a pair that both draw is connected twice each way. As in NEST it
    needs make_symmetric=True and allow_autapses=False, refuses allow_multapses=False, and p is below 1.
    """

    p: float
    row = staticmethod(kernels.row_of_choices)
    symmetric = True

    def __post_init__(self) -> None:
        if isinstance(self.p, (bool, np.bool_)) or not (isinstance(self.p, (int, float, np.number)) and 0.0 <= self.p < 1.0):
            raise BadConnection(f"p = {self.p!r}: must be a probability below 1, 0 <= p < 1")
        object.__setattr__(self, "p", float(self.p))

    def check(self, pairing: Pairing) -> None:
        if pairing.allow_autapses:
            raise BadConnection("symmetric_pairwise_bernoulli makes no autapses: say so with allow_autapses=False")
        if not pairing.allow_multapses:
            raise BadConnection("symmetric_pairwise_bernoulli connects a pair twice where both of its nodes draw it; "
                                "allow_multapses=False is not available (nor is it in NEST)")

    def prepare(self, pairing: Pairing) -> Row:
        n = len(pairing.sources)
        k = np.arange(1, n)
        with np.errstate(divide="ignore"):      # p = 0
            odds = np.log(self.p) - np.log1p(-self.p)
        chances = np.exp(np.concatenate([[0.0], np.cumsum(np.log((n + 1 - k) / k) + odds)]) + n * np.log1p(-self.p))
        number = np.searchsorted(np.cumsum(chances)[:-1], uniforms(pairing, len(pairing.targets)) * chances.sum(), side="right")
        return row_of(replace(pairing, allow_multapses=False), n, pairing.own, number)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return self.p * n_sources * n_targets
