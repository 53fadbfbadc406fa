"""The import arrows of the design: who may import whom. A model knows its contract, the engine knows no model."""
import sys

STANDARD = frozenset(sys.stdlib_module_names)

# What the simulator may import beyond the three contracts, and in which files.
SHARED = {
    "nestling.connect.draws": {"draw.py", "drives.py"},                          # random numbers by address
    "nestling.connect.kernels": {"model_kernels.py", "value_kernels.py", "cuda_inputs.py", "cuda_draws.py"},   # compiled
    "nestling.connect.arithmetic": {"formulas.py", "quantities.py"},             # what expressions are made of
    "nestling.connect.expressions": {"formulas.py", "quantities.py"},
    "nestling.connect.trees": {"formulas.py", "quantities.py"},
    "nestling.connect.reading": {"wiring.py", "connecting.py"},                  # what users give, read as True or False
    "nestling.models.arithmetic": {"functions.py"},                              # what is compiled in another form
    "nestling.models.reading": {"simulator.py", "descriptions.py"},                                 # a module read as a model
    "nestling.recorders.results": {"collect.py", "simulator.py", "profile.py", "run_control.py", "running.py",
                                   "stretches.py"},                              # what a run returns
    "nestling.recorders.files": {"collect.py", "planning.py", "stretches.py", "checkpoint.py"},          # they write to
    "nestling.recorders.paths": {"declare.py", "stretches.py"},
    "nestling.connect.explicit_edges": {"edits.py"},                              # connections that were changed are listed
    "nestling.connect.one_to_one": {"edits.py"},                                  # the rules by which connections are removed
    "nestling.connect.all_to_all": {"connecting.py", "edits.py"},                             # the rule where none is given
}


SHARED_BY_MODELS = {"contract", "arithmetic", "solvers", "chance", "propagators", "generators", "membrane", "rise_and_decay",
                    "conductances", "traub_miles", "hodgkin_huxley", "upstroke", "adaptive_exponential", "adaptation", "glif"}


def package(module):
    return module.split(".")[0]


def folder(module):
    """`models` of nestling.models.x."""
    return module.split(".")[1]


def of(imports, *skipped):
    """A folder's imports except those of some files."""
    return [i for i in imports if i.file.split("/")[-1] not in skipped]


def allowed(found, packages, modules=(), standard=STANDARD):
    """The imports that are neither of these packages, nor these modules of ours, nor of the standard library."""
    return [str(i) for i in found
            if not (i.module in modules if package(i.module) == "nestling" else package(i.module) in {*packages, *standard})]


def test_a_model_imports_numpy_typing_its_contract_and_what_models_compute_with(imports):
    found = of(imports["models"], "__init__.py", "contract.py", "reading.py", "arithmetic.py")
    shared = {f"nestling.models.{name}" for name in SHARED_BY_MODELS}
    assert allowed(found, {"numpy"}, shared, {"typing", "math", "__future__"}) == []


def test_the_contract_of_models_imports_numpy_only(imports):
    for name in ("contract", "reading", "arithmetic"):
        found = [i for i in imports["models"] if i.file == f"models/{name}.py"]
        assert found and allowed(found, {"numpy"}, {"nestling.models.contract"}) == []


def test_connect_imports_numpy_scipy_its_own_folder_and_the_arithmetic_of_models(imports):
    found = [i for i in imports["connect"] if not i.module.startswith("nestling.connect")]
    plain = of(found, "kernels.py", "operator_kernels.py", "space_kernels.py", "piece_kernels.py")
    arithmetic = {"nestling.models.arithmetic"}         # exp and log, which have the same bits on every machine
    assert allowed(plain, {"numpy", "scipy"}, arithmetic) == []
    assert allowed(found, {"numpy", "scipy", "numba"}, arithmetic) == []
    users = {i.file.split("/")[-1] for i in found if i.module in arithmetic}
    assert users == {"normal.py", "distributions.py", "exponential.py", "kernels.py", "operator_kernels.py"}


def test_recorders_import_numpy_scipy_and_their_own_folder_and_matplotlib_in_functions(imports):
    found = [i for i in imports["recorders"] if not i.module.startswith("nestling.recorders")]
    handing_over = {"pandas", "neo", "quantities", "xarray"}         # results go to other tools in one file
    assert allowed(of(found, "handover.py", "sonata.py", "paths.py"), {"numpy", "scipy", "matplotlib"}) == []
    assert allowed([i for i in found if i.file in ("recorders/sonata.py", "recorders/paths.py")], {"numpy", "h5py"}) == []
    assert allowed(of(found, "sonata.py", "paths.py"), {"numpy", "scipy", "matplotlib", *handing_over}) == []
    assert [str(i) for i in found if package(i.module) in {"matplotlib", "h5py", *handing_over} and i.top] == []
    assert any(package(i.module) == "matplotlib" for i in found)


def test_the_simulator_imports_contracts_and_what_is_listed_as_shared(imports):
    contracts = {f"nestling.{name}.contract" for name in ("models", "connect", "recorders")}
    ours = [i for i in of(imports["simulator"], "__init__.py") if package(i.module) == "nestling"]
    wrong = [str(i) for i in ours if folder(i.module) != "simulator" and i.module not in contracts
             and i.file.split("/")[-1] not in SHARED.get(i.module, ())]
    assert wrong == []
    assert {m for m in SHARED if any(i.module == m for i in ours)} == set(SHARED), "an exception that nobody needs"
    assert not any(i.top for i in ours if i.module == "nestling.connect.all_to_all"), "import it where it is needed"


def test_no_file_but_the_public_face_imports_a_concrete_model_or_recorder(imports):
    concrete = [i for name in ("simulator", "connect", "models", "recorders") for i in of(imports[name], "__init__.py")
                if package(i.module) == "nestling" and folder(i.module) == "models"
                and i.module.split(".")[-1] not in {*SHARED_BY_MODELS, "reading"}]
    assert [str(i) for i in concrete] == []
    recorders = [i for i in of(imports["simulator"], "__init__.py") if i.module.startswith("nestling.recorders.")]
    assert {i.module for i in recorders} <= {"nestling.recorders.contract", "nestling.recorders.results",
                                             "nestling.recorders.files", "nestling.recorders.paths"}


def test_the_simulator_needs_numpy_and_numba_and_the_rest_only_in_functions(imports):
    found = [i for i in imports["simulator"] if package(i.module) != "nestling"]
    later = {"tqdm", "brainunit", "scipy", "pandas", "joblib", "cuda", "numba_cuda"}
    assert allowed(found, {"numpy", "numba", "llvmlite"} | later) == []
    assert [str(i) for i in found if package(i.module) in later and i.top] == []


def test_numba_is_imported_in_the_simulator_and_in_the_kernels_of_rules_only(imports):
    users = {i.file for name in imports for i in imports[name] if package(i.module) in ("numba", "llvmlite")}
    assert {f for f in users if not f.startswith("simulator/")} == {"connect/kernels.py", "connect/operator_kernels.py",
                                                                        "connect/space_kernels.py", "connect/piece_kernels.py"}


def test_brainunit_is_imported_in_one_file_when_it_is_asked_for(imports):
    users = [i for name in imports for i in imports[name] if package(i.module) in ("brainunit", "saiunit", "jax")]
    assert {i.file for i in users} == {"simulator/units.py"} and not any(i.top for i in users)


def test_folders_import_one_another_by_full_names_and_themselves_by_relative_ones(root, files):
    for name, paths in files.items():
        for path in paths:
            assert f"from nestling.{name}" not in path.read_text(), f"{path.relative_to(root)}: write a relative import"


def test_nothing_is_imported_by_a_name_in_a_string(root, files):
    for paths in files.values():
        for path in paths:
            text = path.read_text().replace("importlib.metadata", "")           # which tells versions
            for trick in ("importlib", "__import__", "exec(", "eval("):
                assert trick not in text, f"{path.relative_to(root)}: {trick}"
