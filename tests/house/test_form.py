"""The form of the house: sizes of files, names that the engine must not know, docstrings, and packaging."""
import inspect
import re
import tomllib
import types

import pytest

from nestling import simulator as nl

ROW = 100          # lines: a model, a rule
FILE = 320         # lines: any other file
LONG = {"models/contract.py": "what a model is",
        "models/reading.py": "reading a module as a model, with all that is checked of one",
        "models/arithmetic.py": "what has the same bits on every backend stands together",
        "models/solvers.py": "the solvers of differential equations stand together",
        "connect/contract.py": "what a rule is, and a distribution",
        "connect/kernels.py": "the row functions of all rules: what draws in compiled code stands together",
        "connect/space_kernels.py": "what finds and draws candidates in space in compiled code stands together",
        "connect/piece_kernels.py": "what lists candidates and draws among them in compiled code stands together",
        "connect/operator_kernels.py": "the compiled products of all sparse matrices stand together"}


def names(root, paths):
    return {path.relative_to(root).as_posix(): path for path in paths}


@pytest.mark.parametrize("folder", ["models", "connect"])
def test_a_model_and_a_rule_fit_on_a_screen(root, files, folder):
    long = {name: n for name, path in names(root, files[folder]).items() if (n := len(path.read_text().splitlines())) >= ROW}
    assert set(long) <= set(LONG), long
    assert all(n < FILE for n in long.values()), long


def test_other_files_are_not_much_longer_than_300_lines(root, files):
    paths = [*files["simulator"], *files["recorders"], *(root / "gallery").glob("*.py")]
    assert {name: n for name, path in names(root, paths).items() if (n := len(path.read_text().splitlines())) >= FILE} == {}


def test_the_engine_names_no_model(root, files):
    """grep -rE "iaf_|izhik|hh_|_generator" simulator/ finds nothing but the public face; nor does it in rules and recorders."""
    found = [f"{name}:{i}: {line.strip()}"
             for folder in ("simulator", "connect", "recorders") for name, path in names(root, files[folder]).items()
             if name != "simulator/__init__.py"
             for i, line in enumerate(path.read_text().splitlines(), 1) if re.search("iaf_|izhik|hh_|_generator", line)]
    assert found == []


def test_the_public_face_has_one_explicit_line_a_name(root):
    lines = (root / "simulator/__init__.py").read_text().splitlines()
    imports = [line for line in lines if line.startswith(("from", "import"))]
    assert all("," not in line and re.search(r" import (\w+) as (\w+)$", line) for line in imports)
    assert len(imports) > 30


def test_every_model_rule_and_recorder_is_on_the_public_face(root, files):
    for folder in ("models", "recorders"):
        text = (root / folder / "__init__.py").read_text()
        for name in re.findall(r"^from \. import (\w+) as", text, re.M):
            assert isinstance(getattr(nl, name), types.ModuleType)
    # what holds the parts of a model is one; the other files are what several of them share
    parts = re.compile(r"^class Params|^from .* import .*\bParams\b", re.M)
    models = {path.stem for path in files["models"] if parts.search(path.read_text())}
    assert len(models) > 30
    assert models <= set(vars(nl))


def public():
    """Names and things of the public face, and the public members of its classes."""
    for name, thing in vars(nl).items():
        if name.startswith("_") or getattr(thing, "__name__", "").startswith("nestling.simulator."):
            continue
        yield name, thing
        if inspect.isclass(thing) and thing.__module__.startswith("nestling") and not issubclass(thing, BaseException):
            for member, value in vars(thing).items():
                if not member.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield f"{name}.{member}", value


def test_everything_on_the_public_face_has_a_docstring():
    found = dict(public())
    assert {"Simulator.connect", "NodeView.size", "Results.events", "iaf_psc_delta", "dist", "fixed_prob"} <= set(found)
    silent = []
    for name, thing in found.items():
        doc = (thing.__doc__ if inspect.isclass(thing) else inspect.getdoc(thing)) or ""      # functions inherit theirs
        if not doc.strip() or doc.startswith(f"{getattr(thing, '__name__', name)}("):       # what dataclasses write themselves
            silent.append(name)
    assert silent == []


def test_every_file_says_what_it_holds(root, files):
    import ast
    silent = [name for paths in files.values() for name, path in names(root, paths).items()
              if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_nothing_is_left_to_do(root, files):
    """No notes to oneself: what is missing is said in messages and issues."""
    paths = [path for folder in files.values() for path in folder]
    paths += [root / "pyproject.toml", *(root / "tests").glob("**/*.py"), *(root / "gallery").glob("*.py")]
    words = ["TO" + "DO", "FIX" + "ME", "X" * 3]
    assert [(name, word) for name, path in names(root, paths).items() for word in words if word in path.read_text()] == []


# --- packaging ------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())


def test_packages_are_the_folders_that_have_an_init(root, project):
    folders = {path.parent.name for path in root.glob("*/__init__.py")}
    assert folders == {"simulator", "models", "connect", "recorders"}
    tools = project["tool"]["setuptools"]
    packages = {f"nestling.{folder}" for folder in folders}
    assert set(tools["packages"]) == {*packages, "nestling.gallery"}            # scripts, installed for `nestling gallery`
    assert tools["package-dir"] == {f"nestling.{folder}": folder for folder in (*folders, "gallery")}
    assert set(project["tool"]["mypy"]["packages"]) == packages


def test_packages_hold_no_packages(root):
    inner = [path.relative_to(root).as_posix() for folder in ("simulator", "models", "connect", "recorders")
             for path in (root / folder).glob("*/**/*.py")]
    assert inner == [], "a folder within a package would not be installed: name it in pyproject.toml"


def test_packages_are_typed(root, project):
    for folder in ("simulator", "models", "connect", "recorders"):
        assert (root / folder / "py.typed").exists()
    assert project["tool"]["setuptools"]["package-data"] == {"*": ["py.typed"]}


def test_neither_the_root_nor_tests_are_packages(root):
    assert not (root / "__init__.py").exists()
    assert list((root / "tests").glob("**/__init__.py")) == [] and list((root / "gallery").glob("**/__init__.py")) == []


def test_pytest_imports_tests_by_file(project):
    options = project["tool"]["pytest"]["ini_options"]
    assert "--import-mode=importlib" in options["addopts"] and options["testpaths"] == ["tests"]


def test_type_checkers_find_the_namespace_by_one_symlink(root, project):
    link = root / ".typing/nestling"
    assert link.is_symlink() and link.resolve() == root.resolve()
    assert project["tool"]["mypy"]["mypy_path"] == ".typing"


def test_what_is_imported_is_what_the_project_depends_on(imports, project):
    needed = {i.module.split(".")[0] for found in imports.values() for i in found} & {
        "numpy", "scipy", "numba", "brainunit", "matplotlib", "tqdm", "jax", "nest", "pandas", "neo", "quantities", "xarray",
        "h5py"}
    extras = project["project"]["optional-dependencies"]
    optional = [text for name in ("pandas", "neo", "xarray", "h5") for text in extras[name]]  # where such data are asked for
    given = {re.match(r"[\w-]+", text)[0] for text in [*project["project"]["dependencies"], *optional]}
    assert needed <= given


def test_tests_mirror_the_folders(root):
    found = {path.name for path in (root / "tests").iterdir() if path.is_dir() and not path.name.startswith("_")}
    assert {"house", "api", "connect", "recorders", "models", "versus_nest", "versus_theory"} <= found
