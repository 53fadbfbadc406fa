"""Compiling kernels: plain functions become machine code that is called by address and kept on disk.

All kernels are C functions of whole numbers and addresses. The disk cache is numba's, with a key of our own: numba watches
only the file that holds a kernel's outer function, and it cannot recognise functions of a user's script from one process to
the next. Our key is a digest of the code of every function that takes part, so that editing a model makes a new kernel and
nothing else does.
"""
from __future__ import annotations

import contextlib
import ctypes
import hashlib
import sys
import types as pytypes
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numba import types
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.registry import cpu_target
from numba.core.runtime import rtsys
from numba.extending import overload, register_jitable

from .functions import COMPILED, library_function

# what compiled code depends on and no function's code shows: records, intrinsics, overloads
_ENGINE = "".join(Path(__file__).with_name(f"{name}.py").read_text()
                  for name in ("layout", "native", "lanes", "functions", "exchange"))

# whose functions have a compiled form of their own beside the plain one
OVERLOADED = {f"{__package__}.{name}" for name in ("lanes", "exchange", "cuda_native")}
_registered: set[Any] = set(COMPILED)
checked: set[Callable] = set()                  # functions whose indices are checked, which there is on CPUs only
_kernels: dict[tuple[str, str], Kernel] = {}
_announced = False


class _Cache(FunctionCache):
    """numba's function cache under a key of our own."""

    def __init__(self, function: Callable, digest: str) -> None:
        super().__init__(function)
        self._digest = digest

    def _index_key(self, sig, codegen):
        return sig, codegen.magic_tuple(), self._digest

    def load_overload(self, sig, target_context):
        # numba's own method first imports all that it can compile, a fifth of a second; code from disk needs its run time only
        rtsys.initialize(target_context)
        found = None
        with self._guard_against_spurious_io_errors(), contextlib.suppress(ImportError):
            found = self._load_overload(sig, target_context)    # it imports the modules of all functions: they may be gone
        if found is None:
            announce(self.cache_path)
            cpu_target.typing_context.refresh()
            target_context.refresh()
        return found


def announce(path: str) -> None:
    global _announced
    if not _announced:
        _announced = True
        print(f"nestling: compiling kernels for this machine; they are kept in {path}", file=sys.stderr, flush=True)


class Kernel:
    """Compiled code: `address` for other kernels, and a call that releases the interpreter lock."""

    def __init__(self, name: str, compiled: Any, n_args: int) -> None:
        self.name = name
        self._compiled = compiled
        self.address: int = compiled.address
        self.call = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * n_args)(self.address)

    def __call__(self, *args: int) -> int:
        return self.call(*args)


def parts_of(function: Callable) -> list[Any]:
    """The function and all plain functions and records that it reaches by global names, in the order met."""
    found: list[Any] = []
    todo = [function]
    while todo:
        f = todo.pop()
        if f in found:
            continue
        found.append(f)
        if isinstance(f, pytypes.FunctionType):
            codes = [f.__code__]
            for code in codes:
                codes += [c for c in code.co_consts if isinstance(c, pytypes.CodeType)]
            names = [n for code in codes for n in code.co_names]
            cells = [c.cell_contents for c in f.__closure__ or ()]
            reached = [f.__globals__[n] for n in names if n in f.__globals__] + cells
            own = [m for m in reached if isinstance(m, pytypes.ModuleType) and not hasattr(m, "__file__")]   # a class's model
            reached += [getattr(m, n) for m in own for n in names if hasattr(m, n)]
            todo += [r for r in reached if _own(r)]
    return found


def _own(thing: Any) -> bool:
    """True of functions and records that are ours or the user's, not a library's."""
    if isinstance(thing, pytypes.FunctionType) and thing in COMPILED:
        return False
    is_record = isinstance(thing, type) and issubclass(thing, tuple) and hasattr(thing, "_fields")
    return not library_function(thing) and (isinstance(thing, pytypes.FunctionType) or is_record)


def _describe(thing: Any) -> str:
    if not isinstance(thing, pytypes.FunctionType):
        return f"{thing.__name__}{thing._fields}"
    # its module, too, is part of it: numba imports that when it loads the kernel, which must not run some other script
    numbers = {n: thing.__globals__[n] for n in thing.__code__.co_names
               if isinstance(thing.__globals__.get(n), (int, float, np.number, str, np.dtype))}

    def code(c: pytypes.CodeType) -> str:
        constants = [code(x) if isinstance(x, pytypes.CodeType) else repr(x) for x in c.co_consts]
        return f"{c.co_code.hex()}{constants}{c.co_names}{c.co_varnames}{c.co_freevars}"
    cells = [c.cell_contents for c in thing.__closure__ or ()]
    return f"{thing.__module__}{code(thing.__code__)}{thing.__defaults__}{numbers}{[c for c in cells if not callable(c)]!r}"


def jitable(function: Callable, **options: bool) -> Callable:
    """Make a plain function, and those that it calls, callable from kernels; options: numba's."""
    for part in parts_of(function):
        if isinstance(part, pytypes.FunctionType) and part not in _registered and part.__module__ not in OVERLOADED:
            _registered.add(part)
            # where a call is left in a loop, the loop does not vectorise
            if options:
                checked.add(part)
                register(part, "cpu", **options)
            else:
                register_jitable(forceinline=True)(part)
    return function


def register(function: Callable, target: str, **options: bool) -> None:
    """Make a function callable from kernels for one kind of processor."""
    @overload(function, jit_options=dict(forceinline=True, **options), strict=False, target=target)
    def found(*args, **named):
        return function


def digest_of(function: Callable, uses: tuple[Callable, ...], variant: str) -> str:
    """What tells a kernel from all others: the code of every function that takes part."""
    texts = [_describe(part) for f in (function, *uses) for part in parts_of(f)]
    return hashlib.sha256("\n".join([*texts, variant, _ENGINE]).encode()).hexdigest()


def cache_folder(function: Callable) -> Path:
    """Where compiled kernels are kept."""
    return Path(FunctionCache(function).cache_path)


def kernel(function: Callable, *, uses: tuple[Callable, ...] = (), variant: str = "") -> Kernel:
    """Compile `function`, whose arguments and result are int64.

    uses: the plain functions that it was built around; variant: what else tells it from its siblings.
    """
    digest, name = digest_of(function, uses, variant), function.__name__
    if (name, digest) not in _kernels:
        n_args = function.__code__.co_argcount
        for f in uses:
            jitable(f)
        function.__qualname__ = f"{name}_{digest[:12]}"    # symbols must differ between kernels of one factory
        compiled = CFunc(function, (_signature(n_args).args, types.int64), {}, dict(error_model="numpy"))
        compiled._cache = _Cache(function, digest)
        compiled.compile()
        _kernels[name, digest] = Kernel(name, compiled, n_args)
    return _kernels[name, digest]


def _signature(n_args: int) -> Any:
    return types.int64(*[types.int64] * n_args)
