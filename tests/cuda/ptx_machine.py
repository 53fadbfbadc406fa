"""Real PTX executed on the CPU: the kernels that a GPU would run are proved without one.

PTX becomes LLVM IR, instruction by instruction with the same rounding, and machine code of this computer. Threads run one
after another, so kernels with barriers, shuffles or shared memory are refused; addresses are this process's.
"""
import ctypes
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

sys.path.insert(0, str(Path(__file__).parent))                      # tests are no package

import ptx_arithmetic  # noqa: E402, F401   they enter what they can translate in TABLE
import ptx_control  # noqa: E402, F401
from ptx_emitter import TABLE, Emitter, Refused  # noqa: E402
from ptx_parser import PtxError, number, read_ptx, width  # noqa: E402
from ptx_watch import ACCESS, NOTE, ROOM, Accesses  # noqa: E402

THREAD = ("tid", "ntid", "ctaid", "nctaid", "row")


class PtxTrap(RuntimeError):
    """A kernel executed `trap`."""


class PtxMachine:
    """Loads kernels; what was loaded once is not translated again."""

    def __init__(self):
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        self._kernels = {}

    def load(self, text):
        """The one `.visible .entry` of a PTX text as a `PtxKernel`."""
        if text not in self._kernels:
            self._kernels[text] = PtxKernel(text)
        return self._kernels[text]


class PtxKernel:
    """A kernel of int64 arguments: kernel(grid, block, *arguments).

    uses_local: whether it keeps variables in local memory; ir: its translation.
    """

    def __init__(self, text):
        module = read_ptx(text)
        entries = [f for f in module.functions if f.entry]
        if len(entries) != 1:
            raise PtxError(f"a module with {len(entries)} kernels: must have one")
        self.name, self.n_args = entries[0].name, len(entries[0].params)
        self.uses_local = any(v.space == "local" for f in module.functions for v in f.variables)
        self._module, self._entry, self._watched = module, entries[0], None
        self.ir = translated(module, entries[0])
        self._engine = compiled(self.ir)

    def __call__(self, grid, block, *arguments, order="forward", rows=1):
        """Run `rows` rows of `grid` blocks of `block` threads; order of each row: "forward", "reversed", or a seed by which all
        its threads are shuffled."""
        self._run(self._engine, grid, block, arguments, order, rows)

    def watched(self, grid, block, *arguments, order="forward", rows=1):
        """Run it like that and return all its `Accesses` to global memory."""
        if self._watched is None:
            self._watched = compiled(translated(self._module, self._entry, watched=True))
        records = np.empty(ROOM, ACCESS)
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._watched.get_function_address("watch"))(records.ctypes.data)
        self._run(self._watched, grid, block, arguments, order, rows)
        n = ctypes.CFUNCTYPE(ctypes.c_int64)(self._watched.get_function_address("count"))()
        if n > ROOM:
            raise ValueError(f"{n} accesses: must be {ROOM} or fewer")
        return Accesses(records[:n].copy())

    def _run(self, engine, grid, block, arguments, order, rows):
        if len(arguments) != self.n_args:
            raise TypeError(f"{self.name} takes {self.n_args} arguments, {len(arguments)} were given")
        if not 0 < block <= 1024 or grid < 1:
            raise ValueError(f"a grid of {grid} blocks of {block} threads: must have 1 or more of 1 to 1024")
        threads = np.arange(grid * block, dtype=np.int64)
        if order == "reversed":
            threads = threads[::-1].copy()
        elif order != "forward":
            np.random.default_rng(order).shuffle(threads)
        launch = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_int64] * self.n_args, ctypes.c_int32, ctypes.c_int32,
                                  ctypes.c_int32, ctypes.c_void_p)(engine.get_function_address("launch"))
        for row in range(rows):
            if launch(*(int(a) for a in arguments), grid, block, row, None if order == "forward" else threads.ctypes.data):
                raise PtxTrap(f"{self.name} executed `trap`")


# -------------------------------------------------------------------------------------------------------- translation

def translated(module, entry, watched=False):
    """The LLVM IR of a module, with a function `launch(arguments..., grid, block, order)` that returns whether it trapped."""
    bodies = [f for f in module.functions if f.body is not None]
    functions = {f.name: f for f in module.functions}
    text = " ".join(o for f in bodies for i in f.body for o in i.operands)
    used = [v for v in module.variables if v.name in text or any(v.name in str(w.values) for w in module.variables)]
    known = {v.name: f"@{v.name}" for v in used}
    declared, lines = set(), ["@trapped = internal global i32 0", *([NOTE] if watched else [])]
    for v in used:
        lines.append(initialised(v))
    for f in bodies:
        emitter = Emitter(f, known, functions, watched)
        lines += function(emitter)
        declared |= emitter.declared
    return "\n".join([*sorted(declared), *lines, LAUNCH.format(
        arguments="".join(f"i64 %a{k}, " for k in range(len(entry.params))), name=entry.name)])


LAUNCH = """
define i32 @launch({arguments}i32 %nctaid, i32 %ntid, i32 %row, ptr %order) {{
entry:
  store i32 0, ptr @trapped
  %blocks = zext i32 %nctaid to i64
  %threads = zext i32 %ntid to i64
  %n = mul i64 %blocks, %threads
  %ordered = icmp ne ptr %order, null
  br label %next
next:
  %i = phi i64 [0, %entry], [%after, %run]
  br i1 %ordered, label %look, label %run
look:
  %place = getelementptr i64, ptr %order, i64 %i
  %found = load i64, ptr %place
  br label %run
run:
  %thread = phi i64 [%i, %next], [%found, %look]
  %block = udiv i64 %thread, %threads
  %within = urem i64 %thread, %threads
  %ctaid = trunc i64 %block to i32
  %tid = trunc i64 %within to i32
  call void @{name}({arguments}i32 %tid, i32 %ntid, i32 %ctaid, i32 %nctaid, i32 %row)
  %after = add i64 %i, 1
  %more = icmp ult i64 %after, %n
  br i1 %more, label %next, label %done
done:
  %trapped = load i32, ptr @trapped
  ret i32 %trapped
}}
"""


def initialised(variable):
    """A variable of the module and its first values."""
    if variable.space not in ("global", "const"):
        raise PtxError(f"{variable.name}: .{variable.space} memory")
    t = f"i{width(variable.type)}"
    values = [number(v, variable.type) for v in variable.values or ()]
    values += [0] * (variable.size - len(values))
    return (f"@{variable.name} = internal global [{variable.size} x {t}] [{', '.join(f'{t} {v}' for v in values)}], "
            f"align {variable.align}")


def function(e):
    """The lines of one function: kernels take whole numbers, others pointers to results and parameters; all know their
    thread."""
    f = e.function
    e.threads = [f"i32 %{name}" for name in THREAD]
    if f.entry:
        arguments = [f"i64 %a{k}" for k in range(len(f.params))]
        for k, p in enumerate(f.params):
            if p.size != 1 or p.type[0] == "f" or width(p.type) < 8:
                raise PtxError(f"{f.name}: its argument {k} is no whole number")
            e.declare(p)
            e.stack.append(f"  store i64 %a{k}, ptr {e.scopes[-1][p.name]}")
    else:
        arguments = [f"ptr %a{k}" for k in range(len(f.returns) + len(f.params))]
        e.scopes[-1].update({p.name: f"%a{k}" for k, p in enumerate([*f.returns, *f.params])})
    for instruction in f.body:
        try:
            translate(e, instruction)
        except (Refused, KeyError, ValueError) as error:
            raise PtxError(f"{instruction.text}: {error if isinstance(error, Refused) else repr(error)}") from error
    if not e.ended:
        e.do("ret void")
    head = f"define {'' if f.entry else 'internal '}void @{f.name}({', '.join([*arguments, *e.threads])}) {{"
    return [head, "entry:", *e.stack, "  br label %begin", "begin:", *e.lines, "}"]


def translate(e, i):
    """One instruction, under its guard."""
    if i.name == "label":
        return e.label(i.operands[0])
    if i.name in "{}":
        return e.scopes.append({}) if i.name == "{" else e.scopes.pop()
    if i.name == "declare":
        return e.declare(next(v for v in reversed(e.function.variables) if v.name == i.operands[0]))
    if i.name not in TABLE:
        raise Refused("an instruction that is not known")
    if e.ended:                                                     # nothing leads here, but LLVM wants a name
        e.label(e.fresh("dead"))
    if not i.guard:
        return TABLE[i.name](e, i.name, i.modifiers, i.operands)
    do, go_on = e.fresh("do"), e.fresh("on")
    e.do(f"br i1 {e.predicate(i.guard)}, label %{do}, label %{go_on}")
    e.lines.append(f"{do}:")
    TABLE[i.name](e, i.name, i.modifiers, i.operands)
    if not e.ended:
        e.do(f"br label %{go_on}")
    e.lines.append(f"{go_on}:")
    return None


def compiled(ir):
    """An engine that holds the machine code of a module."""
    module = llvm.parse_assembly(ir)
    module.verify()
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=2)
    options = llvm.PipelineTuningOptions(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine

