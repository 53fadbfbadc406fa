"""The meaning of what PTX does beside arithmetic, in LLVM IR: moves, comparisons, choices, memory, atomics, branches, calls.

Threads run one after another, so that an atomic operation is a load and a store. What lets threads meet or depend on how they
are grouped (barriers, shuffles, votes, shared memory) is refused.
"""
from ptx_emitter import Refused, floats, handles, llvm_type, only
from ptx_parser import parts, width
from ptx_watch import ATOMIC, LOAD, STORE, note

ORDERED = {"eq": "oeq", "ne": "one", "lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "equ": "ueq", "neu": "une",
           "ltu": "ult", "leu": "ule", "gtu": "ugt", "geu": "uge", "num": "ord", "nan": "uno"}
WHOLE = {"lo": "lt", "ls": "le", "hi": "gt", "hs": "ge"}
SPACES = {"param", "global", "local", "const"}
HINTS = {"relaxed", "weak", "acquire", "release", "acq_rel", "gpu", "sys", "cta", "nc", "ca", "cg", "cs", "cv", "lu", "wb",
         "wt", "L1_no_allocate", "L1_evict_last", "L1_evict_first", "L2_128B", "L2_256B"}      # orders and caches: nothing here


@handles("mov")
def move(e, name, modifiers, operands):
    """Bits to a register; a list of registers is one wide number, its first entry lowest."""
    kind, = modifiers
    t, (d, a) = llvm_type(kind), operands
    if a.startswith("{"):
        value, pieces = "0", parts(a)
        piece = width(kind) // len(pieces)
        for i, part in enumerate(pieces):
            one = e.cast("zext", f"i{piece}", e.read(part, f"b{piece}"), t)
            value = e.bin("or", t, value, e.bin("shl", t, one, i * piece))
        return e.write(d, kind, value)
    value = e.read(a, kind)
    if d.startswith("{"):
        pieces = parts(d)
        piece = width(kind) // len(pieces)
        for i, part in enumerate(pieces):
            e.write(part, f"b{piece}", e.cast("trunc", t, e.bin("lshr", t, value, i * piece), f"i{piece}"))
        return None
    return e.write(d, kind, value)


@handles("cvta")
def to_address(e, name, modifiers, operands):
    """All spaces share one range of addresses: this machine's."""
    only(modifiers, "to", "u64", *SPACES)
    e.write(operands[0], "u64", e.read(operands[1], "u64"))


# -------------------------------------------------------------------------------------------------------- comparisons

def compared(e, how, kind, a, b):
    t = llvm_type(kind)
    a, b = e.read(a, kind), e.read(b, kind)
    if floats(kind):
        return e.bin(f"fcmp {ORDERED[how]}", t, a, b)
    how = WHOLE.get(how, how)
    return e.bin(f"icmp {how if how in ('eq', 'ne') else ('s' if kind[0] == 's' else 'u') + how}", t, a, b)


@handles("setp", "set")
def compare(e, name, modifiers, operands):
    """d = a o b, and with `.and.` and the like combined with a predicate; d|q also gives what the opposite would."""
    how, *combine, kind = modifiers
    d, *given = operands
    new = combine.pop() if name == "set" else "pred"
    value = compared(e, how, kind, *given[:2])
    opposite = e.bin("xor", "i1", value, "true")
    if combine:
        operation, = combine
        only([operation], "and", "or", "xor")
        other = e.predicate(given[2])
        value, opposite = e.bin(operation, "i1", value, other), e.bin(operation, "i1", opposite, other)
    if name == "set":
        t = llvm_type(new)
        return e.write(d, new, e.select(value, t, "1.0", "0.0") if floats(new) else e.cast("sext", "i1", value, t))
    first, _, second = d.partition("|")
    e.write(first.strip(), "pred", value)
    if second:
        e.write(second.strip(), "pred", opposite)
    return None


@handles("selp")
def select(e, name, modifiers, operands):
    """d = c ? a : b."""
    kind, = modifiers
    a, b = (e.read(o, kind) for o in operands[1:3])
    e.write(operands[0], kind, e.select(e.predicate(operands[3]), llvm_type(kind), a, b))


@handles("slct")
def select_by_sign(e, name, modifiers, operands):
    """d = c >= 0 ? a : b; where c is NaN, b."""
    kind, decides = modifiers
    a, b = (e.read(o, kind) for o in operands[1:3])
    c, t = e.read(operands[3], decides), llvm_type(decides)
    condition = e.bin("fcmp oge", t, c, "0.0") if floats(decides) else e.bin("icmp sge", t, c, 0)
    e.write(operands[0], kind, e.select(condition, llvm_type(kind), a, b))


# ------------------------------------------------------------------------------------------------------------- memory

def about_memory(modifiers):
    """Type, and whether it is volatile."""
    *how, kind = modifiers
    only(how, "v2", "v4", "volatile", *SPACES, *HINTS)
    return kind, "volatile " if "volatile" in how else ""


def places(e, kind, modifiers, operand, n, access):
    """Pointers to the `n` entries of a vector; the whole is noted as one access."""
    if e.watched and not {"param", "local", "const"} & {*modifiers}:
        note(e, e.pointer(operand), n * width(kind) // 8, access)
    return [e.pointer(operand, i * width(kind) // 8) for i in range(n)]


@handles("ld")
def load(e, name, modifiers, operands):
    kind, volatile = about_memory(modifiers)
    given = parts(operands[0])
    values = [e.op(f"load {volatile}{llvm_type(kind)}, ptr {place}")
              for place in places(e, kind, modifiers, operands[1], len(given), LOAD)]
    for d, value in zip(given, values):
        e.write(d, kind, value)


@handles("st")
def store(e, name, modifiers, operands):
    kind, volatile = about_memory(modifiers)
    values = [e.read(v, kind) for v in parts(operands[1])]
    for value, place in zip(values, places(e, kind, modifiers, operands[0], len(values), STORE)):
        e.do(f"store {volatile}{llvm_type(kind)} {value}, ptr {place}")


@handles("atom", "red")
def atomic(e, name, modifiers, operands):
    """Read, change and write; `atom` gives what stood there before."""
    *how, kind = modifiers
    if floats(kind):
        raise Refused("an atomic operation of floats, whose result depends on the order of threads")
    operation = next((m for m in how if m in ("add", "min", "max", "and", "or", "xor", "exch", "cas", "inc", "dec")), None)
    if operation is None:
        raise Refused("an unknown operation")
    only(how, operation, "global", *HINTS)
    t = llvm_type(kind)
    d, place, *given = operands if name == "atom" else ("_", *operands)
    pointer, (a, *more) = e.pointer(place), (e.read(v, kind) for v in given)
    if e.watched:
        note(e, pointer, width(kind) // 8, ATOMIC)
    old = e.op(f"load {t}, ptr {pointer}")
    if operation in ("min", "max"):
        value = e.call(f"llvm.{'s' if kind[0] == 's' else 'u'}{operation}.{t}", t, (t, old), (t, a))
    elif operation == "cas":
        value = e.select(e.bin("icmp eq", t, old, a), t, more[0], old)
    elif operation == "inc":
        value = e.select(e.bin("icmp uge", t, old, a), t, 0, e.bin("add", t, old, 1))
    elif operation == "dec":
        out = e.bin("or", "i1", e.bin("icmp eq", t, old, 0), e.bin("icmp ugt", t, old, a))
        value = e.select(out, t, a, e.bin("sub", t, old, 1))
    else:
        value = a if operation == "exch" else e.bin(operation, t, old, a)
    e.do(f"store {t} {value}, ptr {pointer}")
    e.write(d, kind, old)


@handles("membar", "fence", "prefetch", "prefetchu", "nanosleep")
def nothing(e, name, modifiers, operands):
    """Orders of memory, and hints: one thread at a time sees everything."""


# ----------------------------------------------------------------------------------------------------- branches and calls

@handles("bra")
def branch(e, name, modifiers, operands):
    only(modifiers, "uni")
    e.do(f"br label %{operands[0]}")


@handles("brx")
def branch_by_table(e, name, modifiers, operands):
    only(modifiers, "idx", "uni")
    index, labels = e.read(operands[0], "u32"), e.function.tables[operands[1]]
    cases = " ".join(f"i32 {i}, label %{label}" for i, label in enumerate(labels))
    e.do(f"switch i32 {index}, label %{labels[-1]} [{cases}]")


@handles("ret", "exit")
def leave(e, name, modifiers, operands):
    if name == "exit" and not e.function.entry:
        raise Refused("leaving a kernel from within a function")
    e.do("ret void")


@handles("trap")
def trap(e, name, modifiers, operands):
    """Note it for the caller; the thread ends."""
    e.do("store i32 1, ptr @trapped")
    e.do("ret void")


@handles("call")
def call(e, name, modifiers, operands):
    """A function of the module, its parameters and results in memory."""
    only(modifiers, "uni")
    names = list(operands)
    returned = parts(names.pop(0)) if names[0].startswith("(") else []
    called, given = names[0], parts(names[1]) if len(names) > 1 else []
    if called not in e.functions or e.functions[called].body is None:
        raise Refused(f"a call of {called}, which is no function of this module")
    arguments = [f"ptr {e.pointer_to(n)}" for n in [*returned, *given]] + e.threads
    e.do(f"call void @{called}({', '.join(arguments)})")


@handles("bar", "barrier", "shfl", "vote", "match", "activemask", "redux", "elect", "mbarrier")
def together(e, name, modifiers, operands):
    raise Refused("threads run one after another and cannot meet")
