"""A device for the CUDA backend that executes the PTX of its kernels on the CPU (see ptx_machine): tests without a GPU."""
import ctypes
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))                      # tests are no package

from ptx_machine import PtxMachine  # noqa: E402


class EmulatedDevice:
    """A GPU of a few blocks, whose threads run one after another. order: in which, see PtxKernel."""

    team, processors, slices, name = 3, 1, 2, "a machine for PTX"
    machine = PtxMachine()                  # one for all, so that a kernel is translated once

    def __init__(self, capability=(9, 0), order="forward", blocks=3, threads=64, free=1 << 33):
        self.capability, self.order, self.blocks, self.threads, self.free_room = capability, order, blocks, threads, free
        self._memory = {}

    def use(self):
        """It is the one of every thread."""

    def free_bytes(self):
        return self.free_room

    def allocate(self, nbytes):
        array = np.empty(max(int(nbytes), 1) // 8 + 1, np.int64)
        array[:1 << 20] = -1                                            # like a GPU's: anything but zeros
        self._memory[array.ctypes.data] = array
        return array.ctypes.data

    def free(self, address):
        del self._memory[address]

    def upload(self, address, array):
        ctypes.memmove(address, array.ctypes.data, array.nbytes)

    def download(self, address, array):
        ctypes.memmove(array.ctypes.data, address, array.nbytes)

    def zero(self, address, nbytes):
        ctypes.memset(address, 0, nbytes)

    def _launch(self, launch):
        kernel = self.machine.load(launch.kernel.ptx(self.capability))
        kernel(self.blocks, self.threads, *launch.args, order=self.order, rows=launch.rows)

    def record(self, launches):
        return launches

    def replay(self, graph, times=1):
        for _ in range(times):
            for launch in graph:
                self._launch(launch)

    def forget(self, graph):
        """Nothing was made."""

    def timed(self, launches):
        marks = [time.perf_counter()]
        for launch in launches:
            self._launch(launch)
            marks.append(time.perf_counter())
        return [b - a for a, b in zip(marks, marks[1:])]

    def wait(self):
        """All is done."""
