"""Fixtures that all folders of tests share."""
import importlib.util
import signal
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


@pytest.fixture(scope="session", params=["cpu", "cuda"])
def backend(request):
    """Every backend. Where there is no GPU, the PTX of the CUDA backend's kernels runs on the CPU (see cuda/ptx_machine.py)."""
    if request.param == "cuda":
        request.getfixturevalue("gpu")
    return request.param


@pytest.fixture(scope="session")
def gpu():
    """What the CUDA backend runs on: a GPU, numba's simulator of one, or a machine for its PTX."""
    from nestling.simulator import cuda
    from nestling.simulator.errors import NotAvailable

    try:
        return cuda.open_device("double")
    except NotAvailable:
        cuda._device = load(Path(__file__).parent / "cuda" / "emulated.py").EmulatedDevice()
        return cuda._device


@pytest.fixture
def ctrl_c():
    """Python's own answer to Ctrl-C, which a shell takes away from programs that it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def nest():
    """NEST, quiet, with an empty kernel and a resolution of 0.1 ms. A test that uses it resets the kernel first."""
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.resolution = 0.1
    return nest
