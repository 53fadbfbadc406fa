"""Changing connections: new weights go into the tables; other delays, and fewer connections, are declared and built anew."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nestling.connect.contract import BadConnection, positions
from nestling.connect.explicit_edges import explicit_edges

from .errors import BadView, NotAvailable, UnknownName
from .finding import find
from .formulas import is_expression
from .memory import check_room
from .network import Edited, Projection
from .new_values import check_once, read_delays, read_weights, turned
from .patches import patch
from .plan import Plan
from .running import check_between_steps
from .table_reader import Found, Reader
from .views import NodeView


class Listed:
    """All connections of a projection, as they are to be: weights in the receptor's unit, delays in steps; which remain."""

    def __init__(self, reader: Reader, projection: Projection, constants: dict[int, float]) -> None:
        n = reader.plan.synapses[projection.index]
        check_room(80.0 * n, f"the list of {n:,} connections that are to be changed", "change those of another call")
        self.reader, self.projection = reader, projection
        self.found = find(reader, None, None, {projection.index})
        self.weights, self.steps = reader.weight(self.found, constants), reader.steps(self.found)
        self.stay = np.ones(len(self.weights), bool)
        self.order = np.argsort(self.found.place)

    def at(self, found: Found) -> np.ndarray:
        """Where connections stand in the list."""
        return self.order[np.searchsorted(self.found.place, found.place, sorter=self.order)]

    def declared(self, weighted: bool, delayed: bool, dt: float) -> Projection:
        """The projection that has just these. weighted, delayed: whether weights or delays are others than were declared."""
        weight = one_of(self.weights) if weighted else self.projection.weight
        steps = one_of(self.steps) if delayed else None
        delay = self.projection.delay if not delayed else None if steps is None else round(steps * dt, 12)
        by_rule = self.projection.edited is None and self.stay.all() and len(self.stay) > 0
        if weight is not None and delay is not None and by_rule:        # the rule draws the same edges again
            return replace(self.projection, weight=weight, delay=delay, bound=None)
        found = self.found.picked(self.stay)
        weights, all_steps = self.weights[self.stay], self.steps[self.stay]
        if self.projection.sources[0].population.model.per_connection:      # type: ignore[union-attr]
            keys = np.concatenate([d.keys for d in self.reader.plan.drives])[found.place - self.reader.place_offsets[-1]]
            order = np.argsort(keys)
            return replace(self.projection, edited=Edited(keys[order], weights[order], all_steps[order]))
        return self.explicit(found, weights, all_steps * dt)

    def explicit(self, found: Found, weights: np.ndarray, delays: np.ndarray) -> Projection:
        """A projection that lists its edges."""
        p, which = self.projection, None
        pre, post = (positions(ids, among).astype(np.int32) for ids, among in (
            (found.source, p.source_ids), (self.reader.target(found), p.target_ids)))
        if p.which is not None:
            number = np.array([p.receptor.index(r[0]) if r[0] in p.receptor else -1 for r in self.reader.receptors])
            which = number[self.reader.receptor(found)]
        weight, delay = (values[0].item() if (values[:1] == values).all() and len(values) else values
                         for values in (weights, delays))
        if not len(weights):
            weight, delay = 1.0, float(self.reader.plan.delays[p.index][0] * self.reader.plan.dt)
        return replace(p, rule=explicit_edges(pre, post), weight=weight, delay=delay, transposed=False, which=which,
                       specification=(0, 1), allow_autapses=True, allow_multapses=True, bound=None)


def one_of(values: np.ndarray) -> Any:
    """The value that all have, or None."""
    return values[0].item() if len(values) and (values == values[0]).all() else None


def written_down(sim: Any, plan: Plan) -> dict[int, Projection]:
    """The projections of which weights were set in a plan's tables, as if they had been declared so, with the same bounds."""
    reader, constants = Reader(plan), sim._constants()
    return {i: replace(Listed(reader, sim.network.projections[i], constants).declared(True, False, sim.dt), bound=mine.bound)
            for i, mine in plan.patched.items()}


def set_connections(connections: Any, given: dict[str, Any]) -> None:
    """See Connections.set."""
    sim = connections._simulator
    check_between_steps(sim, "set()")
    for name in given:
        if name not in ("weight", "delay"):
            raise UnknownName(f"a connection has no {name!r} that can be set; it has weight, delay")
    connections._check_changeable()
    reader, found = connections._now()
    check_once(found)
    calls = reader.projection(found)
    weights = read_weights(sim, reader, given["weight"], found, calls) if "weight" in given else None
    steps = None
    if "delay" in given:
        steps = read_delays(sim, given["delay"], len(calls))
        if (steps == reader.steps(found)).all():
            steps = None
    if not len(calls) or weights is None and steps is None:
        return
    driven = found.place >= reader.place_offsets[-1]
    if steps is not None and sim.time > 0 and sim._runs_on and (steps != reader.steps(found))[driven].any():
        raise NotAvailable(f"delay: generators that run at t = {sim.time:g} ms keep the delays of their connections; set them "
                           f"before simulate()")
    before = sim.network, sim._plan, sim._patched, sim._ran
    try:
        if steps is not None or weights is None or turned(reader, found, calls, weights).any():
            rebuild(connections, reader, found, calls, weights, steps)
        else:
            if driven.any():
                rebuild(connections, reader, found.picked(driven), calls[driven], weights[driven], None)
            mine = found.picked(~driven), calls[~driven], weights[~driven]
            if not driven.all() and not patch(sim, sim._read(), *mine, is_expression(given["weight"])):
                rebuild(connections, sim._read(), *mine, None)
    except Exception:
        sim.network, sim._plan, sim._patched, sim._ran = before
        raise
    sim._sets += 1


def rebuild(connections: Any, reader: Reader, found: Found, calls: np.ndarray, weights: np.ndarray | None,
            steps: np.ndarray | None) -> None:
    """Declare connections anew, with other weights or delays, and make the plan."""
    sim, changed, lists = connections._simulator, {}, {}
    constants = sim._constants()
    reordered = steps is not None or weights is not None and bool(turned(reader, found, calls, weights).any())
    for i in np.unique(calls).tolist():
        mine = calls == i
        listed = lists[i] = Listed(reader, sim.network.projections[i], constants)
        at = listed.at(found.picked(mine))
        if weights is not None:
            listed.weights[at] = weights[mine]
        if steps is not None:
            listed.steps[at] = steps[mine]
        patched = sim._patched is not None and i in sim._patched.patched
        changed[i] = listed.declared(weights is not None or patched, steps is not None, sim.dt)
    replace_calls(sim, changed)
    if reordered:
        sim._remade += 1
        after = sim._read()
        where = np.empty(len(calls), np.int64)
        places = np.empty((3, len(calls)), np.int64)
        for i, listed in lists.items():
            mine = np.flatnonzero(calls == i)
            new = find(after, None, None, {i})
            rank = np.empty(len(listed.weights), np.int64)
            rank[ordered(listed.reader, listed.found, listed.steps, listed.weights)] = \
                ordered(after, new, after.steps(new), after.weight(new, sim._constants()))
            where[mine] = rank[listed.at(found.picked(mine))]
            for row, values in zip(places, new):
                row[mine] = values[where[mine]]
        connections._found = Found(*(row.astype(old.dtype) for row, old in zip(places, found)))
        connections._reader, connections._remade = after, sim._remade


def ordered(reader: Reader, found: Found, steps: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The order by source, target, delay and weight."""
    return np.lexsort((weights, steps, reader.target(found), found.source))


def replace_calls(sim: Any, changed: dict[int, Projection]) -> None:
    """Put projections in the place of others, and make the plan."""
    if sim._patched is not None and any(not p.sources[0].population.model.per_connection for p in changed.values()):     # type: ignore[union-attr]
        sim._write_down()
    sim._replace(changed)
    sim.plan()


def disconnect(sim: Any, pre: Any, post: Any, rule: Any) -> None:
    """See Simulator.disconnect."""
    connections = pre
    if isinstance(pre, NodeView):
        connections = between(sim, pre, post, rule)
    elif post is not None or rule is not None:
        raise TypeError("disconnect takes a collection of connections alone, or two views and a rule")
    if not hasattr(connections, "_now"):
        raise TypeError(f"pre = {pre!r}: must be a collection that get_connections() returned, or nodes")
    if connections._simulator is not sim:
        raise BadView("the connections belong to another simulator")
    check_between_steps(sim, "disconnect()")
    connections._check_changeable()
    reader, found = connections._now()
    check_once(found)
    if not len(found.place):
        return
    calls, changed, constants = reader.projection(found), {}, sim._constants()
    for i in np.unique(calls).tolist():
        listed = Listed(reader, sim.network.projections[i], constants)
        listed.stay[listed.at(found.picked(calls == i))] = False
        changed[i] = listed.declared(True, True, sim.dt)
    before = sim.network, sim._plan, sim._patched, sim._ran
    try:
        replace_calls(sim, changed)
    except Exception:
        sim.network, sim._plan, sim._patched, sim._ran = before
        raise
    sim._remade += 1


def between(sim: Any, pre: Any, post: Any, rule: Any) -> Any:
    """The connections that a rule without randomness names; every pair must be connected, and loses one connection."""
    from nestling.connect import all_to_all, one_to_one
    if rule not in (None, one_to_one, all_to_all):
        raise BadConnection(f"rule = {rule!r}: connections are removed by one_to_one or all_to_all")
    found = sim.get_connections(pre, post)
    if rule is not all_to_all and len(pre) != len(post):
        raise BadConnection(f"one_to_one removes connections of as many sources as targets, not {len(pre)} and {len(post)}")
    sources, targets = pre.global_id, post.global_id
    if rule is all_to_all:
        sources, targets = np.repeat(sources, len(post)), np.tile(targets, len(pre))
    ends = found.get(["source", "target"])
    n = sim._read().n_ids
    keys, wanted = ends["source"] * n + ends["target"], sources.astype(np.int64) * n + targets
    first = np.searchsorted(keys, wanted).clip(max=max(len(keys) - 1, 0))
    lost = keys[first] != wanted if len(keys) else np.ones(len(wanted), bool)
    if lost.any():
        raise BadConnection(f"node {sources[lost.argmax()]} is not connected to node {targets[lost.argmax()]}")
    return found[np.unique(first)]
