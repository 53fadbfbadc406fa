"""What the rules share that ask where nodes are: a mask that partners must lie in, and chances that depend on the way there."""
from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from . import space_kernels
from .candidates import Candidates
from .cells import cells_of
from .chances import chances, varies
from .contract import BadConnection, Pairing, Row, Rule, Space
from .lists import Piece, listed
from .masks import check_fit
from .shapes import mask_of
from .space_kernels import row_near


class Nearby(Rule):
    """Base of the rules with `mask` and `p`: the row function looks for partners and draws them, where p is a number and it
    knows the mask; else all are drawn when the rule is prepared, and it copies them."""

    mask: Any
    p: Any
    spatial = True
    row = staticmethod(row_near)

    @property
    def listing(self) -> bool:
        return varies(self.p)

    @property
    def at_partner(self) -> bool:
        """Whether the mask is placed at the partners of a row instead of at its own node."""
        return False

    def candidates(self, space: Space | None) -> Candidates:
        """The pairs that the mask allows."""
        if space is None:
            raise BadConnection(f"{self!r}: mask and p ask for positions, which not all nodes have: create all of them with "
                                f"positions=")
        return Candidates(space, self.mask, self.by == "source", self.at_partner)

    def check(self, pairing: Pairing) -> None:
        candidates = self.candidates(pairing.space)
        if self.mask is not None:
            check_fit(self.mask, candidates.rows, candidates.pool, candidates.wrap, candidates.sign)
        if len(candidates.pool) and len(candidates.rows):
            if varies(self.p):
                chances(self.p, candidates.sample()[0].displacement)
            self.check_numbers(pairing, candidates)

    def check_numbers(self, pairing: Pairing, candidates: Candidates) -> None:
        """Raise BadConnection where a row has too few candidates."""

    def without_own(self, pairing: Pairing, candidates: Candidates, only: np.ndarray | None = None) -> Iterator[Piece]:
        """The candidates, without a node itself where autapses are not allowed."""
        own = pairing.own_target if self.by == "source" else pairing.own
        for piece in candidates.pieces(only):
            yield piece if pairing.allow_autapses else piece.picked(piece.partner != own[piece.rows[piece.row]])

    def prepare(self, pairing: Pairing) -> Row:
        candidates = self.candidates(pairing.space)
        own = pairing.own_target if self.by == "source" else pairing.own
        if not varies(self.p) and (cells := cells_of(candidates, None if pairing.allow_autapses else own)) is not None:
            rule, number, limit = self.what(pairing)
            cells.words[[space_kernels.RULE, space_kernels.NUMBER]] = rule, number
            cells.words[space_kernels.LIMIT:][:1].view(np.float64)[0] = limit
            return Row(cells.words, cells.table, number or cells.most)
        parts = []
        for piece in self.without_own(pairing, candidates):
            parts.append((piece.rows, *self.draw(pairing, piece)))
        return listed(len(candidates.rows), parts)

    def what(self, pairing: Pairing) -> tuple[int, int, float]:
        """What is drawn among candidates if p is a number: the rule, the number, and the limit of words, for compiled code."""
        raise NotImplementedError

    def draw(self, pairing: Pairing, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
        """Among candidates: how many partners each row draws, and these."""
        raise NotImplementedError


def by_place(rule: Any, in_space: Any, mask: Any, p: Any) -> Any:
    """The class of a rule: the one in space where a mask or an expression asks where nodes are."""
    return in_space if (mask is not None or varies(p)) and not issubclass(rule, in_space) else rule


def read_place(rule: Any, most: float = np.inf) -> None:
    """Check `mask` and `p` of a rule: p is a number up to `most`, or an expression. Raises BadConnection."""
    if rule.mask is not None:
        object.__setattr__(rule, "mask", mask_of(rule.mask))
    if rule.p is not None and not varies(rule.p):
        number = isinstance(rule.p, (int, float, np.number)) and not isinstance(rule.p, bool)
        if not number or not 0.0 <= rule.p <= most or rule.p == np.inf or rule.p == 0.0 and most > 1.0:
            asked = "a probability, 0 to 1" if most == 1.0 else "a number above 0"
            raise BadConnection(f"p = {rule.p!r}: must be {asked}, or an expression of the distance")
        object.__setattr__(rule, "p", float(rule.p))
