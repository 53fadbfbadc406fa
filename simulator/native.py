"""What kernels need beyond numba's Python: arrays at addresses, calls by address, atomics, a prefetch hint.

Kernels take addresses and whole numbers only. That makes all kernels of one kind one type, so that the compiled loop calls
any model, generator, rule or distribution without being compiled anew for it.
"""
from __future__ import annotations

import platform

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, register_jitable

_i64 = ir.IntType(64)
MUCH = 1 << 62                  # the length of an array whose length does not matter
sched_yield = types.ExternalFunction("sched_yield", types.int32())
clock_gettime = types.ExternalFunction("clock_gettime", types.int32(types.int32, types.int64))     # clock, address of two words


def _pointer(builder, address, kind):
    """An address as a pointer. On a GPU all that kernels see lies in global memory: loads that know it are quicker."""
    if builder.module.triple.startswith("nvptx"):
        return builder.addrspacecast(builder.inttoptr(address, kind.pointee.as_pointer(1)), kind)
    return builder.inttoptr(address, kind)


def _array(context, builder, array_type, address, n):
    """The array struct of `n` contiguous items at `address`."""
    array = context.make_array(array_type)(context, builder)
    size = context.get_abi_sizeof(context.get_data_type(array_type.dtype))
    context.populate_array(array, data=_pointer(builder, address, array.data.type), shape=[n],
                           strides=[ir.Constant(_i64, size)], itemsize=ir.Constant(_i64, size), meminfo=None)
    return array._getvalue()


@intrinsic
def view(tyctx, address, n, dtype):
    """The array of `n` items of `dtype` at an address."""
    array_type = types.Array(dtype.dtype, 1, "C")
    signature = array_type(types.int64, types.int64, dtype)

    def codegen(context, builder, sig, args):
        return _array(context, builder, array_type, args[0], args[1])
    return signature, codegen


NOUGHT_64, NOUGHT_32 = np.int8(0), np.int16(0)


@intrinsic
def unpack(tyctx, words, first, n, template):
    """A tuple of arrays and numbers from the addresses words[first:].

    `template` is a tuple with one entry a field: a 1-tuple (zero,) makes an array of `n` items of zero's type, a bare zero
    the number that stands at the address, and (None, ...) a tuple of such entries: a list. NOUGHT_64 and NOUGHT_32 make a 0.0
    that the compiler knows, so that it drops what comes to nothing.
    """
    def kind_of(t):
        if not isinstance(t, types.BaseTuple):
            return noughts.get(t, t)
        listed = isinstance(t[0], types.NoneType)
        return types.Tuple([kind_of(entry) for entry in list(t)[1:]]) if listed else types.Array(t[0], 1, "C")
    noughts = {types.int8: types.float64, types.int16: types.float32}
    result = types.Tuple([kind_of(t) for t in template])
    signature = result(words, types.int64, types.int64, template)

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        slots = iter(range(1 << 30))

        def read(kind, t):
            if isinstance(kind, types.BaseTuple):
                return context.make_tuple(builder, kind, [read(*entry) for entry in zip(kind, list(t)[1:])])
            slot = builder.add(args[1], ir.Constant(_i64, next(slots)))
            if t in noughts:
                return context.get_constant(kind, 0.0)
            address = builder.load(builder.gep(array.data, [slot]))
            if isinstance(kind, types.Array):
                return _array(context, builder, kind, address, args[2])
            pointer = _pointer(builder, address, context.get_data_type(kind).as_pointer())
            return context.unpack_value(builder, kind, pointer)
        return context.make_tuple(builder, result, [read(*entry) for entry in zip(result, template)])
    return signature, codegen


def _caller(n_args):
    """An intrinsic that calls an int64(int64, ...) function by its address."""
    def codegen(context, builder, sig, args):
        kind = ir.FunctionType(_i64, [_i64] * n_args)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), args[1:])
    return codegen


@intrinsic
def call1(tyctx, address, a):
    return types.int64(*[types.int64] * 2), _caller(1)


@intrinsic
def call3(tyctx, address, a, b, c):
    return types.int64(*[types.int64] * 4), _caller(3)


@intrinsic
def call4(tyctx, address, a, b, c, d):
    return types.int64(*[types.int64] * 5), _caller(4)


@intrinsic
def call5(tyctx, address, a, b, c, d, e):
    return types.int64(*[types.int64] * 6), _caller(5)


@intrinsic
def call6(tyctx, address, a, b, c, d, e, f):
    return types.int64(*[types.int64] * 7), _caller(6)


def _item(context, builder, sig, args):
    array = context.make_array(sig.args[0])(context, builder, args[0])
    return cgutils.get_item_pointer(context, builder, sig.args[0], array, [args[1]])


@intrinsic
def atomic_add(tyctx, array, index, value):
    def codegen(context, builder, sig, args):
        return builder.atomic_rmw("add", _item(context, builder, sig, args), args[2], "seq_cst")
    return types.int64(array, types.int64, types.int64), codegen


@intrinsic
def atomic_load(tyctx, array, index):
    def codegen(context, builder, sig, args):
        return builder.load_atomic(_item(context, builder, sig, args), "acquire", 8)
    return types.int64(array, types.int64), codegen


@intrinsic
def atomic_store(tyctx, array, index, value):
    def codegen(context, builder, sig, args):
        builder.store_atomic(args[2], _item(context, builder, sig, args), "release", 8)
        return context.get_dummy_value()
    return types.void(array, types.int64, types.int64), codegen


@intrinsic
def prefetch(tyctx, array, index):
    """Ask for the cache line of array[index], which will be read soon."""
    def codegen(context, builder, sig, args):
        i8, i32 = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [i8, i32, i32, i32]), "llvm.prefetch.p0")
        pointer = builder.bitcast(_item(context, builder, sig, args), i8)
        builder.call(function, [pointer, i32(0), i32(2), i32(1)])
        return context.get_dummy_value()
    return types.void(array, types.int64), codegen


@intrinsic
def address_of(tyctx, array):
    """The address of an array's first item."""
    def codegen(context, builder, sig, args):
        return builder.ptrtoint(context.make_array(sig.args[0])(context, builder, args[0]).data, _i64)
    return types.int64(array), codegen


@intrinsic
def relax(tyctx):
    """Tell the core that this is a waiting loop: where two threads share one, the other gets its units."""
    def codegen(context, builder, sig, args):
        if platform.machine() in ("x86_64", "AMD64"):
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()
    return types.void(), codegen


@register_jitable
def wait_for(counter, index, value):
    """Spin until counter[index] has reached value; give the core away after a while."""
    turns = 0
    while atomic_load(counter, index) < value:
        relax()
        turns += 1
        if turns > 500:
            sched_yield()
            turns = 0


def address(array: np.ndarray) -> int:
    """Where a contiguous array begins."""
    assert array.flags.c_contiguous
    return array.ctypes.data


