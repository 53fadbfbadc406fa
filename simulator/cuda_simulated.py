"""What `cuda_device` does, under numba's CUDA simulator: kernels are Python, the GPU's memory is this process's.

Slow, and meant for tests of what kernels do. A few threads in a few blocks stand for a GPU's thousands.
"""
from __future__ import annotations

import ctypes
import time
import warnings
from typing import Any

import numpy as np
from numba import cuda

from .cuda_compile import CudaKernel
from .cuda_device import Launch


class SimulatedDevice:
    """A GPU of two blocks of two threads."""

    team, processors, capability, name = 1, 1, (9, 0), "numba's CUDA simulator"
    blocks = threads = slices = 2

    def __init__(self) -> None:
        self._memory: dict[int, np.ndarray] = {}
        self._functions: dict[CudaKernel, Any] = {}

    def use(self) -> None:
        """It is the one of every thread."""

    def free_bytes(self) -> int:
        return 1 << 30

    def allocate(self, nbytes: int) -> int:
        array = np.full(max(int(nbytes), 1) // 8 + 1, -1, np.int64)      # like a GPU's: anything but zeros
        self._memory[array.ctypes.data] = array
        return array.ctypes.data

    def free(self, address: int) -> None:
        del self._memory[address]

    def upload(self, address: int, array: np.ndarray) -> None:
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def download(self, address: int, array: np.ndarray) -> None:
        ctypes.memmove(array.ctypes.data, address, array.nbytes)

    def zero(self, address: int, nbytes: int) -> None:
        ctypes.memset(address, 0, nbytes)

    def _launch(self, launch: Launch) -> None:
        if launch.kernel not in self._functions:
            self._functions[launch.kernel] = cuda.jit(launch.kernel.function)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)             # whole numbers that wrap round, as they should
            self._functions[launch.kernel][(self.blocks, launch.rows), self.threads](*launch.args)

    def record(self, launches: list[Launch]) -> list[Launch]:
        return launches

    def replay(self, graph: list[Launch], times: int = 1) -> None:
        for _ in range(times):
            for launch in graph:
                self._launch(launch)

    def forget(self, graph: Any) -> None:
        """Nothing was made."""

    def timed(self, launches: list[Launch]) -> list[float]:
        """The seconds that each launch took."""
        marks = [time.perf_counter()]
        for launch in launches:
            self._launch(launch)
            marks.append(time.perf_counter())
        return [b - a for a, b in zip(marks, marks[1:])]

    def wait(self) -> None:
        """All is done."""
