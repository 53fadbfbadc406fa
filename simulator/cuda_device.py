"""The GPU: memory, copies, and launches, recorded once as a graph and replayed without Python in between.

Through NVIDIA's own bindings of the CUDA driver. `cuda_simulated` has the same for machines without a GPU.
"""
from __future__ import annotations

import ctypes
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cuda_compile import CudaKernel, keep
from .errors import NotAvailable

BLOCK = 128                     # threads of a block: few, so that models with many registers still fill a multiprocessor
INSTALL = 'install it with pip install "nestling[cuda]" and an NVIDIA driver of CUDA 13, or use backend="cpu"'


@dataclass(frozen=True)
class Launch:
    """A kernel, its int64 arguments, and for how many items it is launched, in so many rows of the grid.

    label: its phase in a profile; what: the blocks or drives that it advances.
    """

    kernel: CudaKernel
    args: tuple[int, ...]
    items: int
    rows: int = 1
    label: str = ""
    what: tuple[Any, ...] = ()


def check(result: tuple) -> Any:
    """What a call of the driver returned; RuntimeError where it failed."""
    error, *values = result
    if int(error) != 0:
        raise RuntimeError(f"the CUDA driver reports {error!r}")
    return values[0] if len(values) == 1 else tuple(values)


class Device:
    """The first GPU that CUDA_VISIBLE_DEVICES lets us see."""

    team = 5                    # bits: 32 threads, a warp, read a group of synapses together
    slices = 64                 # of one graph: what is left of it at the end of a run takes less than a millisecond

    def __init__(self) -> None:
        try:
            from cuda.bindings import driver
            error, = driver.cuInit(0)
            n = check(driver.cuDeviceGetCount()) if int(error) == 0 else 0
        except ImportError as problem:
            raise NotAvailable(f"backend = 'cuda': {problem}: {INSTALL}") from None
        except Exception as problem:                # the bindings' own kinds, of a driver that is not there
            raise NotAvailable(f"backend = 'cuda': there is no CUDA driver ({problem}): {INSTALL}") from None
        if n == 0:
            raise NotAvailable(f"backend = 'cuda': there is no CUDA GPU ({error!r}): {INSTALL}")
        self.driver = driver
        device = check(driver.cuDeviceGet(0))
        self.context = check(driver.cuDevicePrimaryCtxRetain(device))
        check(driver.cuCtxSetCurrent(self.context))
        self.name = check(driver.cuDeviceGetName(256, device)).split(b"\0")[0].decode()
        kinds = driver.CUdevice_attribute
        self.capability = (self._attribute(kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device),
                           self._attribute(kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device))
        self.processors = self._attribute(kinds.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT, device)
        self.stream = check(driver.cuStreamCreate(int(driver.CUstream_flags.CU_STREAM_NON_BLOCKING)))
        self._functions: dict[CudaKernel, Any] = {}

    def _attribute(self, kind: Any, device: Any) -> int:
        return int(check(self.driver.cuDeviceGetAttribute(kind, device)))

    def use(self) -> None:
        """Make the GPU the one of this thread."""
        check(self.driver.cuCtxSetCurrent(self.context))

    def free_bytes(self) -> int:
        free, _ = check(self.driver.cuMemGetInfo())
        return int(free)

    def allocate(self, nbytes: int) -> int:
        return int(check(self.driver.cuMemAlloc(max(int(nbytes), 1))))

    def free(self, address: int) -> None:
        self.driver.cuMemFree(address)

    def upload(self, address: int, array: np.ndarray) -> None:
        if array.nbytes:
            check(self.driver.cuMemcpyHtoD(address, array.ctypes.data, array.nbytes))

    def download(self, address: int, array: np.ndarray) -> None:
        if array.nbytes:
            check(self.driver.cuMemcpyDtoH(array.ctypes.data, address, array.nbytes))

    def zero(self, address: int, nbytes: int) -> None:
        check(self.driver.cuMemsetD8(address, 0, nbytes))

    def _function(self, kernel: CudaKernel) -> Any:
        """The kernel's code in the GPU's memory; linked for this kind of GPU once, and kept on disk."""
        if kernel not in self._functions:
            path = kernel.kept_at(self.capability, "cubin")
            if not path.exists():
                keep(path, link(kernel.ptx(self.capability), self.capability)[0])
            module = check(self.driver.cuModuleLoadData(path.read_bytes()))
            entry = check(self.driver.cuModuleEnumerateFunctions(1, module))
            self._functions[kernel] = (entry[0] if isinstance(entry, (list, tuple)) else entry), module
        return self._functions[kernel][0]

    def _launch(self, launch: Launch) -> None:
        blocks = min(-(-launch.items // BLOCK), 16 * self.processors)
        kinds = (ctypes.c_int64,) * len(launch.args)
        check(self.driver.cuLaunchKernel(self._function(launch.kernel), max(blocks, 1), launch.rows, 1, BLOCK, 1, 1, 0,
                                         self.stream, (tuple(launch.args), kinds), 0))

    def record(self, launches: list[Launch]) -> Any:
        """The launches as one graph, to be replayed as often as needed."""
        d = self.driver
        for launch in launches:                     # code is loaded before: that cannot be recorded
            self._function(launch.kernel)
        check(d.cuStreamBeginCapture(self.stream, d.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL))
        for launch in launches:
            self._launch(launch)
        graph = check(d.cuStreamEndCapture(self.stream))
        found = check(d.cuGraphInstantiate(graph, 0))
        check(d.cuGraphDestroy(graph))
        return found

    def replay(self, graph: Any, times: int = 1) -> None:
        for _ in range(times):
            check(self.driver.cuGraphLaunch(graph, self.stream))

    def forget(self, graph: Any) -> None:
        self.driver.cuGraphExecDestroy(graph)

    def wait(self) -> None:
        """Until all that was launched is done."""
        check(self.driver.cuStreamSynchronize(self.stream))

    def timed(self, launches: list[Launch]) -> list[float]:
        """Launch one after another; the seconds that each took on the GPU."""
        d = self.driver
        events = [check(d.cuEventCreate(0)) for _ in range(len(launches) + 1)]
        check(d.cuEventRecord(events[0], self.stream))
        for launch, event in zip(launches, events[1:]):
            self._launch(launch)
            check(d.cuEventRecord(event, self.stream))
        self.wait()
        taken = [1e-3 * check(d.cuEventElapsedTime(a, b)) for a, b in zip(events, events[1:])]
        for event in events:
            check(d.cuEventDestroy(event))
        return taken

    def bandwidth(self, nbytes: int = 1 << 28) -> float:
        """Bytes a second that a copy within the GPU's memory moves, read and written."""
        a, b = self.allocate(nbytes), self.allocate(nbytes)
        for _ in range(3):
            check(self.driver.cuMemcpyDtoD(a, b, nbytes))
        check(self.driver.cuCtxSynchronize())
        start = time.perf_counter()
        for _ in range(20):
            check(self.driver.cuMemcpyDtoD(a, b, nbytes))
        check(self.driver.cuCtxSynchronize())
        taken = time.perf_counter() - start
        self.free(a)
        self.free(b)
        return 40.0 * nbytes / taken


def link(ptx: str, capability: tuple[int, int]) -> tuple[bytes, str]:
    """PTX as machine code of a kind of GPU, and what the assembler says of it: registers, spills. Needs no GPU.

    By CUDA's own linker: a driver that is older than the compiler could not read the PTX itself.
    """
    from cuda.bindings import nvjitlink

    code = ptx.encode()
    handle = nvjitlink.create(3, [f"-arch=sm_{capability[0]}{capability[1]}", "-verbose", "-Xptxas=-v"])
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.PTX, code, len(code), "kernel.ptx")
        nvjitlink.complete(handle)
        cubin, log = bytearray(nvjitlink.get_linked_cubin_size(handle)), bytearray(nvjitlink.get_info_log_size(handle))
        nvjitlink.get_linked_cubin(handle, cubin)
        nvjitlink.get_info_log(handle, log)
        return bytes(cubin), log.decode(errors="replace")
    finally:
        nvjitlink.destroy(handle)
