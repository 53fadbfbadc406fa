"""Fixtures of the tests of rules."""
from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

TESTS = Path(__file__).parent.parent


def load(path: Path) -> ModuleType:
    """A helper of the tests as a module; test folders are no packages."""
    spec = importlib.util.spec_from_file_location(f"nestling_tests_{path.stem}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def synapse_table() -> ModuleType:
    """The reader of built synapses in tests/connect/synapse_table.py."""
    return load(TESTS / "connect" / "synapse_table.py")


@pytest.fixture(scope="session")
def reference() -> ModuleType:
    """The slow simulator in tests/reference.py."""
    return load(TESTS / "reference.py")
