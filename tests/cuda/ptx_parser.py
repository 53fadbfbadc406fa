"""Reading PTX: text becomes functions, variables and instructions, with no meaning given to them yet."""
import re
import struct
from typing import Any, NamedTuple


class PtxError(NotImplementedError):
    """PTX that this tool of the tests does not execute."""


class Variable(NamedTuple):
    """`size` elements of `type` in `space` (param, local, global, const); `values` are initial ones, None where zero."""

    name: str
    space: str
    type: str
    size: int
    align: int
    values: tuple[str, ...] | None

    @property
    def bytes(self) -> int:
        return self.size * width(self.type) // 8


class Instruction(NamedTuple):
    """`@guard name.modifiers operands`; name "label" stands for a label, "{" and "}" for braces."""

    guard: str
    name: str
    modifiers: tuple[str, ...]
    operands: tuple[str, ...]
    text: str


class Function(NamedTuple):
    """An entry or a function: `registers` gives the PTX type of every name, or of a numbered family (`%rd`) of them."""

    name: str
    entry: bool
    returns: list[Variable]
    params: list[Variable]
    registers: dict[str, str]
    variables: list[Variable]
    tables: dict[str, list[str]]
    body: list[Instruction] | None


class Module(NamedTuple):
    functions: list[Function]
    variables: list[Variable]


SPACES = ("param", "local", "global", "const", "shared")
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{};:]|[^{};:"]+')
OPERAND = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,\s][^,]*")
HEAD = re.compile(r"(?:@(!?%?[\w$.]+)\s+)?([a-z][a-z0-9]*)((?:\.[\w:]+)*)\s*(.*)", re.S)


def width(kind: str) -> int:
    """The bits of a type: 64 of b64, 1 of pred."""
    return 1 if kind == "pred" else int(kind[1:])


def read_ptx(text: str) -> Module:
    """The functions and variables of a module."""
    text = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"^\s*\.(version|target|address_size|file|loc|pragma)\b[^\n]*$", "", text, flags=re.M)
    functions, variables = [], []
    at = 0
    # a function is what begins with its name: the rest, up to a semicolon, are variables
    start = re.compile(r"(?:\.(?:visible|extern|weak|common)\s+)*\.(entry|func|global|const|shared|section)\b")
    while (found := start.search(text, at)) is not None:
        kind = found.group(1)
        if kind in ("entry", "func"):
            end = min(k for k in (text.find("{", found.end()), text.find(";", found.end())) if k >= 0)
            body, at = None, end + 1
            if text[end] == "{":
                at = closing(text, end)
                body = text[end + 1:at - 1]
            functions.append(function(kind == "entry", text[found.end():end], body))
        elif kind == "section":                                     # what debuggers read
            at = closing(text, text.find("{", found.end()))
        else:
            at = text.find(";", found.end()) + 1
            variables.append(variable(text[found.start():at - 1]))
    return Module(functions, variables)


def closing(text: str, brace: int) -> int:
    """The place behind the brace that closes the one at `brace`."""
    depth = 0
    for found in re.finditer(r"[{}]", text[brace:]):
        depth += 1 if found.group() == "{" else -1
        if depth == 0:
            return brace + found.end()
    raise PtxError("a brace is not closed")


def variable(text: str) -> Variable:
    """`.global .align 4 .b8 table[8] = {1, 2}` and the like."""
    declared, _, given = text.partition("=")
    words = declared.replace("[", " [").split()
    space = next((w[1:] for w in words if w[1:] in SPACES), "")
    align = int(words[words.index(".align") + 1]) if ".align" in words else 0
    kind = next((w[1:] for w in words if re.fullmatch(r"\.[bsuf](8|16|32|64)|\.pred", w)), None)
    if not space or kind is None:
        raise PtxError(f"a variable of an unknown kind: {text.strip()}")
    name = next(w for w in words if re.match(r"[A-Za-z_$%]", w))
    values = tuple(v for v in re.split(r"[{},\s]+", given) if v) if given else None
    sizes = [int(n) if n else len(values or ()) for n in re.findall(r"\[\s*(\d*)\s*\]", declared)]
    size = 1
    for n in sizes:
        size *= n
    return Variable(name, space, kind, size, align or width(kind) // 8, values)


def function(entry: bool, head: str, body: str | None) -> Function:
    """A function from what stands before its body, and its body."""
    found = re.match(r"\s*(?:\(([^)]*)\))?\s*([\w$.]+)\s*(?:\(([^)]*)\))?", head)
    if found is None:
        raise PtxError(f"a function without a name: {head.strip()}")
    before, name, after = found.groups()
    returns, params = ([variable(v) for v in (part or "").split(",") if v.strip()] for part in (before, after))
    made = Function(name, entry, returns, params, {}, [], {}, None if body is None else [])
    if body is not None:
        read_body(body, made)
    return made


def read_body(text: str, made: Function) -> None:
    """Registers, variables, tables of branches and instructions of a body."""
    pending, inner = "", 0
    assert made.body is not None
    for token in TOKEN.findall(text):
        if token == ":" and re.fullmatch(r"\s*[\w$.]+\s*", pending):
            made.body.append(Instruction("", "label", (), (pending.strip(),), pending.strip()))
            pending = ""
        elif token == ";" and inner == 0:
            statement(pending.strip(), made)
            pending = ""
        elif token == "{" and not pending.strip() or token == "}" and inner == 0:
            made.body.append(Instruction("", token, (), (), token))     # a scope, as around a call
            pending = ""
        else:
            inner += (token == "{") - (token == "}")
            pending += token


def statement(text: str, made: Function) -> None:
    """What ends with a semicolon within a body."""
    if text.startswith(".reg"):
        _, kind, *names = text.replace(",", " ").split()
        for name in names:
            made.registers[name.partition("<")[0]] = kind[1:]
    elif text.startswith((".param", ".local", ".shared", ".const", ".global")):
        made.variables.append(variable(text))
        assert made.body is not None
        made.body.append(Instruction("", "declare", (), (made.variables[-1].name,), text))
    elif text.startswith(".branchtargets"):
        assert made.body is not None
        label = made.body.pop().operands[0]                         # the table's name stands before it, as a label does
        made.tables[label] = text.removeprefix(".branchtargets").replace(",", " ").split()
    elif text and not text.startswith((".pragma", ".loc", ".callprototype")):
        made.body.append(instruction(text))     # type: ignore[union-attr]


def instruction(text: str) -> Instruction:
    found = HEAD.fullmatch(text)
    if found is None:
        raise PtxError(f"not an instruction: {text}")
    guard, name, modifiers, operands = found.groups()
    return Instruction(guard or "", name, tuple(modifiers.replace("::", "_").split(".")[1:]),
                       tuple(o.strip() for o in OPERAND.findall(operands)), " ".join(text.split()))


def address(operand: str) -> tuple[str, int]:
    """Base and offset of [base+offset]."""
    found = re.fullmatch(r"\[\s*([%\w$.]+)\s*(?:\+\s*(-?\w+))?\s*\]", operand)
    if found is None:
        raise PtxError(f"not an address: {operand}")
    return found.group(1), int(found.group(2) or "0", 0)


def parts(operand: str) -> list[str]:
    """a, b of {a, b} and of (a, b); one of what is no list."""
    return [p.strip() for p in operand.strip("{}()").split(",") if p.strip()] if operand[:1] in "{(" else [operand]


def number(text: str, kind: str) -> Any:
    """The bits of a literal of a PTX type as a whole number."""
    bits = width(kind)
    if re.fullmatch(r"0[fF][0-9a-fA-F]{8}", text):
        value = int(text[2:], 16)
        if kind == "f64":                                           # never written by NVVM
            raise PtxError(f"a 32-bit literal of type {kind}: {text}")
        return value
    if re.fullmatch(r"0[dD][0-9a-fA-F]{16}", text):
        if kind == "f32":
            value = struct.unpack("<d", struct.pack("<Q", int(text[2:], 16)))[0]
            return struct.unpack("<I", struct.pack("<f", value))[0]
        return int(text[2:], 16)
    if kind[0] == "f":
        form = "<fI" if bits == 32 else "<dQ"
        return struct.unpack("<" + form[2], struct.pack(form[:2], float(text)))[0]
    text = text.rstrip("U")
    return int(text, 8 if re.fullmatch(r"-?0[0-7]+", text) else 0) & ((1 << bits) - 1)
