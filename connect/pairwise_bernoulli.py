"""pairwise_bernoulli, fixed_prob: each pair independently with a probability, the same for all or by where they are."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import draws, kernels
from .chances import chances
from .contract import BadConnection, Pairing, Row, Rule, Space
from .lists import Piece
from .nearby import Nearby, by_place, read_place
from .piece_kernels import compiled
from .reading import switch
from .space_kernels import EACH

RARE = 1e-6              # below, the table of gaps, kept to 2**-32, is too coarse


@dataclass(frozen=True, repr=False)
class pairwise_bernoulli(Rule):
    """Each (source, target) pair is connected with probability `p`, independently (NEST's pairwise_bernoulli).

    `fixed_prob` is the same rule. (In BrainPy and brainpy.state a rule called FixedProb fixes the out-degree instead: that
    is `fixed_outdegree` here.) No pair is drawn twice, so allow_multapses does not matter.

    p may be an expression of the way from source to target; as in NEST a value below 0 counts as 0, one above 1 as 1. `mask`,
    placed at the source, says where its targets may be; with use_on_source=True it is placed at the target instead, and says
    where its sources may be. by="source" draws the targets of each source instead of the sources of each target: other pairs,
    of the same distribution, which can be drawn again when a source fires (comm="procedural").
    """

    p: Any
    mask: Any = None
    use_on_source: bool = False
    by: str = "target"                               # type: ignore[misc]
    row = staticmethod(kernels.row_of_chances)

    def __new__(cls, p: Any = 0.0, mask: Any = None, use_on_source: bool = False, by: str = "target") -> pairwise_bernoulli:
        return object.__new__(by_place(cls, pairwise_bernoulli_in_space, mask, p))

    def __post_init__(self) -> None:
        if self.p is None:
            raise BadConnection("p = None: must be a probability, 0 to 1")
        read_place(self, 1.0)
        if switch(self.use_on_source, "use_on_source") and self.mask is None:
            raise BadConnection("use_on_source = True: says where the mask is placed, and no mask is given")
        if self.by not in ("target", "source") or self.by == "source" and self.spatial:
            raise BadConnection(f"by = {self.by!r}: must be 'target'" + ("" if self.spatial else " or 'source'"))

    def prepare(self, pairing: Pairing) -> Row:
        skip = not pairing.allow_autapses
        own, partners = (pairing.own, pairing.sources) if self.by == "target" else (pairing.own_target, pairing.targets)
        own = (own + 1 if skip else np.zeros(0)).astype(np.uint32)
        words = [len(partners), skip]
        if self.p < RARE:
            rate = np.array([-np.log1p(-self.p)]).view(np.int64)
            return Row(np.array([*words, 0, *rate]), own, len(partners))
        bits = int(np.clip(np.ceil(np.log2(8.0 / self.p)), 5, 12))
        gaps = np.arange((1 << bits) - 1)
        none = (1.0 - self.p) ** (len(gaps))
        table = draws.alias_table(np.append(self.p * (1.0 - self.p) ** gaps, none), bits)
        return Row(np.array([*words, bits, len(own)]), np.concatenate([own, *table]), len(partners))

    def expected(self, n_sources: int, n_targets: int) -> float:
        return self.p * n_sources * n_targets


class pairwise_bernoulli_in_space(Nearby, pairwise_bernoulli):
    """pairwise_bernoulli with a mask or an expression."""

    @property
    def at_partner(self) -> bool:                    # rows are targets
        return not self.use_on_source

    def what(self, pairing: Pairing) -> tuple[int, int, float]:
        return EACH, 0, self.p * 2.0**32

    def draw(self, pairing: Pairing, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        counts, left = piece.counts, np.zeros(len(piece.rows), np.int64)
        n = compiled().thin(piece.rows, counts, chances(self.p, piece.displacement), *pairing.key, pairing.stream,
                            pairing.domain, piece.partner, left)
        return left, piece.partner[:n].copy()

    def expected(self, n_sources: int, n_targets: int) -> float:
        return float(n_sources) * n_targets

    def expected_in(self, space: Space) -> float:
        piece, looked_at = self.candidates(space).sample()
        share = float(np.clip(chances(self.p, piece.displacement), 0.0, 1.0).sum()) / max(looked_at, 1.0)
        return share * len(space.sources) * len(space.targets)


fixed_prob = pairwise_bernoulli
