"""A population's parameters and initial values as numbers and arrays, and the constants of a step that follow from them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nestling.connect.contract import Distribution
from nestling.models.contract import Model

from .draw import draw_values
from .network import Population


@dataclass
class Parameters:
    """A population's parameters and initial values as arrays or numbers, distributions drawn."""

    params: dict[str, Any]
    state: dict[str, Any]

    def of(self, nodes: np.ndarray) -> Parameters:
        """Those of some nodes."""
        def pick(v: Any) -> Any:
            return v[nodes] if isinstance(v, np.ndarray) else [v[i] for i in nodes] if isinstance(v, list) else v
        return Parameters(*({k: pick(v) for k, v in values.items()} for values in (self.params, self.state)))


def resolve(population: Population, seed: int) -> Parameters:
    model = population.model
    assert model is not None
    drawn: list[dict[str, Any]] = []
    for offset, fields, given in ((0, model.params, population.params), (100, model.state, population.initial)):
        values = {f.name: given.get(f.name, f.default) for f in fields}
        for i, (name, value) in enumerate(values.items()):
            if isinstance(value, Distribution):
                values[name] = draw_values(value, population.size, seed, population.index, offset + i)
        drawn.append(values)
    return Parameters(*drawn)


def constants(model: Model, parameters: list[Parameters], sizes: list[int], dt: float) -> list[Any]:
    """The fields of `Step` for nodes of several populations: one number where all are equal, else an array."""
    steps = [model.constants(p.params, dt) for p in parameters]
    values = []
    for i, f in enumerate(model.step):
        kind = np.float64 if f.type is float else np.int64
        parts = [np.broadcast_to(np.ravel(np.asarray(s[i], kind)), n) for s, n in zip(steps, sizes)]
        array = np.concatenate(parts) if parts else np.zeros(0, kind)
        values.append(array[0] if array.size and (array == array[0]).all() else array)
    return values
