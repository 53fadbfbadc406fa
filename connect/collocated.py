"""CollocatedSynapses: several synapses at every edge."""
from __future__ import annotations

from typing import Any


class CollocatedSynapses(tuple[dict[str, Any], ...]):
    """Specifications of synapses that share their edges (NEST's CollocatedSynapses): `connect(..., synapse=...)`.

    ``nl.CollocatedSynapses(dict(weight=1.0, receptor_type=1), dict(weight=nl.dist.Normal(2.0, 0.5), receptor_type=2))``: each
    is a dict of weight, delay and receptor_type, as connect() takes them, and has one synapse for every edge that the rule
    draws. Edges are the same for all; random weights and delays, and the trains of generators, are drawn for each by itself.
    """

    def __new__(cls, *specifications: dict[str, Any]) -> CollocatedSynapses:
        return super().__new__(cls, specifications)

    def __repr__(self) -> str:
        return f"CollocatedSynapses({', '.join(map(repr, self))})"
