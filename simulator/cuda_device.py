"""The GPU: memory, copies, and launches, put together once as a graph and replayed without Python in between.

Through NVIDIA's own bindings of the CUDA driver. `cuda_simulated` has the same for machines without a GPU.
All is done in one stream, copies too: CUDA's plain copies and memsets may still be under way when they return, and are
ordered only with the default stream. The graph is built node by node. To capture it from a stream would be shorter, but
memory that Python's garbage collector happens to give back meanwhile would spoil the capture.
"""
from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from .cuda_compile import CudaKernel, keep
from .errors import NotAvailable, TooLarge

BLOCK = 128                     # threads of a block: few, so that models with many registers still fill a multiprocessor
ROWS = 65535                    # of a grid at most
OLDEST = 7, 5                   # compute capability that the compilers of CUDA 13 know
INSTALL = 'it needs pip install "nestling[cuda]" and an NVIDIA driver of CUDA 13 (580 or newer); or use backend="cpu"'
OUT_OF_MEMORY, NO_DEVICE = 2, 100
LOST = (214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 999)       # all that follows fails likewise


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
    """What a call of the driver returned; TooLarge or RuntimeError where it failed."""
    error, *values = result
    if int(error) != 0:
        raise failure(error)
    return values[0] if len(values) == 1 else tuple(values)


def failure(error: Any) -> Exception:
    """The error of a call of the driver, and what can be done."""
    name, text = described(error)
    if int(error) == OUT_OF_MEMORY:
        return TooLarge(f"the GPU's memory is full ({name}): simulate fewer neurons or synapses, record less, end what else "
                        f"uses the GPU, or use backend='cpu'")
    if int(error) in LOST:
        return RuntimeError(f"the CUDA driver reports {name}: {text}. All that was on the GPU is lost, and nothing more "
                            f"runs there in this process: start Python again; backend='cpu' runs the same network")
    return RuntimeError(f"the CUDA driver reports {name}: {text}")


def described(error: Any) -> tuple[str, str]:
    """Name and meaning of a CUresult."""
    from cuda.bindings import driver

    problem, text = driver.cuGetErrorString(error)
    return error.name, text.decode() if int(problem) == 0 else "no description"


def open_driver() -> tuple[Any, Any]:
    """The bindings of the driver, and the handle of the first GPU; NotAvailable where there is none that can be used."""
    try:
        from cuda.bindings import driver
        error, = driver.cuInit(0)
    except ImportError as problem:
        raise NotAvailable(f"backend = 'cuda': {problem}: {INSTALL}") from None
    except RuntimeError as problem:                 # how the bindings say that they find no driver
        raise NotAvailable(f"backend = 'cuda': there is no NVIDIA driver ({problem}): {INSTALL}") from None
    if int(error) not in (0, NO_DEVICE):
        name, text = described(error)
        raise NotAvailable(f"backend = 'cuda': the NVIDIA driver does not start ({name}: {text}): {INSTALL}")
    if int(error) == NO_DEVICE or check(driver.cuDeviceGetCount()) == 0:
        visible = os.environ.get("CUDA_VISIBLE_DEVICES")
        shown = "" if visible is None else f" among those of CUDA_VISIBLE_DEVICES = {visible!r}"
        raise NotAvailable(f"backend = 'cuda': the NVIDIA driver finds no GPU{shown}: use backend=\"cpu\"")
    version = check(driver.cuDriverGetVersion())
    if version // 1000 < driver.CUDA_VERSION // 1000:
        raise NotAvailable(f"backend = 'cuda': the NVIDIA driver is one of CUDA {version // 1000}.{version % 1000 // 10}, "
                           f"but the compilers that are installed need one of CUDA {driver.CUDA_VERSION // 1000}: install a "
                           f"newer NVIDIA driver, or use backend=\"cpu\"")
    return driver, check(driver.cuDeviceGet(0))


class Device:
    """The first GPU that CUDA_VISIBLE_DEVICES lets us see."""

    team = 5                    # bits: 32 threads, a warp, read a group of synapses together
    slices = 64                 # of one graph: what is left of it at the end of a run takes less than a millisecond

    def __init__(self) -> None:
        self.driver, device = open_driver()
        d, kinds = self.driver, self.driver.CUdevice_attribute

        def attribute(kind: Any) -> int:
            return int(check(d.cuDeviceGetAttribute(kind, device)))

        self.name = check(d.cuDeviceGetName(256, device)).split(b"\0")[0].decode()
        self.capability = (attribute(kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
                           attribute(kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR))
        if self.capability < OLDEST:
            raise NotAvailable(f"backend = 'cuda': the first GPU, {self.name}, has compute capability "
                               f"{dotted(self.capability)}: must be {dotted(OLDEST)} or higher (Turing); choose another one by "
                               f"CUDA_VISIBLE_DEVICES, or use backend=\"cpu\"")
        self.processors = attribute(kinds.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
        self.context, self._process = check(d.cuDevicePrimaryCtxRetain(device)), os.getpid()
        self.use()
        self.stream = check(d.cuStreamCreate(int(d.CUstream_flags.CU_STREAM_NON_BLOCKING)))
        self._functions: dict[CudaKernel, Any] = {}

    def use(self) -> None:
        """Make the GPU the one of this thread. What uses memory does so by itself: a thread need not know of the others."""
        if os.getpid() != self._process:
            raise NotAvailable("backend = 'cuda': this process was forked from one that uses the GPU, and cannot use it: start "
                               "it by multiprocessing.get_context('spawn')")
        check(self.driver.cuCtxSetCurrent(self.context))

    def free_bytes(self) -> int:
        self.use()
        free, _ = check(self.driver.cuMemGetInfo())
        return int(free)

    def allocate(self, nbytes: int) -> int:
        self.use()
        return int(check(self.driver.cuMemAlloc(max(int(nbytes), 1))))

    def free(self, address: int) -> None:
        """Give memory back, in whatever thread Python collects its garbage; nothing happens where the GPU is lost."""
        if os.getpid() == self._process and int(self.driver.cuCtxSetCurrent(self.context)[0]) == 0:
            self.driver.cuMemFree(address)

    def upload(self, address: int, array: np.ndarray) -> None:
        """Copy a contiguous array to the GPU; it may be changed thereafter."""
        if array.nbytes:
            self.use()
            check(self.driver.cuMemcpyHtoDAsync(address, array.ctypes.data, array.nbytes, self.stream))
            self.wait()

    def download(self, address: int, array: np.ndarray) -> None:
        """Copy to a contiguous array, after all that was launched."""
        if array.nbytes:
            self.use()
            check(self.driver.cuMemcpyDtoHAsync(array.ctypes.data, address, array.nbytes, self.stream))
            self.wait()

    def zero(self, address: int, nbytes: int) -> None:
        if nbytes:
            self.use()
            check(self.driver.cuMemsetD8Async(address, 0, nbytes, self.stream))

    def _function(self, kernel: CudaKernel) -> Any:
        """The kernel's code in the GPU's memory; linked for this kind of GPU once, and kept on disk."""
        if kernel not in self._functions:
            path = kernel.kept_at(self.capability, "cubin")
            if not path.exists():
                keep(path, loadable(kernel.ptx(self.capability), self.capability))
            module = check(self.driver.cuModuleLoadData(path.read_bytes()))
            found, = check(self.driver.cuModuleEnumerateFunctions(1, module))
            self._functions[kernel] = found, module
        return self._functions[kernel][0]

    def _blocks(self, launch: Launch) -> int:
        """How many blocks a row of the grid has: threads take several items where there are many."""
        return max(min(-(-launch.items // BLOCK), 16 * self.processors), 1)

    def record(self, launches: list[Launch], events: list[Any] | None = None) -> Any:
        """The launches, one after another, as one graph, to be replayed as often as needed.

        events: one more than launches, to be recorded before, between and after them.
        """
        self.use()
        graph = check(self.driver.cuGraphCreate(0))
        try:
            nodes: list[Any] = []
            for k, launch in enumerate(launches):
                self._mark(graph, nodes, events, k)
                nodes.append(check(self.driver.cuGraphAddKernelNode(graph, nodes[-1:], len(nodes[-1:]), self._node(launch))))
            self._mark(graph, nodes, events, len(launches))
            return check(self.driver.cuGraphInstantiate(graph, 0))
        finally:
            check(self.driver.cuGraphDestroy(graph))

    def _node(self, launch: Launch) -> Any:
        """A launch as part of a graph."""
        node = self.driver.CUDA_KERNEL_NODE_PARAMS()
        node.func = self._function(launch.kernel)
        node.gridDimX, node.gridDimY, node.gridDimZ = self._blocks(launch), launch.rows, 1
        node.blockDimX, node.blockDimY, node.blockDimZ = BLOCK, 1, 1
        # the values of the int64 arguments, and their types
        node.kernelParams = launch.args, (ctypes.c_int64,) * len(launch.args)
        return node

    def _mark(self, graph: Any, nodes: list[Any], events: list[Any] | None, k: int) -> None:
        """Add the recording of an event to a graph."""
        if events:
            nodes.append(check(self.driver.cuGraphAddEventRecordNode(graph, nodes[-1:], len(nodes[-1:]), events[k])))

    def replay(self, graph: Any, times: int = 1) -> None:
        self.use()
        for _ in range(times):
            check(self.driver.cuGraphLaunch(graph, self.stream))

    def forget(self, graph: Any) -> None:
        """Give a graph's memory back, as `free` does."""
        if os.getpid() == self._process and int(self.driver.cuCtxSetCurrent(self.context)[0]) == 0:
            self.driver.cuGraphExecDestroy(graph)

    def wait(self) -> None:
        """Until all that was launched is done."""
        check(self.driver.cuStreamSynchronize(self.stream))

    def timed(self, launches: list[Launch]) -> list[float]:
        """Launch one after another; the seconds that each took on the GPU.

        Marks of time stand between them in one graph, so that the GPU does not wait for the host.
        """
        self.use()
        with self._events(len(launches) + 1) as events:
            graph = self.record(launches, events)
            try:
                self.replay(graph)
                self.wait()
            finally:
                self.forget(graph)
            return self._between(events)

    @contextmanager
    def _events(self, n: int) -> Iterator[list[Any]]:
        """Marks of time, for a while."""
        events: list[Any] = []
        try:
            for _ in range(n):
                events.append(check(self.driver.cuEventCreate(0)))
            yield events
        finally:
            for event in events:
                self.driver.cuEventDestroy(event)

    def _between(self, events: list[Any]) -> list[float]:
        """The seconds from each event to the next."""
        return [1e-3 * float(check(self.driver.cuEventElapsedTime(a, b))) for a, b in zip(events, events[1:])]

    def bandwidth(self, nbytes: int = 1 << 28) -> float:
        """Bytes a second that a copy within the GPU's memory moves, read and written."""
        d, places = self.driver, []
        try:
            for _ in range(2):
                places.append(self.allocate(nbytes))
            with self._events(2) as events:
                for k in range(23):
                    if k == 3:                      # the first ones wake the GPU
                        check(d.cuEventRecord(events[0], self.stream))
                    check(d.cuMemcpyDtoDAsync(*places, nbytes, self.stream))
                check(d.cuEventRecord(events[1], self.stream))
                self.wait()
                return 40.0 * nbytes / self._between(events)[0]
        finally:
            for place in places:
                self.free(place)


def dotted(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"


def loadable(ptx: str, capability: tuple[int, int]) -> bytes:
    """What the driver loads: machine code, or PTX for a GPU that is newer than the linker, as its driver then is."""
    from cuda.bindings import nvjitlink

    try:
        return link(ptx, capability)[0]
    except nvjitlink.nvJitLinkError as problem:
        if problem.status != nvjitlink.Result.ERROR_UNRECOGNIZED_ARCH:
            raise
        return ptx.encode() + b"\0"


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
