"""Fixtures of the tests of rules."""
from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from nestling import simulator as nl

TESTS = Path(__file__).parent.parent


def load(path: Path) -> ModuleType:
    """A helper of the tests as a module; test folders are no packages."""
    name = f"nestling_tests_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return TESTS.parent


@pytest.fixture(scope="session")
def synapse_table() -> ModuleType:
    """The reader of built synapses in synapse_table.py."""
    return load(TESTS / "connect" / "synapse_table.py")


@pytest.fixture(scope="session")
def goodness() -> ModuleType:
    """The chi-squared tests in goodness.py."""
    return load(TESTS / "connect" / "goodness.py")


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The slow simulator in tests/reference.py."""
    return load(TESTS / "reference.py")


@pytest.fixture(scope="session")
def make(backend: str) -> Callable:
    """make(13, 8, threads=2): a simulator, and populations of so many neurons."""
    def simulator_and_neurons(*sizes: int, **given: Any) -> tuple[nl.Simulator, list[nl.NodeView]]:
        sim = nl.Simulator(backend=backend, **{"threads": 1, "seed": 1, **given})
        return sim, [sim.create(nl.iaf_psc_delta, n) for n in sizes]
    return simulator_and_neurons


@pytest.fixture(scope="session")
def scrambled() -> Callable:
    """scrambled(view, seed): the same nodes in another order."""
    return lambda view, seed=0: view[np.random.default_rng(seed).permutation(len(view))]


@pytest.fixture(scope="session")
def built(synapse_table: Any) -> Callable:
    """built(sim, pre, post, rule=...): connects, and tells how often each pair was connected, (targets, sources)."""
    def pairs(sim: nl.Simulator, pre: nl.NodeView, post: nl.NodeView, **given: Any) -> np.ndarray:
        projection = sim.connect(pre, post, **given)
        return synapse_table.synapses_of(sim.plan(), projection).pairs(pre.global_id, post.global_id)
    return pairs
