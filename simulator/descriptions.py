"""Values in a checkpoint: numbers, arrays, distributions, rules and models as JSON, and what that stands for.

A value that JSON does not have is a dict with one key, which says what it is. Arrays stand in the archive, by number. Objects
(rules, distributions, masks, layers) are listed once each with what they hold, so that what is shared stays shared. They are
made again without a call of their class, from classes of ours, or of the user's that are the same as they were.
"""
from __future__ import annotations

import math
import sys
import types
from dataclasses import fields, replace
from typing import Any

import numpy as np

from nestling.models.contract import Model
from nestling.models.reading import read_model
from nestling.recorders.contract import Recorder, read_recorder

from .definitions import Definitions, is_ours, name_of, reference
from .errors import BadCheckpoint, NotAvailable
from .network import Network, Population, Projection, Recording, Segment


class Describer:
    """Values become JSON; `arrays` and `objects` fill up meanwhile."""

    def __init__(self) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.objects: list[dict[str, Any]] = []
        self.segments: list[list[Any]] = []
        self._known: dict[int, dict[str, Any]] = {}
        self._kept: list[Any] = []                  # so that ids stay what they are

    def value(self, x: Any) -> Any:
        if isinstance(x, np.generic):
            x = x.item()
        if isinstance(x, float) and not math.isfinite(x):
            return {"float": str(x)}
        if x is None or isinstance(x, (bool, int, float, str)):
            return x
        if isinstance(x, (list, tuple)):
            return self.sequence(x)
        if isinstance(x, dict):
            return {"dict": {str(key): self.value(v) for key, v in x.items()}}
        if id(x) not in self._known:
            self._kept.append(x)
            self._known[id(x)] = self.thing(x)
        return self._known[id(x)]

    def sequence(self, x: list | tuple) -> dict[str, Any]:
        """A list; one of arrays, which a parameter has for every node, in few words."""
        if x and all(v is x[0] for v in x) and isinstance(x[0], np.ndarray):
            return {"repeated": [len(x), self.value(x[0])]}
        if len(x) > 1 and all(isinstance(v, np.ndarray) and v.ndim == 1 and v.dtype == x[0].dtype for v in x):
            return {"pieces": [self.value(np.concatenate(x)), self.value(np.cumsum([len(v) for v in x]))]}
        return {"list" if isinstance(x, list) else "tuple": [self.value(v) for v in x]}

    def thing(self, x: Any) -> dict[str, Any]:
        if isinstance(x, np.ndarray):
            if x.dtype.hasobject:
                raise NotAvailable(f"an array of Python objects cannot be saved: {x!r}")
            name = str(len(self.arrays))
            self.arrays[name] = x
            return {"array": name}
        if isinstance(x, Model):
            return {"model": dict(source=reference(x.source), sizes=dict(x.sizes), solver=self.value(x.solver))}
        if isinstance(x, Recorder):
            return {"recorder": reference(x.source)}
        if isinstance(x, types.FunctionType):
            return {"function": reference(x)}
        if isinstance(x, Segment):
            self.segments.append([x.population.index, self.value(x.indices)])
            return {"nodes": len(self.segments) - 1}
        return self.object(x)

    def object(self, x: Any) -> dict[str, Any]:
        cls = type(x)
        if not hasattr(x, "__dict__") or not is_ours(cls.__module__) and not any(is_ours(c.__module__) for c in cls.__mro__):
            raise NotAvailable(f"{x!r} cannot be saved: a {cls.__name__} is none of the rules, distributions, masks and arrays "
                               f"that a checkpoint holds")
        named = dict(name=name_of(cls)) if is_ours(cls.__module__) else reference(cls)
        state = self.value(vars(x))
        self.objects.append({**named, "state": state})
        return {"object": len(self.objects) - 1}

    def network(self, network: Network) -> dict[str, Any]:
        return dict(populations=[self.record(p) for p in network.populations],
                    projections=[self.record(replace(p, rule=p.rule.without_values())) for p in network.projections],
                    recordings=[[r.recorder.index, [self.value(s) for s in r.nodes], r.call] for r in network.recordings],
                    segments=self.segments)

    def record(self, x: Any) -> dict[str, Any]:
        return {f.name: self.value(getattr(x, f.name)) for f in fields(x)}


class Restorer:
    """JSON becomes values."""

    def __init__(self, arrays: dict[str, np.ndarray], objects: list[dict[str, Any]], definitions: Definitions) -> None:
        self.arrays, self.definitions = arrays, definitions
        self.segments: list[Segment] = []
        self.models: dict[str, Model] = {}
        self.objects: list[Any] = []
        for entry in objects:                       # what an object holds stands before it
            self.objects.append(self.object(entry))

    def value(self, x: Any) -> Any:
        if not isinstance(x, dict):
            return x
        (kind, given), = x.items()
        return getattr(self, f"_{kind}")(given)

    def _float(self, text: str) -> float:
        return float(text)

    def _list(self, given: list) -> list:
        return [self.value(v) for v in given]

    def _tuple(self, given: list) -> tuple:
        return tuple(self._list(given))

    def _dict(self, given: dict[str, Any]) -> dict[str, Any]:
        return {key: self.value(v) for key, v in given.items()}

    def _repeated(self, given: list) -> list:
        return [self.value(given[1])] * given[0]

    def _pieces(self, given: list) -> list:
        return np.split(self.value(given[0]), self.value(given[1])[:-1])

    def _array(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def _function(self, wanted: dict[str, str]) -> Any:
        return self.definitions.find(wanted, "function")

    def _object(self, index: int) -> Any:
        return self.objects[index]

    def _recorder(self, wanted: dict[str, str]) -> Recorder:
        return read_recorder(self.definitions.find(wanted, "recorder"))

    def _nodes(self, index: int) -> Segment:
        return self.segments[index]

    def _model(self, given: dict[str, Any]) -> Model:
        key = repr(given)
        if key not in self.models:
            source, solver = self.definitions.find(given["source"], "model"), self.value(given["solver"])
            own = solver is None or solver is getattr(source, "SOLVER", None)
            self.models[key] = read_model(source, given["sizes"] or None, None if own else solver)
        return self.models[key]

    def object(self, entry: dict[str, Any]) -> Any:
        if is_ours(entry["name"]):
            module, _, path = entry["name"].partition(":")
            cls = getattr(sys.modules.get(module), path, None)
        else:
            cls = self.definitions.find(entry, "class")
        if not isinstance(cls, type) or name_of(cls) != entry["name"] and is_ours(entry["name"]):
            raise BadCheckpoint(f"the file asks for {entry['name']}, which this version of Nestling does not have")
        made: Any = object.__new__(cls)
        made.__dict__.update(self.value(entry["state"]))
        return made

    def network(self, given: dict[str, Any]) -> Network:
        populations = tuple(Population(**{name: self.value(v) for name, v in p.items()}) for p in given["populations"])
        self.segments = [Segment(populations[i], self.value(indices)) for i, indices in given["segments"]]
        projections = tuple(Projection(**{name: self.value(v) for name, v in p.items()}) for p in given["projections"])
        recordings = [Recording(populations[i], tuple(self.value(s) for s in nodes), call)
                      for i, nodes, call in given["recordings"]]
        return Network(populations, projections, tuple(recordings))
