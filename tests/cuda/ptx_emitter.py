"""What PTX instructions are translated with: LLVM IR grows line by line, registers and memory are read and written.

Registers stand on the stack as bits: reading one under a narrower type gives its low bits, as PTX has it, and LLVM's passes
turn them into values.
"""
import struct

from ptx_parser import PtxError, address, number, width

SPECIAL = {"%tid.x": "%tid", "%ntid.x": "%ntid", "%ctaid.x": "%ctaid", "%nctaid.x": "%nctaid"}
SPECIAL.update({f"{name[:-1]}{axis}": str(int(name.startswith("%n"))) for name in list(SPECIAL) for axis in "yz"})
SPECIAL["%ctaid.y"] = "%row"
TABLE = {}                                                          # instruction: the function that translates it


class Refused(Exception):
    """Why an instruction is not executed."""


def handles(*names):
    """Enter a function `f(emitter, name, modifiers, operands)` for these instructions."""
    def register(f):
        for name in names:
            TABLE[name] = f
        return f
    return register


def llvm_type(kind):
    """double of f64, i32 of b32, s32 and u32, i1 of pred."""
    if kind == "pred":
        return "i1"
    if kind in ("f32", "f64"):
        return "float" if kind == "f32" else "double"
    if kind[:1] not in ("b", "s", "u") or kind[1:] not in ("8", "16", "32", "64"):
        raise Refused(f"type .{kind}")
    return f"i{kind[1:]}"


def floats(kind):
    return kind in ("f32", "f64")


def only(modifiers, *allowed):
    """Refuse modifiers whose meaning would be lost."""
    odd = [m for m in modifiers if m not in allowed]
    if odd:
        raise Refused(f"modifier .{odd[0]}")


class Emitter:
    """The body of one function.

    known: LLVM names of the module's variables; functions: its functions by name; watched: whether accesses are noted.
    """

    def __init__(self, function, known, functions, watched):
        self.function, self.known, self.functions, self.watched = function, known, functions, watched
        self.stack, self.lines = [], []
        self.scopes = [{}]                                          # LLVM names of what is declared within braces
        self.declared = set()                                       # LLVM's functions that are called
        self.threads = []                                           # arguments that say which thread runs
        self._kinds, self._count = {}, 0

    # ------------------------------------------------------------------------------------------------- lines

    def fresh(self, stem="%t"):
        self._count += 1
        return f"{stem}{self._count}"

    def do(self, text):
        """A line that gives nothing."""
        self.lines.append(f"  {text}")

    def op(self, text):
        """A line that gives a value; returns its name."""
        name = self.fresh()
        self.lines.append(f"  {name} = {text}")
        return name

    def call(self, name, result, *arguments):
        """A call of one of LLVM's functions; arguments: (type, value)."""
        self.declared.add(f"declare {result} @{name}({', '.join(kind for kind, _ in arguments)})")
        return self.op(f"call {result} @{name}({', '.join(f'{kind} {value}' for kind, value in arguments)})")

    def bin(self, name, t, a, b):
        return self.op(f"{name} {t} {a}, {b}")

    def cast(self, name, old, value, new):
        return self.op(f"{name} {old} {value} to {new}")

    def select(self, condition, t, a, b):
        return self.op(f"select i1 {condition}, {t} {a}, {t} {b}")

    def label(self, name):
        """Begin a block; the one before runs on into it."""
        if not self.ended:
            self.do(f"br label %{name}")
        self.lines.append(f"{name}:")

    @property
    def ended(self):
        """Whether the last line leaves its block."""
        return bool(self.lines) and self.lines[-1].startswith(("  br ", "  ret ", "  switch "))

    # --------------------------------------------------------------------------------------------- registers

    def kind_of(self, register):
        """The PTX type of a register; its place on the stack is made when it is first used, and holds 0."""
        if register not in self._kinds:
            declared = self.function.registers
            kind = declared.get(register) or declared.get(register.rstrip("0123456789"))
            if kind is None:
                raise Refused(f"{register} is no register that is declared, or one on which no result may depend")
            self._kinds[register] = kind
            bits = f"i{width(kind)}"
            self.stack += [f"  {register}. = alloca {bits}", f"  store {bits} 0, ptr {register}."]
        return self._kinds[register]

    def read(self, operand, kind):
        """An operand's value under a PTX type."""
        t = llvm_type(kind)
        if operand in SPECIAL:
            return SPECIAL[operand] if t == "i32" else self.op(f"zext i32 {SPECIAL[operand]} to {t}")
        if operand.startswith("%"):
            if width(self.kind_of(operand)) < width(kind):
                raise Refused(f"{operand} is narrower than .{kind}")
            return self.op(f"load {t}, ptr {operand}.")
        if operand[0].isdigit() or operand[0] in "-+":
            bits = number(operand, kind)
            return str(bits) if not floats(kind) else self.literal(bits, kind)
        return self.op(f"ptrtoint ptr {self.pointer_to(operand)} to {t}")

    def literal(self, bits, kind):
        """A float from its bits."""
        forms = ("<I", "<f") if kind == "f32" else ("<Q", "<d")
        value, = struct.unpack(forms[1], struct.pack(forms[0], bits))
        if value != value:
            return self.op(f"bitcast i{width(kind)} {bits} to {llvm_type(kind)}")
        return f"0x{struct.unpack('<Q', struct.pack('<d', value))[0]:016X}"     # LLVM writes float and double alike

    def write(self, register, kind, value):
        """Set a register; a wider one is filled up with the sign of s8 to s32, else with zeros."""
        if register == "_":
            return
        own = self.kind_of(register)
        t = llvm_type(kind)
        if width(own) < width(kind):
            raise Refused(f"{register} is narrower than .{kind}")
        if width(own) > width(kind):
            if floats(kind):
                raise Refused(f"{register} is wider than .{kind}")
            value = self.op(f"{'sext' if kind[0] == 's' else 'zext'} {t} {value} to i{width(own)}")
            t = f"i{width(own)}"
        self.do(f"store {t} {value}, ptr {register}.")

    def predicate(self, operand):
        """The value of %p1, or of !%p1."""
        value = self.read(operand.lstrip("!"), "pred")
        return self.op(f"xor i1 {value}, true") if operand.startswith("!") else value

    # ------------------------------------------------------------------------------------------------ memory

    def declare(self, variable):
        """Room for a variable of a body."""
        if variable.space not in ("param", "local"):
            raise Refused(f".{variable.space} memory")
        pointer = f"{self.fresh('%v')}.{variable.name}"
        self.stack += [f"  {pointer} = alloca [{max(variable.bytes, 1)} x i8], align {max(variable.align, 8)}"]
        self.scopes[-1][variable.name] = pointer

    def pointer_to(self, name):
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name in self.known:
            return self.known[name]
        raise Refused(f"{name} is no register, number or variable")

    def pointer(self, operand, ahead=0):
        """The pointer that [base+offset] stands for, some bytes ahead."""
        base, offset = address(operand)
        if base.startswith("%"):
            start = self.op(f"inttoptr i64 {self.read(base, 'b64')} to ptr")
        else:
            start = self.op(f"inttoptr i64 {int(base, 0)} to ptr") if base[0].isdigit() else self.pointer_to(base)
        return start if offset + ahead == 0 else self.op(f"getelementptr i8, ptr {start}, i64 {offset + ahead}")


__all__ = ["TABLE", "Emitter", "PtxError", "Refused", "floats", "handles", "llvm_type", "only"]
