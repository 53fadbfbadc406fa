"""Connections some of which are procedural: drawn once into a table of their own to be read, and nothing to be changed."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from .connections import Connections
from .edits import written_down
from .errors import BadView, NotAvailable
from .finding import find
from .lower import lower
from .memory import check_memory
from .table_reader import Found, Reader


def read_as_stored(sim: Any) -> Reader:
    """What reads the network as if all its synapses were stored: they are the same ones, bit for bit. Raises TooLarge."""
    known = sim._as_stored
    if known is None or known[0] is not sim.network or sim._patched is not None:
        changed = {} if sim._patched is None else written_down(sim, sim._patched)       # weights that were set in the tables
        projections = [changed.get(p.index, p) for p in sim.network.projections]
        network = replace(sim.network, projections=tuple(replace(p, procedural=False) for p in projections))
        check_memory(network, sim.dt)
        known = sim._as_stored = sim.network, Reader(lower(network, sim.dt, sim.seed, sim.threads, sim.precision))
    return known[1]


class DrawnConnections(Connections):
    """A collection that holds procedural synapses. It is read like any other; set() and disconnect() refuse it."""

    def _now(self) -> tuple[Reader, Found]:
        if self._remade != self._simulator._remade:
            raise BadView("delays were set or connections removed since these were found: call get_connections() again")
        if self._found is None:
            assert self._query is not None
            self._found, self._query = find(self._reader, *self._query), None
        return self._reader, self._found

    def _check_changeable(self) -> None:
        raise NotAvailable("comm = 'procedural': these synapses are drawn again whenever a source fires, and cannot be changed "
                           "one by one; leave their calls out by get_connections(synapse=), or connect them with comm='sparse'")
