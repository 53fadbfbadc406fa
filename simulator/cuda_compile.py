"""Compiling kernels for GPUs: a plain function becomes PTX, which is kept on disk like the kernels of the CPU.

No multiply-add is contracted: a GPU would then round once where the CPU rounds twice, and give other bits.
"""
from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numba
from numba import cuda, types
from numba.core.errors import NumbaError

from .compile import announce, cache_folder, checked, digest_of, jitable, parts_of, register
from .cuda_native import SIMULATED

_OWN = Path(__file__).with_name("cuda_native.py").read_text()       # what no kernel's code shows
_kernels: dict[tuple[str, str], CudaKernel] = {}


class CudaKernel:
    """A kernel of int64 arguments, for any device."""

    def __init__(self, function: Callable, digest: str) -> None:
        self.function, self.name, self.digest = function, function.__name__, digest
        self.n_args = function.__code__.co_argcount
        self._ptx: dict[tuple[int, int], str] = {}

    def kept_at(self, capability: tuple[int, int], kind: str) -> Path:
        """The file that holds its code for GPUs of a compute capability."""
        version = f"{numba.__version__}-{getattr(cuda, '__version__', '')}-{capability[0]}{capability[1]}"
        return cache_folder(self.function) / f"cuda-{self.name}-{self.digest[:24]}-{version}.{kind}"

    def ptx(self, capability: tuple[int, int]) -> str:
        """Its PTX, from disk where it is there."""
        if capability not in self._ptx:
            path = self.kept_at(capability, "ptx")
            if not path.exists():
                announce(str(path.parent))
                keep(path, compile_ptx(self.function, self.n_args, capability).encode())
            self._ptx[capability] = path.read_text()
        return self._ptx[capability]


def cuda_kernel(function: Callable, *, uses: tuple[Callable, ...] = (), variant: str = "") -> CudaKernel:
    """A function as a kernel; uses, variant: as for compile.kernel."""
    name, digest = function.__name__, digest_of(function, uses, variant + _OWN)
    if (name, digest) not in _kernels:
        if not SIMULATED:
            for part in parts_of(function)[1:]:
                jitable(part)
                for unchecked in checked.intersection(parts_of(part)):
                    checked.discard(unchecked)
                    register(unchecked, "cuda")
        _kernels[name, digest] = CudaKernel(function, digest)
    return _kernels[name, digest]


def compile_ptx(function: Callable, n_args: int, capability: tuple[int, int]) -> str:
    """The PTX of a kernel."""
    with compiling_for(capability):
        ptx, _ = cuda.compile_ptx(function, (types.int64,) * n_args, cc=capability)
    contracted = re.search(r"\bfma\.\S+", ptx)
    if contracted:
        raise RuntimeError(f"{function.__name__}: this version of numba-cuda contracts multiplications and additions "
                           f"({contracted[0]}), so that a GPU would give other bits than a CPU: use numba-cuda 0.30 or newer")
    return ptx


def why_not(kernel: CudaKernel, capability: tuple[int, int]) -> str:
    """Why a kernel cannot be compiled, or nothing if it can; under numba's simulator everything can."""
    try:
        if not SIMULATED:
            kernel.ptx(capability)
    except (NumbaError, NotImplementedError, LookupError) as error:        # the last, of what numba-cuda does not know
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        return " ".join([type(error).__name__, *lines[:1]])
    return ""


@contextmanager
def compiling_for(capability: tuple[int, int]) -> Iterator[None]:
    """Within, numba-cuda compiles for GPUs of this kind, be one there or not, and NVVM keeps multiplications and additions
    apart: numba-cuda has no settings for either."""
    from numba.cuda import dispatcher
    from numba.cuda.cudadrv import nvvm

    usual = nvvm.compile_ir, dispatcher.get_current_device
    nvvm.compile_ir = lambda ir, **options: usual[0](ir, **{**options, "fma": False})
    dispatcher.get_current_device = lambda: SimpleNamespace(compute_capability=capability)
    try:
        yield
    finally:
        nvvm.compile_ir, dispatcher.get_current_device = usual


def keep(path: Path, code: bytes) -> None:
    """Write a file in one go, so that no other process reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(code)
    os.replace(file.name, path)
