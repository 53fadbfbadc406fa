"""Fixtures of the tests of whole networks."""
from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

TESTS = Path(__file__).parent.parent


def load(path: Path) -> ModuleType:
    """A helper of the tests as a module; test folders are no packages."""
    name = f"nestling_tests_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = sys.modules[name] = importlib.util.module_from_spec(spec)      # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The slow simulator in tests/reference.py."""
    return load(TESTS / "reference.py")


@pytest.fixture(scope="session")
def synapse_table() -> ModuleType:
    """The reader of built synapses in tests/connect/synapse_table.py."""
    return load(TESTS / "connect" / "synapse_table.py")


class Builder:
    """Called with what varies, it builds the network of brunel.py; its methods compare what was recorded."""

    def __init__(self, backend: str) -> None:
        self.module, self.backend = load(TESTS / "networks" / "brunel.py"), backend

    def __call__(self, **given: Any) -> Any:
        return self.module.brunel(self.backend, **given)

    def assert_same(self, a: list, b: list) -> None:
        self.module.assert_same(a, b)

    def same_spikes(self, a: list, b: list) -> bool:
        return self.module.same_spikes(a, b)


@pytest.fixture(scope="session")
def brunel_on() -> type[Builder]:
    """Makes the network of networks/brunel.py on a backend."""
    return Builder


@pytest.fixture(scope="session")
def brunel(backend: str) -> Builder:
    """The network of networks/brunel.py on the backend."""
    return Builder(backend)
