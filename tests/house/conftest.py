"""The files of the house, parsed."""
import ast
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("models", "connect", "recorders", "simulator")


class Import(NamedTuple):
    """An imported module by its full name; `top` tells imports that happen when the file is imported."""

    file: str
    line: int
    module: str
    top: bool

    def __str__(self):
        return f"{self.file}:{self.line} imports {self.module}" + ("" if self.top else " in a function")


def imports_of(path):
    """All imports of a file of a package; `from x import y` counts as x.y where that is a file, and as x where not."""
    tree = ast.parse(path.read_text(), str(path))
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
              for n in ast.walk(f)}
    for block in ast.walk(tree):
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING":
            inside |= {id(n) for n in ast.walk(block)}
    file = path.relative_to(ROOT).as_posix()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(filter(None, ["nestling", path.parent.name, node.module])) if node.level else node.module
            assert node.level <= 1, f"{file}:{node.lineno}: relative imports stay within a folder"
            names = [f"{base}.{alias.name}" if is_file(f"{base}.{alias.name}") else base for alias in node.names]
        else:
            continue
        for name in names:
            yield Import(file, node.lineno, name, id(node) not in inside)


def is_file(module):
    first, *rest = module.split(".")
    return first == "nestling" and bool(rest) and (ROOT.joinpath(*rest).with_suffix(".py").exists()
                                                   or ROOT.joinpath(*rest, "__init__.py").exists())


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def files():
    """The Python files of every package, by folder."""
    return {folder: sorted((ROOT / folder).glob("**/*.py")) for folder in FOLDERS}


@pytest.fixture(scope="session")
def imports(files):
    """The imports of every package, by folder."""
    return {folder: [found for path in paths for found in imports_of(path)] for folder, paths in files.items()}
