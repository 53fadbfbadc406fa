"""pairwise_poisson: how often each pair is connected is drawn from a Poisson distribution."""
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from . import draws, kernels
from .choices import row_of, uniforms
from .contract import BadConnection, Pairing, Row, Rule


@dataclass(frozen=True)
class pairwise_poisson(Rule):
    """Every pair has a Poisson number of connections, of mean `pairwise_avg_num_conns` (NEST's pairwise_poisson).

    As in NEST, allow_multapses=False is not available.
    """

    pairwise_avg_num_conns: float
    row = staticmethod(kernels.row_of_choices)

    def __post_init__(self) -> None:
        mean = self.pairwise_avg_num_conns
        if isinstance(mean, (bool, np.bool_)) or not (isinstance(mean, (int, float, np.number)) and 0.0 <= mean < math.inf):
            raise BadConnection(f"pairwise_avg_num_conns = {mean!r}: must be a finite number, 0 or more")
        object.__setattr__(self, "pairwise_avg_num_conns", float(mean))

    def check(self, pairing: Pairing) -> None:
        if not pairing.allow_multapses:
            raise BadConnection("pairwise_poisson connects a pair any number of times; allow_multapses=False is not available "
                                "(nor is it in NEST): use pairwise_bernoulli")

    def prepare(self, pairing: Pairing) -> Row:
        """The sum of independent Poisson numbers is one too, and given the sum every connection has any source alike."""
        own = pairing.own
        number = np.zeros(len(own), np.int64)
        u = uniforms(pairing, len(own))
        alone = np.zeros(len(own), bool) if pairing.allow_autapses else own >= 0       # a partner less: not itself
        for less in (0, 1):
            mine = alone == less
            if mine.any():
                chances = draws.poisson_probabilities(self.pairwise_avg_num_conns * (len(pairing.sources) - less))
                number[mine] = np.searchsorted(np.cumsum(chances)[:-1], u[mine] * chances.sum(), side="right")
        return row_of(pairing, len(pairing.sources), own, number)

    def expected(self, n_sources: int, n_targets: int) -> float:
        return self.pairwise_avg_num_conns * n_sources * n_targets
