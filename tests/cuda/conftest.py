"""Fixtures of the tests that run PTX on the CPU."""
import importlib.metadata
import importlib.util
import sys
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def ptx_machine():
    """The module ptx_machine.py."""
    name = "nestling_tests_ptx_machine"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name("ptx_machine.py"))
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def machine(ptx_machine):
    """One machine for all tests, so that no kernel is translated twice."""
    return ptx_machine.PtxMachine()


@pytest.fixture
def compile_ptx(monkeypatch):
    """compile_ptx(function, n_args, cc): PTX of a function of whole numbers, without contraction; no GPU is needed."""
    import numba.cuda.dispatcher as dispatcher
    from numba import cuda, int64
    from numba.cuda.cudadrv import nvvm
    whole = nvvm.compile_ir
    monkeypatch.setattr(nvvm, "compile_ir", lambda ir, **options: whole(ir, **{**options, "fma": False}))

    def compiled(function, n_args, cc):
        monkeypatch.setattr(dispatcher, "get_current_device", lambda: type("Device", (), {"compute_capability": cc}))
        return cuda.compile_ptx(function, (int64,) * n_args, cc=cc)[0]
    return compiled


@pytest.fixture(scope="session")
def kept_ptx(request):
    """kept_ptx(name, make): what make() gives, kept from run to run until a source or a compiler changes."""
    sources = [*sorted((ROOT / "models").glob("*.py")), *Path(__file__).parent.glob("test_models*.py")]
    sources += [ROOT / "simulator" / f"{name}.py" for name in ("functions", "lanes", "native", "compile")]
    versions = [importlib.metadata.version(name) for name in ("numba", "numba-cuda", "numpy")]
    digest = sha256(b"".join(p.read_bytes() for p in sources) + repr(versions).encode()).hexdigest()[:16]
    folder = request.config.cache.mkdir(f"nestling-ptx-{digest}")

    def kept(name, make):
        file = folder / f"{name}.ptx"
        if not file.exists():
            part = file.with_suffix(".part")
            part.write_text(make())
            part.rename(file)
        return file.read_text()
    return kept
