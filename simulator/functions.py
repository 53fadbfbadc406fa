"""A model's functions as kernels need them: its arithmetic compiled, its solver bound, its numbers in the run's precision."""
from __future__ import annotations

import functools
import types as pytypes
from typing import Any

import llvmlite.ir as ir
import numpy as np
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, overload, register_jitable

from nestling.models.arithmetic import (
    HIGHEST,
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    LOWEST,
    each,
    exp,
    exp_of_rest,
    floor,
    log,
    log_of_single,
    total,
)
from nestling.models.contract import Model

from .lanes import GENERIC


def larger(*args):
    """What `max` is in Python, and compiled for a CPU: the first of the largest, so that NaN and zeros of both signs count."""
    return max(*args)


def smaller(*args):
    """The same of `min`."""
    return min(*args)


COMPILED = (larger, smaller, exp, floor, each, total)        # functions of models.arithmetic whose compiled form stands here
SINGLE = {log: log_of_single}               # what stands for a function in single precision


register_jitable(forceinline=True)(exp_of_rest)


@intrinsic
def power_of_two(tyctx, k):
    """2.0**k of an int64 (float64) or int32 (float32) in the range of normal numbers: the number's exponent bits."""
    wide = k == types.int64
    kind, bits, bias = (ir.DoubleType(), 52, 1023) if wide else (ir.FloatType(), 23, 127)

    def codegen(context, builder, sig, args):
        whole = args[0].type
        shifted = builder.shl(builder.add(args[0], ir.Constant(whole, bias)), ir.Constant(whole, bits))
        return builder.bitcast(shifted, kind)
    return (types.float64 if wide else types.float32)(k), codegen


@intrinsic
def round_down(tyctx, x):
    """llvm's floor, which vectorises and exists on all targets."""
    def codegen(context, builder, sig, args):
        kind = args[0].type
        name = "llvm.floor.f64" if sig.args[0] == types.float64 else "llvm.floor.f32"
        return builder.call(cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind]), name), args)
    return x(x), codegen


@overload(floor, **GENERIC)
def _floor(x):
    return lambda x: round_down(x)


@overload(exp, **GENERIC)
def _exp(x):
    if x == types.float32:
        # nine digits: the series to the 6th order, ln 2 in two parts
        log2_e, high, low = np.float32(LOG2_E), np.float32(0.693359375), np.float32(-2.12194440e-4)
        half, one, top, bottom = np.float32(0.5), np.float32(1.0), np.float32(88.0), np.float32(-87.0)
        c6, c5, c4, c3 = (np.float32(1.0 / n) for n in (720, 120, 24, 6))

        def single(x):
            x = smaller(larger(x, bottom), top) if x == x else x
            k = floor(x * log2_e + half)
            r = (x - k * high) - k * low
            p = one + r * (one + r * (half + r * (c3 + r * (c4 + r * (c5 + r * c6)))))
            return p * power_of_two(np.int32(k))
        return single

    def double(x):
        x = smaller(larger(x, LOWEST), HIGHEST) if x == x else x
        k = floor(x * LOG2_E + 0.5)
        return exp_of_rest((x - k * LN2_HIGH) - k * LN2_LOW) * power_of_two(np.int64(k))
    return double


def head(x):
    return x[0] if isinstance(x, tuple) else x


@overload(head, **GENERIC)
def _head(x):
    return (lambda x: x[0]) if isinstance(x, types.BaseTuple) else (lambda x: x)


def tail(x):
    return x[1:] if isinstance(x, tuple) else x


@overload(tail, **GENERIC)
def _tail(x):
    return (lambda x: x[1:]) if isinstance(x, types.BaseTuple) else (lambda x: x)


@overload(each, **GENERIC)
def _each(f, a, b=None, c=None):
    given = [t for t in (a, b, c) if t is not None and not isinstance(t, (types.NoneType, types.Omitted))]
    left = next(len(t) for t in given if isinstance(t, types.BaseTuple))
    if left == 0:
        return lambda f, a, b=None, c=None: ()
    if len(given) == 1:
        return lambda f, a, b=None, c=None: (f(a[0]),) + each(f, a[1:])
    if len(given) == 2:
        return lambda f, a, b=None, c=None: (f(head(a), head(b)),) + each(f, tail(a), tail(b))
    return lambda f, a, b=None, c=None: (f(head(a), head(b), head(c)),) + each(f, tail(a), tail(b), tail(c))


@overload(total, **GENERIC)
def _total(a):
    if len(a) == 0:
        return lambda a: 0.0
    return lambda a: add_up(a[0], a[1:])


def add_up(s, a):
    for x in a:
        s = s + x
    return s


@overload(add_up, **GENERIC)
def _add_up(s, a):
    return (lambda s, a: s) if len(a) == 0 else (lambda s, a: add_up(s + a[0], a[1:]))


@overload(larger, **GENERIC)
def _larger(*args):
    if len(args) == 2:
        return lambda *args: args[1] if args[1] > args[0] else args[0]
    return lambda *args: larger(larger(args[0], args[1]), *args[2:])


@overload(smaller, **GENERIC)
def _smaller(*args):
    if len(args) == 2:
        return lambda *args: args[1] if args[1] < args[0] else args[0]
    return lambda *args: smaller(smaller(args[0], args[1]), *args[2:])


FOR_GPUS = dict(max=larger, min=smaller)    # there, max and min would pass over NaN


@functools.cache
def model_functions(model: Model, single: bool, gpu: bool = False) -> pytypes.SimpleNamespace:
    """A model's `update` (with its solver bound) and records; with `single`, every number in them a float32."""
    source = as_module(model.source)
    update, solver = source.update, model.solver
    if single or gpu:
        adapting = Adapting(single, FOR_GPUS if gpu else {})
        update, solver = adapting.of(update), solver and adapting.of(solver)
    if solver is not None:
        update = bound_to(update, solver)
    return pytypes.SimpleNamespace(update=update, State=source.State, Step=source.Step, Inputs=source.Inputs)


def bound_to(update: Any, solver: Any) -> Any:
    """`update` with its last argument given."""
    def update_with_solver(s, c, x):
        return update(s, c, x, solver)
    return update_with_solver


def as_module(source: Any) -> Any:
    """A model that is a class, as a module of the same name: kernels can read `Model.State` of a module, not of a class."""
    if not isinstance(source, type):
        return source
    module = pytypes.ModuleType(source.__name__)
    classes = [c for c in source.__mro__ if c is not object]        # it may inherit from others: all stand for the whole
    for name, thing in [entry for c in reversed(classes) for entry in vars(c).items()]:
        thing = thing.__func__ if isinstance(thing, staticmethod) else thing
        if isinstance(thing, pytypes.FunctionType):
            own = {c.__name__: module for c in classes if c is source or thing.__globals__.get(c.__name__) is c}
            cells = tuple(pytypes.CellType(module) if any(c.cell_contents is k for k in classes) else c
                          for c in thing.__closure__ or ())
            scope = {**thing.__globals__, **own}
            thing = pytypes.FunctionType(thing.__code__, scope, thing.__name__, thing.__defaults__, cells or None)
            thing.__module__ = source.__module__
        if not name.startswith("__"):
            setattr(module, name, thing)
    return module


class Adapting:
    """Copies of functions, as a run needs them.

    single: all floating-point constants in float32: a float64 would widen all; names: what some built-in functions become.
    """

    def __init__(self, single: bool, names: dict[str, Any]) -> None:
        self.single, self.names = single, names
        self.done: dict[Any, Any] = {}

    def of(self, thing: Any) -> Any:
        """The copy of a function, module of a model, or number."""
        if isinstance(thing, float) and self.single:
            with np.errstate(over="ignore"):
                return np.float32(thing)
        if self.single and isinstance(thing, pytypes.FunctionType):
            thing = SINGLE.get(thing, thing)
        if isinstance(thing, pytypes.ModuleType) and not hasattr(thing, "__file__") and hasattr(thing, "update"):
            if thing not in self.done:
                self.done[thing] = module = pytypes.ModuleType(thing.__name__)
                for name, part in vars(thing).items():
                    if not name.startswith("__"):
                        setattr(module, name, self.of(part))
            return self.done[thing]
        if isinstance(thing, pytypes.FunctionType) and thing not in COMPILED and not library_function(thing):
            return self.done[thing] if thing in self.done else self.copy(thing)
        return thing

    def copy(self, function: pytypes.FunctionType) -> Any:
        code = function.__code__
        constants = tuple(self.of(c) if isinstance(c, float) else c for c in code.co_consts)
        cells = tuple(pytypes.CellType(None) for _ in function.__closure__ or ())
        scope = {**self.names, **function.__globals__}              # a name of the module's own hides the built-in one
        clone = pytypes.FunctionType(code.replace(co_consts=constants), scope, function.__name__, function.__defaults__, cells)
        clone.__module__ = function.__module__
        self.done[function] = clone
        for cell, old in zip(cells, function.__closure__ or ()):
            cell.cell_contents = self.of(old.cell_contents)
        scope.update({n: self.of(scope[n]) for n in code.co_names if n in scope})
        return clone


def library_function(thing: Any) -> bool:
    return (getattr(thing, "__module__", None) or "").partition(".")[0] in ("numpy", "numba", "math", "builtins", "scipy")
