"""Fixtures that all folders of tests share."""
import importlib.util
from pathlib import Path

import pytest


def load(path):
    """A module by its file; tests are no package, so they cannot import one another by name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def tolerances():
    """The module tolerances.py: every tolerance under a name, with its reason."""
    return load(Path(__file__).with_name("tolerances.py"))


@pytest.fixture(scope="session")
def cuda_code():
    """The module cuda_code.py: kernels compiled for GPUs, and what is wrong with them."""
    for name in ("numba.cuda", "cuda.bindings.nvjitlink"):
        pytest.importorskip(name, reason=f"no {name} here: CUDA code cannot be compiled (pip install numba-cuda[cu13])")
    return load(Path(__file__).with_name("cuda_code.py"))


@pytest.fixture(scope="session", params=["cpu"])
def backend(request):
    """Every backend that this version has."""
    return request.param


@pytest.fixture(scope="session")
def nest():
    """NEST, quiet, with an empty kernel and a resolution of 0.1 ms. A test that uses it resets the kernel first."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 0.1
    return nest
