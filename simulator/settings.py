"""Reading and changing what nodes have: `view.get` and `view.set`, before, between and after runs."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from nestling.connect.contract import Distribution
from nestling.models.contract import Field, ParameterError

from .declare import check_parameters, check_recordables, parameter, recorder_params
from .draw import draw_values
from .errors import NotAvailable, unknown
from .network import Population, Segment
from .plan import Block
from .resolve import resolve
from .running import check_between_steps

# parameters of recorders that are read when a run begins
NOT_PLANNED = {"label", "record_to", "overwrite", "precision", "time_in_steps", "n_events"}
FIRST_INDEX = 1 << 16        # of the random numbers that values given to `set` are drawn with


def fields_of(population: Population) -> dict[str, Field]:
    model = population.model
    assert model is not None
    return {f.name: f for f in (*model.params, *model.state)}


def get_values(sim: Any, segments: tuple[Segment, ...], names: Any) -> Any:
    """Values by name, one for each node; see NodeView.get."""
    if names is None:
        known = [set(s.population.params) if s.population.recorder else set(fields_of(s.population)) for s in segments]
        names = sorted(set.intersection(*known)) if known else []
    if not isinstance(names, str):
        if not isinstance(names, Iterable):
            raise TypeError(f"names = {names!r}: must be a name, or a list of names")
        return {name: get_values(sim, segments, name) for name in names}
    parts = [values_of(sim, s, names) for s in segments]
    if any(isinstance(p, list) for p in parts):
        return [v for p in parts for v in p]
    joined = np.concatenate(parts) if parts else np.zeros(0)
    return joined[0].item() if joined.size == 1 else joined


def values_of(sim: Any, segment: Segment, name: str) -> Any:
    """One parameter or state of a segment's nodes."""
    p = segment.population
    if p.recorder:
        if name not in p.params:
            raise unknown("parameter", name, p.name, p.params)
        return [p.params[name]] if isinstance(p.params[name], tuple) else np.array([p.params[name]])
    known = fields_of(p)
    if name not in known:
        raise unknown("parameter or state", name, p.name, known)
    running = running_state(sim, p, name)
    if running is not None:
        return running[segment.indices]
    resolved = resolve(p, sim.seed)
    value = {**resolved.params, **resolved.state}[name]
    if isinstance(value, list):
        return [value[i] for i in segment.indices]
    kind = {int: np.int64, bool: np.bool_}.get(known[name].type, np.float64)
    return np.broadcast_to(np.asarray(value, kind), p.size)[segment.indices]


def running_state(sim: Any, population: Population, name: str) -> np.ndarray | None:
    """A population's state as the program holds it (to read and write), or None where there is no run to speak of."""
    program, model = sim._program, population.model
    if program is None or program.step == 0 or not sim._runs_on:
        return None
    if model is None or model.per_connection or model.scheduled:     # its states, if any, belong to its connections
        return None
    names = [f.name for f in model.state]
    if name not in names:
        return None
    b, place = block_of(program.plan, population)
    return program.state[b][names.index(name)][place:place + population.size]


def block_of(plan: Any, population: Population) -> tuple[int, int]:
    """Number of a population's block, and the place of its first node there."""
    node = int(plan.node_of[population.first_id])
    return next((i, node - b.first) for i, b in enumerate(plan.blocks) if in_block(node, b))


def in_block(node: int, block: Block) -> bool:
    return block.first <= node < block.first + block.size


def set_values(sim: Any, segments: tuple[Segment, ...], given: dict[str, Any]) -> None:
    """Change parameters and states; all or, where one is refused, none. See NodeView.set."""
    check_between_steps(sim, "set()")
    changes: list[tuple[Population, dict, dict, dict]] = []
    n = sum(len(s) for s in segments)
    for s, mine in by_population(segments):
        p = s.population
        if p.recorder:
            if sim._window is not None:
                raise NotAvailable(f"{p.name}: a recorder is set before or after a run, not in a callback or before cleanup()")
            params = recorder_params(p.recorder, given, sim, p.params)
            for recorded in sim.network.recorded(p):
                check_recordables(recorded.population, params.get("record_from", ()))
            changes.append((p, {name: value for name, value in params.items() if value != p.params[name]}, {}, {}))
            continue
        changes.append((p, *changed(sim, s, given, n, mine)))
    sim._sets += any(p.model is not None for p, _, _, _ in changes)      # what is drawn later does not depend on recorders
    for p, params, initial, states in changes:
        p.params.update(params)
        p.initial.update(initial)
        for name, values in states.items():
            running = running_state(sim, p, name)
            assert running is not None
            running[...] = values
            sim._program.parts["sick"] = 0      # what had diverged may have been put right
        if initial or (params if p.model else set(params) - NOT_PLANNED):
            # made anew, and the state of a run carried over, when it is needed
            sim._out_of_date(p.index if p.model and not initial else None)


def by_population(segments: tuple[Segment, ...]) -> list[tuple[Segment, np.ndarray]]:
    """Every population's nodes, each once, and their places in the view; of a node that stands there twice the last."""
    found: dict[int, list[tuple[Segment, int]]] = {}
    first = 0
    for s in segments:
        found.setdefault(s.population.index, []).append((s, first))
        first += len(s)
    out = []
    for parts in found.values():
        indices = np.concatenate([s.indices for s, _ in parts])
        places = np.concatenate([begin + np.arange(len(s)) for s, begin in parts])
        distinct, last = np.unique(indices[::-1], return_index=True)
        out.append((Segment(parts[0][0].population, distinct), places[::-1][last]))
    return out


def changed(sim: Any, segment: Segment, given: dict[str, Any], n: int, mine: np.ndarray) -> tuple[dict, dict, dict]:
    """A population's new parameters, initial values and running states; `mine`: which of the values given are its nodes'."""
    p, model = segment.population, segment.population.model
    assert model is not None
    known, params, initial, states = fields_of(p), {}, {}, {}
    for i, (word, value) in enumerate(given.items()):
        name = "V_m" if word == "V_initializer" and "V_m" in known else word
        if name not in known:
            raise unknown("parameter", word, model.name, known)
        field = known[name]
        value = parameter(value, field, n, word)
        if isinstance(value, Distribution):
            index = FIRST_INDEX + 256 * sim._sets + i
            value = draw_values(value, p.size, sim.seed, p.index, index)[segment.indices]
        elif isinstance(value, (list, np.ndarray)):
            value = [value[i] for i in mine] if isinstance(value, list) else value[mine]
        running = running_state(sim, p, name)
        if running is not None:
            states[name] = running.copy()
            states[name][segment.indices] = value
        elif name in {f.name for f in model.params}:
            params[name] = replaced(sim, segment, name, value)
        else:
            initial[name] = replaced(sim, segment, name, value)
    if params:
        whole = resolve(replace(p, params={**p.params, **params}), sim.seed).params
        for name, size in model.sizes:
            value = whole[name]
            lengths = [len(v) for v in value] if isinstance(value, list) else value
            if np.any(np.asarray(lengths) != size):
                raise ParameterError(f"{name} = {given[name]!r}: must have {size} entries as before; nodes with more or fewer "
                                     f"are created as such")
        check_parameters(model, whole, sim.dt)
    return params, initial, states


def replaced(sim: Any, segment: Segment, name: str, value: Any) -> Any:
    """The values of all nodes of a population, those of a segment replaced; a number where all were given one."""
    p = segment.population
    if len(segment) == p.size and np.ndim(value) == 0 and not isinstance(value, list):
        return value
    before = resolve(p, sim.seed)
    old = {**before.params, **before.state}[name]
    if isinstance(old, list):
        new = list(old)
        for i, v in zip(segment.indices, value):
            new[i] = v
        return new
    array = np.array(np.broadcast_to(np.asarray(old), p.size), np.result_type(np.asarray(old), np.asarray(value)))
    array[segment.indices] = value
    return array
