"""Stands for `cuda.bindings.driver` in tests: as strict as the real one or stricter, and as late as a GPU may be.

Memory is this process's, kernels run as PTX on the CPU (see ptx_machine). What is put into a stream is done only when
somebody waits for that stream, and a copy reads its source just then. Handles of another kind, numbers that are no `int`,
graphs whose nodes do not follow one another, and calls in a thread without a context are errors.
"""
import ctypes
import threading

import numpy as np
from cuda.bindings import driver as real

OK, OUT_OF_MEMORY, NO_CONTEXT, LOST = real.CUresult(0), real.CUresult(2), real.CUresult(201), real.CUresult(700)


class Handle:
    """What the driver gives: of a kind, with what the fake knows of it."""

    def __init__(self, kind, **known):
        self.kind = kind
        self.__dict__.update(known)


class CUDA_KERNEL_NODE_PARAMS:
    """A kernel's node, as it is filled in."""

    __slots__ = ("func", "gridDimX", "gridDimY", "gridDimZ", "blockDimX", "blockDimY", "blockDimZ", "kernelParams")


class FakeDriver:
    """One driver with its GPUs. images: PTX by machine code; launches: (kernel's name, blocks, rows) of all that ran."""

    CUDA_VERSION, CUresult = real.CUDA_VERSION, real.CUresult
    CUdevice_attribute, CUstream_flags = real.CUdevice_attribute, real.CUstream_flags
    CUDA_KERNEL_NODE_PARAMS = CUDA_KERNEL_NODE_PARAMS

    def __init__(self, machine, images, *, capability=(9, 0), devices=1, version=13000, init=0, room=1 << 30):
        self.machine, self.images, self.capability, self.devices, self.version = machine, images, capability, devices, version
        self.init, self.room = init, room
        self.memory, self.graphs, self.executables, self.events, self.launches, self.made = {}, [], [], [], [], 0
        self.failing = None                         # raised or returned by the next wait; LOST stays
        self.at_launch = lambda: None
        self._current, self._lost, self._clock = threading.local(), False, 0.0

    # --- the device -----------------------------------------------------------------------------------------------------

    def cuInit(self, Flags):
        if isinstance(self.init, Exception):
            raise self.init
        return (real.CUresult(self.init),)

    def cuGetErrorString(self, error):
        return OK, f"text of {int(error)}".encode()

    def cuDriverGetVersion(self):
        return OK, self.version

    def cuDeviceGetCount(self):
        return OK, self.devices

    def cuDeviceGet(self, ordinal):
        return OK, Handle(kind="device", number=whole(ordinal))

    def cuDeviceGetName(self, length, dev):
        of(dev, "device")
        return OK, b"a fake".ljust(whole(length), b"\0")

    def cuDeviceGetAttribute(self, attrib, dev):
        of(dev, "device")
        kinds = real.CUdevice_attribute
        known = {kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR: self.capability[0],
                 kinds.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR: self.capability[1],
                 kinds.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT: 1}
        return OK, known[attrib]

    def cuDevicePrimaryCtxRetain(self, dev):
        of(dev, "device")
        return OK, Handle(kind="context")

    def cuCtxSetCurrent(self, ctx):
        self._current.context = of(ctx, "context")
        return (LOST if self._lost else OK,)

    def _error(self):
        """What stops a call that needs a context."""
        return LOST if self._lost else OK if getattr(self._current, "context", None) else NO_CONTEXT

    # --- memory ---------------------------------------------------------------------------------------------------------

    def cuMemGetInfo(self):
        return self._error(), self.room - sum(a.nbytes for a in self.memory.values()), self.room

    def cuMemAlloc(self, bytesize):
        if int(self._error()):
            return self._error(), None
        if whole(bytesize) > self.cuMemGetInfo()[1]:
            return OUT_OF_MEMORY, None
        array = np.full(bytesize + 8, 0xFF, np.uint8)
        self.memory[array.ctypes.data] = array
        return OK, array.ctypes.data

    def cuMemFree(self, dptr):
        if not int(self._error()):
            del self.memory[whole(dptr)]
        return (self._error(),)

    def _copy(self, to, source, n, stream):
        return self._put(stream, lambda: ctypes.memmove(whole(to), whole(source), whole(n)))

    def cuMemcpyHtoDAsync(self, dstDevice, srcHost, ByteCount, hStream):
        self._inside(dstDevice, ByteCount)
        return self._copy(dstDevice, srcHost, ByteCount, hStream)

    def cuMemcpyDtoHAsync(self, dstHost, srcDevice, ByteCount, hStream):
        self._inside(srcDevice, ByteCount)
        return self._copy(dstHost, srcDevice, ByteCount, hStream)

    def cuMemcpyDtoDAsync(self, dstDevice, srcDevice, ByteCount, hStream):
        self._inside(dstDevice, ByteCount)
        self._inside(srcDevice, ByteCount)
        return self._copy(dstDevice, srcDevice, ByteCount, hStream)

    def cuMemsetD8Async(self, dstDevice, uc, N, hStream):
        self._inside(dstDevice, N)
        return self._put(hStream, lambda: ctypes.memset(whole(dstDevice), whole(uc), N))

    def _inside(self, address, n):
        assert any(a <= whole(address) and address + whole(n) <= a + array.nbytes for a, array in self.memory.items())

    # --- streams and events ---------------------------------------------------------------------------------------------

    def cuStreamCreate(self, Flags):
        assert whole(Flags) == 1
        return self._error(), Handle(kind="stream", queue=[])

    def _put(self, stream, work):
        if not int(self._error()):
            of(stream, "stream").queue.append(work)
        return (self._error(),)

    def cuStreamSynchronize(self, hStream):
        queue = of(hStream, "stream").queue
        while queue and not self._lost:
            queue.pop(0)()
            self._clock += 1.0
        if self.failing is not None:
            error, self.failing = self.failing, None
            self._lost = error == LOST
            return (error,)
        return (self._error(),)

    def cuEventCreate(self, Flags):
        assert whole(Flags) == 0
        self.events.append(Handle(kind="event", time=None))
        return self._error(), self.events[-1]

    def cuEventRecord(self, hEvent, hStream):
        return self._put(hStream, self._stamp(hEvent))

    def _stamp(self, event):
        of(event, "event")

        def work():
            event.time = self._clock
            self._clock -= 1.0                      # takes no time
        return work

    def cuEventElapsedTime(self, hStart, hEnd):
        return self._error(), of(hEnd, "event").time - of(hStart, "event").time

    def cuEventDestroy(self, hEvent):
        self.events.remove(of(hEvent, "event"))
        return (self._error(),)

    # --- kernels and graphs ---------------------------------------------------------------------------------------------

    def cuModuleLoadData(self, image):
        assert type(image) is bytes
        return self._error(), Handle(kind="module", kernel=self.machine.load(self.images[image]))

    def cuModuleEnumerateFunctions(self, numFunctions, mod):
        assert whole(numFunctions) == 1
        return self._error(), [Handle(kind="function", kernel=of(mod, "module").kernel)]

    def cuGraphCreate(self, flags):
        assert whole(flags) == 0
        self.graphs.append(Handle(kind="graph", nodes=[]))
        return self._error(), self.graphs[-1]

    def _node(self, graph, dependencies, n, work):
        assert dependencies == of(graph, "graph").nodes[-1:] and whole(n) == len(dependencies)
        graph.nodes.append(Handle(kind="node", work=work))
        return self._error(), graph.nodes[-1]

    def cuGraphAddKernelNode(self, hGraph, dependencies, numDependencies, nodeParams):
        p = nodeParams
        kernel, (values, kinds), blocks, rows = of(p.func, "function").kernel, p.kernelParams, p.gridDimX, p.gridDimY
        assert type(values) is type(kinds) is tuple and set(kinds) <= {ctypes.c_int64}
        assert len(values) == len(kinds) == kernel.n_args
        assert 1 <= whole(blocks) < 2**31 and 1 <= whole(rows) <= 65535 and 1 <= whole(p.blockDimX) <= 1024
        assert p.gridDimZ == p.blockDimY == p.blockDimZ == 1

        def work():
            self.at_launch()
            self.launches.append((kernel.name, blocks, rows))
            kernel(min(blocks, 3), p.blockDimX, *map(whole, values), rows=rows)     # they have loops: fewer blocks will do
        return self._node(hGraph, dependencies, numDependencies, work)

    def cuGraphAddEventRecordNode(self, hGraph, dependencies, numDependencies, event):
        return self._node(hGraph, dependencies, numDependencies, self._stamp(event))

    def cuGraphInstantiate(self, hGraph, flags):
        assert whole(flags) == 0
        self.executables.append(Handle(kind="executable", work=[node.work for node in of(hGraph, "graph").nodes]))
        self.made += 1
        return self._error(), self.executables[-1]

    def cuGraphDestroy(self, hGraph):
        self.graphs.remove(of(hGraph, "graph"))
        return (self._error(),)

    def cuGraphLaunch(self, hGraphExec, hStream):
        for work in of(hGraphExec, "executable").work:
            self._put(hStream, work)
        return (self._error(),)

    def cuGraphExecDestroy(self, hGraphExec):
        self.executables.remove(of(hGraphExec, "executable"))
        return (self._error(),)


def whole(x):
    """The number, if it is a plain whole number, as an address or a size must be."""
    assert type(x) is int, f"{x!r} is no int"
    return x


def of(handle, kind):
    """The handle, if it is one of a kind."""
    assert isinstance(handle, Handle) and handle.kind == kind, f"{handle!r} is no {kind}"
    return handle
