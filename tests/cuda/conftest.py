"""Fixtures of the tests that run PTX on the CPU."""
import gc
import importlib.metadata
import importlib.util
import sys
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULE = """
.version 7.0
.target sm_75
.address_size 64
{before}
.visible .entry k(.param .u64 k_0, .param .u64 k_1, .param .u64 k_2, .param .u64 k_3, .param .u64 k_4)
{{
    .reg .pred %p<10>;
    .reg .b16 %h<10>;
    .reg .b32 %r<20>;
    .reg .b64 %q<20>;
    .reg .f32 %f<10>;
    .reg .f64 %d<10>;
{lines}
    ret;
}}
"""


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
    """compile_ptx(function, n_args, cc, fma=False): PTX of a function of whole numbers; no GPU is needed."""
    import numba.cuda.dispatcher as dispatcher
    from numba import cuda, int64
    from numba.cuda.cudadrv import nvvm
    whole = nvvm.compile_ir

    def compiled(function, n_args, cc, fma=False):
        monkeypatch.setattr(nvvm, "compile_ir", lambda ir, **options: whole(ir, **{**options, "fma": fma}))
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


@pytest.fixture(scope="session")
def kernel_text():
    """kernel_text(*lines, before=""): the module of a kernel of five whole numbers k_0 to k_4, and registers %p to %d."""
    return lambda *lines, before="": MODULE.format(lines="\n".join(f"    {line}" for line in lines), before=before)


@pytest.fixture(scope="session")
def load_file():
    """load_file(name): a helper of this folder as a module."""
    def load(name):
        spec = importlib.util.spec_from_file_location(name.partition(".")[0], Path(__file__).with_name(name))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    return load


@pytest.fixture(scope="session")
def fake():
    """The module fake_driver.py."""
    from nestling.simulator.cuda_native import SIMULATED

    pytest.importorskip("cuda.bindings.driver", reason="no cuda-bindings here (pip install numba-cuda[cu13])")
    if SIMULATED:
        pytest.skip("numba's CUDA simulator is on: no machine code is made for a driver")
    spec = importlib.util.spec_from_file_location("nestling_tests_fake_driver", Path(__file__).with_name("fake_driver.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def linked(tmp_path_factory):
    """Where machine code is kept for these tests, and the PTX that each piece was linked from."""
    return tmp_path_factory.mktemp("cubin"), {}


@pytest.fixture
def driver_with(fake, machine, linked, monkeypatch):
    """driver_with(**options): the fake of a driver, in place of the bindings."""
    from nestling.simulator import cuda, cuda_device
    from nestling.simulator.cuda_compile import CudaKernel
    folder, images = linked
    plain, kept_at = cuda_device.link, CudaKernel.kept_at

    def link(ptx, capability):
        code, log = plain(ptx, capability)
        images[code] = ptx
        return code, log

    monkeypatch.setattr(cuda_device, "link", link)
    monkeypatch.setattr(CudaKernel, "kept_at", lambda self, capability, kind:
                        folder / kept_at(self, capability, kind).name if kind == "cubin" else kept_at(self, capability, kind))
    monkeypatch.setattr(cuda, "_device", None)

    def driver(**options):
        made = fake.FakeDriver(machine, images, **options)
        monkeypatch.setattr("cuda.bindings.driver", made)
        return made

    gc.freeze()                                 # collecting looks at what is made from here on, which is quick
    yield driver
    gc.collect()                                                    # what is left gives its memory back while the fake is there
    gc.unfreeze()


@pytest.fixture
def driver(driver_with):
    """A driver with one GPU."""
    return driver_with()


@pytest.fixture(scope="session")
def build():
    """build(backend="cuda", **options): a small network."""
    return small_network


def small_network(backend="cuda", **options):
    """A network with a generator, delays, recorded spikes and a recorded state; returns it, its neurons and recorders."""
    from nestling import simulator as nl
    sim = nl.Simulator(0.1, seed=5, threads=1, backend=backend, **options)
    n = sim.create(nl.iaf_psc_delta, 20, V_m=nl.init.Uniform(-70.0, -56.0))
    noise, rec = sim.create(nl.poisson_generator, rate=20_000.0), sim.create(nl.spike_recorder)
    meter = sim.create(nl.multimeter, record_from=["V_m"], interval=0.5)
    sim.connect(noise, n, weight=1.0)
    sim.connect(n, n, weight=-2.0, delay=nl.dist.Uniform(0.3, 1.5), rule=nl.fixed_indegree(4))
    sim.connect(n, rec)
    sim.connect(meter, n[:3])
    return sim, n, rec, meter
