"""The meaning of PTX's arithmetic and conversions, in LLVM IR: one function for a family of instructions.

Floating-point arithmetic without `.rn` is refused: ptxas may contract it with its neighbours, or it is an approximation.
"""
from ptx_emitter import Refused, floats, handles, llvm_type, only, width

WHOLE = {"rni": "roundeven", "rmi": "floor", "rpi": "ceil", "rzi": "trunc"}


def sign(kind):
    return "s" if kind[0] == "s" else "u"


def grow(kind):
    """How a whole number of this type is made wider."""
    return "sext" if kind[0] == "s" else "zext"


def exact(how, *more):
    if "rn" not in how:
        raise Refused("no .rn: ptxas may contract it with its neighbours, or it is an approximation")
    only(how, "rn", *more)


@handles("add", "sub", "mul", "div", "rem", "min", "max", "and", "or", "xor")
def two(e, name, modifiers, operands):
    """d = a o b."""
    *how, kind = modifiers
    if name == "mul" and "wide" in how:
        return wide(e, how, kind, operands)
    t, d = llvm_type(kind), operands[0]
    a, b = (e.read(o, kind) for o in operands[1:])
    if floats(kind):
        if name in ("min", "max"):
            only(how)
            return e.write(d, kind, extreme(e, name, kind, a, b))
        exact(how, "sat")
        value = e.bin(f"f{name}", t, a, b)
        return e.write(d, kind, saturated(e, kind, value) if "sat" in how else value)
    if name == "mul" and "hi" in how:
        return e.write(d, kind, high(e, kind, a, b))
    only(how, *(["lo"] if name == "mul" else []))
    if name in ("div", "rem"):
        return e.write(d, kind, quotient(e, name, kind, a, b))
    if name in ("min", "max"):
        return e.write(d, kind, e.call(f"llvm.{sign(kind)}{name}.{t}", t, (t, a), (t, b)))
    return e.write(d, kind, e.bin(name, t, a, b))


def saturated(e, kind, value):
    """Cut off at 0 and 1; NaN becomes +0."""
    t = llvm_type(kind)
    value = e.select(e.bin("fcmp ogt", t, value, "0.0"), t, value, "0.0")
    return e.select(e.bin("fcmp olt", t, value, "1.0"), t, value, "1.0")


def extreme(e, name, kind, a, b):
    """min or max of floats: what is no NaN wins, and -0 is below +0."""
    t, bits = llvm_type(kind), f"i{width(kind)}"
    value = e.select(e.bin(f"fcmp {'olt' if name == 'min' else 'ogt'}", t, a, b), t, a, b)
    x, y = (e.cast("bitcast", t, v, bits) for v in (a, b))
    both = e.cast("bitcast", bits, e.bin("or" if name == "min" else "and", bits, x, y), t)
    value = e.select(e.bin("fcmp oeq", t, a, b), t, both, value)
    return e.select(e.bin("fcmp uno", t, b, b), t, a, value)         # where a is NaN, comparing gave b


def quotient(e, name, kind, a, b):
    """A whole quotient or remainder; by 0 all bits set and the dividend, where this processor would trap."""
    t, s = llvm_type(kind), sign(kind)
    none = odd = e.bin("icmp eq", t, b, 0)
    if s == "s":                                                    # the least number by -1 overflows: it is itself
        minus = e.bin("icmp eq", t, b, -1)
        odd = e.bin("or", "i1", none, minus)
    value = e.bin(f"{s}{name}", t, a, e.select(odd, t, 1, b))
    if s == "s":
        value = e.select(minus, t, e.bin("sub", t, 0, a) if name == "div" else 0, value)
    return e.select(none, t, -1 if name == "div" else a, value)


def high(e, kind, a, b):
    """The upper half of a product."""
    t, double = llvm_type(kind), f"i{2 * width(kind)}"
    a, b = (e.cast(grow(kind), t, v, double) for v in (a, b))
    return e.cast("trunc", double, e.bin("lshr", double, e.bin("mul", double, a, b), width(kind)), t)


def wide(e, how, kind, operands, plus=None):
    """The whole of a product."""
    only(how, "wide")
    double, both = f"i{2 * width(kind)}", f"{kind[0]}{2 * width(kind)}"
    a, b = (e.cast(grow(kind), llvm_type(kind), e.read(o, kind), double) for o in operands[1:3])
    value = e.bin("mul", double, a, b)
    if plus is not None:
        value = e.bin("add", double, value, e.read(plus, both))
    e.write(operands[0], both, value)


@handles("mad", "fma")
def three(e, name, modifiers, operands):
    """d = a b + c."""
    *how, kind = modifiers
    if name == "mad" and "wide" in how:
        return wide(e, how, kind, operands, operands[3])
    t, d = llvm_type(kind), operands[0]
    a, b, c = (e.read(o, kind) for o in operands[1:])
    if floats(kind):
        exact(how)
        return e.write(d, kind, e.call(f"llvm.fma.{kind}", t, (t, a), (t, b), (t, c)))
    only(how, "lo", "hi")
    product = high(e, kind, a, b) if "hi" in how else e.bin("mul", t, a, b)
    return e.write(d, kind, e.bin("add", t, product, c))


@handles("neg", "abs", "sqrt", "rcp", "not", "cnot", "popc", "clz", "brev")
def one(e, name, modifiers, operands):
    """d = o a."""
    *how, kind = modifiers
    t, d = llvm_type(kind), operands[0]
    a = e.read(operands[1], kind)
    if name in ("sqrt", "rcp"):
        exact(how)
        return e.write(d, kind, e.call(f"llvm.sqrt.{kind}", t, (t, a)) if name == "sqrt" else e.bin("fdiv", t, "1.0", a))
    only(how)
    if floats(kind):
        return e.write(d, kind, e.op(f"fneg {t} {a}") if name == "neg" else e.call(f"llvm.fabs.{kind}", t, (t, a)))
    if name in ("popc", "clz"):
        value = e.call(f"llvm.ctpop.{t}", t, (t, a)) if name == "popc" else e.call(f"llvm.ctlz.{t}", t, (t, a), ("i1", "false"))
        return e.write(d, "u32", value if t == "i32" else e.cast("trunc", t, value, "i32"))
    if name == "abs":
        value = e.call(f"llvm.abs.{t}", t, (t, a), ("i1", "false"))
    elif name == "brev":
        value = e.call(f"llvm.bitreverse.{t}", t, (t, a))
    elif name == "cnot":
        value = e.cast("zext", "i1", e.bin("icmp eq", t, a, 0), t)
    else:
        value = e.bin("sub", t, 0, a) if name == "neg" else e.bin("xor", t, a, -1)
    return e.write(d, kind, value)


@handles("copysign")
def copysign(e, name, modifiers, operands):
    """d = b with the sign of a."""
    kind, = modifiers
    t = llvm_type(kind)
    a, b = (e.read(o, kind) for o in operands[1:])
    e.write(operands[0], kind, e.call(f"llvm.copysign.{kind}", t, (t, b), (t, a)))


# --------------------------------------------------------------------------------------------------------------- bits

def moved(e, how, t, value, amount):
    """A shift of an iN by an amount (iN, unsigned) of any size: what goes beyond the ends is lost."""
    last = int(t[1:]) - 1
    far = e.bin("icmp ugt", t, amount, last)
    value = e.bin(how, t, value, e.select(far, t, last, amount))
    return value if how == "ashr" else e.select(far, t, 0, value)


def amount_of(e, operand, t):
    """A shift's amount, which is a u32, as iN; for 16 bits and fewer cut off where nothing is left anyway."""
    amount = e.read(operand, "u32")
    if t in ("i8", "i16"):
        return e.cast("trunc", "i32", e.call("llvm.umin.i32", "i32", ("i32", amount), ("i32", 100)), t)
    return amount if t == "i32" else e.cast("zext", "i32", amount, t)


@handles("shl", "shr")
def shift(e, name, modifiers, operands):
    kind, = modifiers
    t = llvm_type(kind)
    how = "shl" if name == "shl" else "ashr" if kind[0] == "s" else "lshr"
    e.write(operands[0], kind, moved(e, how, t, e.read(operands[1], kind), amount_of(e, operands[2], t)))


@handles("shf")
def funnel(e, name, modifiers, operands):
    """The upper (l) or lower (r) word of b:a, moved by c."""
    side, mode, kind = modifiers
    a, b, c = (e.cast("zext", "i32", e.read(o, "b32"), "i64") for o in operands[1:])
    both = e.bin("or", "i64", a, e.bin("shl", "i64", b, 32))
    c = e.bin("and", "i64", c, 31) if mode == "wrap" else e.call("llvm.umin.i64", "i64", ("i64", c), ("i64", 32))
    both = e.bin("lshr", "i64", both, c) if side == "r" else e.bin("lshr", "i64", e.bin("shl", "i64", both, c), 32)
    e.write(operands[0], kind, e.cast("trunc", "i64", both, "i32"))


@handles("bfe", "bfi")
def field(e, name, modifiers, operands):
    """A field of bits, `length` of them from `position` on, is taken out or put in."""
    kind, = modifiers
    t, bits = llvm_type(kind), width(kind)
    *given, position, length = operands[1:]
    given = [e.read(o, kind) for o in given]
    position, length = (amount_of(e, o, t) for o in (position, length))
    position, length = (e.bin("and", t, v, 255) for v in (position, length))
    mask = e.bin("xor", t, moved(e, "shl", t, -1, length), -1)
    if name == "bfi":
        a, b = given
        mask = moved(e, "shl", t, mask, position)
        taken = e.bin("and", t, moved(e, "shl", t, a, position), mask)
        return e.write(operands[0], kind, e.bin("or", t, taken, e.bin("and", t, b, e.bin("xor", t, mask, -1))))
    value = e.bin("and", t, moved(e, "ashr" if kind[0] == "s" else "lshr", t, given[0], position), mask)
    if kind[0] == "s":                                              # the field's highest bit, or the number's, fills the rest
        least = e.call(f"llvm.umin.{t}", t, (t, e.bin("sub", t, e.bin("add", t, position, length), 1)), (t, bits - 1))
        negative = e.cast("trunc", t, moved(e, "lshr", t, given[0], least), "i1")
        negative = e.bin("and", "i1", negative, e.bin("icmp ne", t, length, 0))
        value = e.select(negative, t, e.bin("or", t, value, e.bin("xor", t, mask, -1)), value)
    return e.write(operands[0], kind, value)


@handles("prmt")
def permute(e, name, modifiers, operands):
    """Four bytes chosen among the eight of b:a by the digits of c; 8 and above give a byte's sign."""
    kind, = modifiers
    a, b, c = (e.cast("zext", "i32", e.read(o, "b32"), "i64") for o in operands[1:])
    both = e.bin("or", "i64", a, e.bin("shl", "i64", b, 32))
    value = "0"
    for i in range(4):
        digit = e.bin("lshr", "i64", c, 4 * i)
        byte = e.bin("lshr", "i64", both, e.bin("shl", "i64", e.bin("and", "i64", digit, 7), 3))
        signs = e.cast("sext", "i8", e.bin("ashr", "i8", e.cast("trunc", "i64", byte, "i8"), 7), "i64")
        chosen = e.select(e.bin("icmp ne", "i64", e.bin("and", "i64", digit, 8), 0), "i64", signs, byte)
        value = e.bin("or", "i64", value, e.bin("shl", "i64", e.bin("and", "i64", chosen, 255), 8 * i))
    e.write(operands[0], kind, e.cast("trunc", "i64", value, "i32"))


# -------------------------------------------------------------------------------------------------------- conversions

@handles("cvt")
def convert(e, name, modifiers, operands):
    """Between any two numbers of 8 to 64 bits."""
    *how, new, old = modifiers
    t, s, value = llvm_type(new), llvm_type(old), e.read(operands[1], old)
    if floats(old) and floats(new):
        only(how, "rn", "sat", *WHOLE)
        rounding = next((WHOLE[m] for m in how if m in WHOLE), None)
        if width(new) < width(old) and "rn" not in how:
            raise Refused("no .rn")
        if rounding:
            value = e.call(f"llvm.{rounding}.{old}", s, (s, value))
        if new != old:
            value = e.cast("fptrunc" if new == "f32" else "fpext", s, value, t)
        return e.write(operands[0], new, saturated(e, new, value) if "sat" in how else value)
    if floats(new):
        only(how, "rn")
        if "rn" not in how:
            raise Refused("no .rn")
        return e.write(operands[0], new, e.cast(f"{sign(old)}itofp", s, value, t))
    if floats(old):
        only(how, *WHOLE)
        return e.write(operands[0], new, whole(e, WHOLE[how[0]], old, new, value))
    if "sat" in how:
        return e.write(operands[0], new, clamped(e, old, new, value))
    only(how)
    if width(new) != width(old):
        value = e.cast("trunc" if width(new) < width(old) else grow(old), s, value, t)
    return e.write(operands[0], new, value)


def whole(e, rounding, old, new, value):
    """A float rounded to a whole number: cut off at the ends; NaN is 0 in 32 bits, else the highest bit alone."""
    s, t = llvm_type(old), llvm_type(new)
    rounded = e.call(f"llvm.{rounding}.{old}", s, (s, value))
    result = e.call(f"llvm.fpto{sign(new)}i.sat.{t}.{old}", t, (s, rounded))
    if old == "f32" and width(new) < 64:
        return result
    return e.select(e.bin("fcmp uno", s, value, value), t, 1 << (width(new) - 1), result)


def clamped(e, old, new, value):
    """A whole number cut off at the ends of another type."""
    low, high = (-(1 << width(new) - 1), (1 << width(new) - 1) - 1) if new[0] == "s" else (0, (1 << width(new)) - 1)
    value = e.cast(grow(old), llvm_type(old), value, "i128")
    value = e.call("llvm.smax.i128", "i128", ("i128", value), ("i128", low))
    value = e.call("llvm.smin.i128", "i128", ("i128", value), ("i128", high))
    return e.cast("trunc", "i128", value, llvm_type(new))
