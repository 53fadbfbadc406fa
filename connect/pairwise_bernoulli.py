"""pairwise_bernoulli, fixed_prob: each pair independently with the same probability."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import draws, kernels
from .contract import BadConnection, Pairing, Row, Rule

RARE = 1e-6              # below, the table of gaps, kept to 2**-32, is too coarse


@dataclass(frozen=True)
class pairwise_bernoulli(Rule):
    """Each (source, target) pair is connected with probability `p`, independently (NEST's pairwise_bernoulli).

    `fixed_prob` is the same rule. (In BrainPy and brainpy.state a rule called FixedProb fixes the out-degree instead: that
    is `fixed_outdegree` here.) No pair is drawn twice, so allow_multapses does not matter.
    """

    p: float
    row = staticmethod(kernels.row_of_chances)

    def __post_init__(self) -> None:
        if isinstance(self.p, bool) or not (isinstance(self.p, (int, float, np.number)) and 0.0 <= self.p <= 1.0):
            raise BadConnection(f"p = {self.p!r}: must be a probability, 0 to 1")
        object.__setattr__(self, "p", float(self.p))

    def prepare(self, pairing: Pairing) -> Row:
        skip = not pairing.allow_autapses
        own = (pairing.own + 1 if skip else np.zeros(0)).astype(np.uint32)
        words = [len(pairing.sources), skip]
        if self.p < RARE:
            rate = np.array([-np.log1p(-self.p)]).view(np.int64)
            return Row(np.array([*words, 0, *rate]), own, len(pairing.sources))
        bits = int(np.clip(np.ceil(np.log2(8.0 / self.p)), 5, 12))
        gaps = np.arange((1 << bits) - 1)
        none = (1.0 - self.p) ** (len(gaps))
        table = draws.alias_table(np.append(self.p * (1.0 - self.p) ** gaps, none), bits)
        return Row(np.array([*words, bits, len(own)]), np.concatenate([own, *table]), len(pairing.sources))

    def expected(self, n_sources: int, n_targets: int) -> float:
        return self.p * n_sources * n_targets


fixed_prob = pairwise_bernoulli
