"""A fixed number of partners in space: uniform within a mask, or with chances that depend on the way to them."""
from __future__ import annotations

import numpy as np

from .candidates import Candidates
from .chances import above_zero, chances, varies
from .contract import BadConnection, Pairing
from .lists import Piece, words
from .nearby import Nearby
from .piece_kernels import compiled
from .space_kernels import DIFFERENT, SOME


class NearbyDegree(Nearby):
    """Base of fixed_indegree and fixed_outdegree in space."""

    @property
    def number(self) -> int:
        return int(getattr(self, "outdegree" if self.by == "source" else "indegree"))

    def least(self, pairing: Pairing) -> int:
        """The fewest candidates that will do."""
        return min(self.number, 1) if pairing.allow_multapses else self.number

    def check_numbers(self, pairing: Pairing, candidates: Candidates) -> None:
        least = self.least(pairing)
        sure = np.zeros(len(candidates.rows), np.int64)
        if not varies(self.p) or above_zero(self.p, candidates.farthest()):
            sure = candidates.numbers(least + 1)
        only = np.flatnonzero(sure < least + (least > 0 and not pairing.allow_autapses))
        for piece in self.without_own(pairing, candidates, only) if len(only) else ():
            self.positive(pairing, piece)

    def positive(self, pairing: Pairing, piece: Piece) -> tuple[Piece, np.ndarray | None]:
        """The candidates with chances above 0, and these where they differ. Raises BadConnection where they are too few."""
        chance = chances(self.p, piece.displacement) if varies(self.p) else None
        if chance is not None and not (chance > 0).all():
            piece, chance = piece.picked(chance > 0), chance[chance > 0]
        counts = piece.counts
        short = np.flatnonzero(counts < self.least(pairing))
        if len(short):
            first = short[np.argmin(piece.rows[short])]
            what, partners, nodes = ("outdegree", "targets", pairing.sources) if self.by == "source" else \
                ("indegree", "sources", pairing.targets)
            others = "" if pairing.allow_multapses else "different "
            raise BadConnection(f"{what} = {self.number}: node {nodes[piece.rows[first]]} (global id) finds "
                                f"{counts[first]} {partners} that {self!r} allows, {self.least(pairing)} {others}"
                                f"or more are needed: choose a wider mask or a lower number")
        return piece, chance

    def what(self, pairing: Pairing) -> tuple[int, int, float]:
        return (SOME if pairing.allow_multapses else DIFFERENT), self.number, 0.0

    def draw(self, pairing: Pairing, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        if not self.number:
            return np.zeros(len(piece.rows), np.int64), np.zeros(0, np.uint32)
        piece, chance = self.positive(pairing, piece)
        counts, n = piece.counts, self.number
        if not pairing.allow_multapses:
            kept: np.ndarray = np.zeros(len(piece.row), bool)
            compiled().first_of_rows(waiting(words(pairing, piece.rows, counts), chance), counts, n, kept)
            return np.minimum(counts, n), piece.partner[kept]
        if chance is None:
            row = np.repeat(np.arange(len(counts)), n)
            word = words(pairing, piece.rows, np.full(len(counts), n)).astype(np.uint64)
            place = (np.cumsum(counts) - counts)[row] + (word * counts[row].astype(np.uint64) >> np.uint64(32)).astype(np.int64)
            return np.full(len(counts), n), piece.partner[place]
        partner: np.ndarray = np.empty(len(counts) * n, np.uint32)
        compiled().choose(chance, counts, n, words(pairing, piece.rows, np.full(len(counts), 2 * n)), piece.partner, partner)
        return np.full(len(counts), n), partner


def waiting(word: np.ndarray, chance: np.ndarray | None) -> np.ndarray:
    """Times (as whole numbers of 43 bits) until candidates come; the first n are n draws without repetition, in proportion to
    their chances (Efraimidis and Spirakis 2006, Inf. Process. Lett. 97:181)."""
    if chance is None:
        return word.astype(np.uint64)
    return (-np.log((word + 0.5) * 2.0**-32) / chance).view(np.uint64) >> np.uint64(20)
