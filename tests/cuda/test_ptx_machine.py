"""The machine that executes PTX on the CPU does what NVIDIA's manual says, above all where processors differ."""
import math

import numpy as np
import pytest

NAN, INF, TINY = math.nan, math.inf, 5e-324
LETTERS = {"pred": "p", "f32": "f", "f64": "d", "16": "h", "32": "r", "64": "q", "8": "h"}
BITS = {"f32": np.float32, "f64": np.float64, "s8": np.int8, "u8": np.uint8, "b8": np.uint8}
BITS.update({f"{k}{n}": np.dtype(f"{'i' if k == 's' else 'u'}{n // 8}").type for k in "sub" for n in (16, 32, 64)})


def register(kind, k):
    return f"%{LETTERS.get(kind) or LETTERS[kind[1:]]}{k}"


def elementwise(instruction, result, *kinds):
    """The lines of a kernel in which thread i computes item i of array 0 from items i of arrays 1, 2, ... of these kinds.

    instruction: with {d}, {a}, {b}, ... for result and operands; several lines are separated by semicolons.
    """
    lines = ["mov.u32 %r10, %ctaid.x;", "mov.u32 %r11, %ntid.x;", "mov.u32 %r12, %tid.x;", "mad.lo.s32 %r13, %r10, %r11, %r12;"]
    registers = {}
    for k, (name, kind) in enumerate(zip("dabcf", (result, *kinds))):
        registers[name] = register(kind, k)
        size = int(kind[1:]) // 8
        lines += [f"ld.param.u64 %q{10 + k}, [k_{k}];", f"mul.wide.s32 %q19, %r13, {size};",
                  f"cvta.to.global.u64 %q{10 + k}, %q{10 + k};", f"add.s64 %q{10 + k}, %q{10 + k}, %q19;"]
        if k:
            lines.append(f"ld.global.{kind} {registers[name]}, [%q{10 + k}];")
    lines += [f"{part};" for part in instruction.format(**registers).split("; ")]
    return [*lines, f"st.global.{result} [%q10], {registers['d']};"]


@pytest.fixture
def run(machine, kernel_text):
    """run(instruction, result, kinds, *columns): what the instruction makes of each entry of the columns."""
    def runs(instruction, result, kinds, *columns):
        with np.errstate(invalid="ignore", over="ignore"):
            given = [np.array(c, BITS[k]) for c, k in zip(columns, kinds)]
        out = np.zeros(given[0].size, BITS[result])
        kernel = machine.load(kernel_text(*elementwise(instruction, result, *kinds)))
        addresses = [a.ctypes.data for a in (out, *given)]
        kernel(1, out.size, *addresses, *[0] * (5 - len(addresses)))
        return out.tolist()
    return runs


def same(found, expected):
    """Equal, signs of zeros included; NaN is NaN."""
    return len(found) == len(expected) and all(
        (math.isnan(x) and math.isnan(y)) or (x == y and math.copysign(1, x) == math.copysign(1, y))
        for x, y in zip(found, expected))


# --------------------------------------------------------------------------------------------------------- arithmetic

@pytest.mark.parametrize("instruction, kind, a, b, expected", [
    ("shl.b32", "u32", [1, 1, 1, 1, 1], [0, 31, 32, 33, 2**32 - 1], [1, 2**31, 0, 0, 0]),
    ("shr.u32", "u32", [2**31] * 3, [31, 32, 64], [1, 0, 0]),
    ("shr.s32", "s32", [-8, -8, 8, -8], [1, 32, 32, 2**32 - 1], [-4, -1, 0, -1]),
    ("shl.b64", "u64", [1, 1, 1], [63, 64, 2**32 - 1], [2**63, 0, 0]),
    ("shr.s64", "s64", [-(2**63)] * 3, [63, 64, 65], [-1, -1, -1]),
    ("shr.u16", "u16", [40_000, 40_000, 40_000], [15, 16, 2**16], [1, 0, 0]),
])
def test_shifts_by_more_than_the_width_leave_nothing(run, instruction, kind, a, b, expected):
    assert run(f"{instruction} {{d}}, {{a}}, {{b}}", kind, (kind, "u32"), a, b) == expected


@pytest.mark.parametrize("instruction, kinds, columns, expected", [
    ("mul.hi.u64", "u64", ([2**63, 2**64 - 1], [2, 2**64 - 1]), [1, 2**64 - 2]),
    ("mul.hi.s32", "s32", ([-(2**31), -1], [-(2**31), 1]), [2**30, -1]),
    ("mul.lo.s64", "s64", ([2**62, -3], [4, 5]), [0, -15]),
    ("div.s32", "s32", ([-7, 7, -(2**31), 5], [2, -2, -1, 0]), [-3, -3, -(2**31), -1]),
    ("rem.s32", "s32", ([-7, 7, -(2**31), 5], [2, -2, -1, 0]), [-1, 1, 0, 5]),
    ("div.u64", "u64", ([2**64 - 1, 3], [2, 0]), [2**63 - 1, 2**64 - 1]),
    ("max.s64", "s64", ([-1, 5], [2, 3]), [2, 5]),
    ("max.u64", "u64", ([2**64 - 1, 5], [2, 3]), [2**64 - 1, 5]),
    ("and.b32", "u32", ([12], [10]), [8]), ("or.b32", "u32", ([12], [10]), [14]), ("xor.b64", "u64", ([12], [10]), [6]),
    ("add.rn.f32", "f32", ([1.0], [2**-24]), [1.0]),
    ("div.rn.f64", "f64", ([1.0, 1.0, -1.0, 0.0], [3.0, 0.0, 0.0, 0.0]), [1 / 3, INF, -INF, NAN]),
    ("mul.rn.f64", "f64", ([TINY, 1e308], [0.5, 10.0]), [0.0, INF]),
    ("sub.rn.f64", "f64", ([2.3e-308], [2.2e-308]), [2.3e-308 - 2.2e-308]),
    ("max.f64", "f64", ([NAN, 1.0, NAN, -0.0, 0.0, -0.0], [1.0, NAN, NAN, 0.0, -0.0, -0.0]), [1.0, 1.0, NAN, 0.0, 0.0, -0.0]),
    ("min.f64", "f64", ([NAN, 1.0, NAN, -0.0, 0.0, 0.0], [1.0, NAN, NAN, 0.0, -0.0, 0.0]), [1.0, 1.0, NAN, -0.0, -0.0, 0.0]),
    ("min.f32", "f32", ([2.0, -INF], [-3.0, 1.0]), [-3.0, -INF]),
    ("copysign.f64", "f64", ([-1.0, 1.0], [3.0, -0.0]), [-3.0, 0.0]),
])
def test_arithmetic_of_two(run, instruction, kinds, columns, expected):
    assert same(run(f"{instruction} {{d}}, {{a}}, {{b}}", kinds, (kinds, kinds), *columns), expected)


@pytest.mark.parametrize("instruction, result, kind, a, expected", [
    ("neg.s64", "s64", "s64", [5, -(2**63)], [-5, -(2**63)]), ("abs.s32", "s32", "s32", [-5, -(2**31)], [5, -(2**31)]),
    ("not.b32", "u32", "u32", [0], [2**32 - 1]), ("popc.b64", "u32", "u64", [2**63 + 5], [3]),
    ("clz.b32", "u32", "u32", [0, 1, 2**31], [32, 31, 0]), ("clz.b64", "u32", "u64", [0, 1], [64, 63]),
    ("brev.b32", "u32", "u32", [1, 6], [2**31, 0x60000000]), ("neg.f64", "f64", "f64", [0.0, NAN], [-0.0, NAN]),
    ("abs.f32", "f32", "f32", [-0.0, -2.5], [0.0, 2.5]), ("sqrt.rn.f64", "f64", "f64", [2.0, -0.0, -1.0], [2**0.5, -0.0, NAN]),
    ("rcp.rn.f64", "f64", "f64", [3.0, -0.0], [1 / 3, -INF]), ("mov.b64", "u64", "f64", [1.0], [0x3FF << 52]),
    ("mov.b32", "f32", "u32", [0x3FC00000], [1.5]), ("cnot.b32", "u32", "u32", [0, 7], [1, 0]),
])
def test_arithmetic_of_one(run, instruction, result, kind, a, expected):
    assert same(run(f"{instruction} {{d}}, {{a}}", result, (kind,), a), expected)


def test_a_fused_product_is_rounded_once(run):
    a, b, c = [1.0 + 2**-30], [1.0 - 2**-30], [-1.0]
    assert run("fma.rn.f64 {d}, {a}, {b}, {c}", "f64", ("f64",) * 3, a, b, c) == [-(2**-60)]
    assert run("mul.rn.f64 {d}, {a}, {b}; add.rn.f64 {d}, {d}, {c}", "f64", ("f64",) * 3, a, b, c) == [0.0]
    assert run("fma.rn.f32 {d}, {a}, {b}, {c}", "f32", ("f32",) * 3, [1.0 + 2**-13], [1.0 - 2**-13], c) == [-(2**-26)]


def test_whole_products_and_sums(run):
    assert run("mad.lo.s32 {d}, {a}, {b}, {c}", "s32", ("s32",) * 3, [2**30, -3], [4, 5], [7, 7]) == [7, -8]
    assert run("mul.wide.s32 {d}, {a}, {b}", "s64", ("s32", "s32"), [-(2**31)], [2**31 - 1]) == [-(2**31) * (2**31 - 1)]
    assert run("mul.wide.u32 {d}, {a}, {b}", "u64", ("u32", "u32"), [2**32 - 1], [2**32 - 1]) == [(2**32 - 1) ** 2]
    assert run("mad.wide.u32 {d}, {a}, {b}, {c}", "u64", ("u32", "u32", "u64"), [2**31], [4], [3]) == [2**33 + 3]
    assert run("mad.hi.u32 {d}, {a}, {b}, {c}", "u32", ("u32",) * 3, [2**31], [4], [3]) == [5]


def with_field(a, b, position, length, bits):
    for i in range(min(length & 255, bits)):
        if (position & 255) + i < bits:
            b = b & ~(1 << (position & 255) + i) | (a >> i & 1) << (position & 255) + i
    return b


def taken_field(a, position, length, bits, signed):
    position, length = position & 255, length & 255
    sign = 0 if not signed or length == 0 else a >> min(position + length - 1, bits - 1) & 1
    return sum((a >> position + i & 1 if i < length and position + i < bits else sign) << i for i in range(bits))


@pytest.mark.parametrize("bits", [32, 64])
def test_fields_of_bits(run, bits):
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2**bits - 1, (2, 300), np.uint64)
    position, length = rng.choice([0, 1, 7, 31, 32, 33, 63, 64, 100, 255, 256, 300], (2, 300))
    kinds, u = (f"u{bits}", f"u{bits}", "u32", "u32"), f"u{bits}"
    rows = list(zip(a.tolist(), b.tolist(), position.tolist(), length.tolist()))
    found = run(f"bfi.b{bits} {{d}}, {{a}}, {{b}}, {{c}}, {{f}}", u, kinds, a, b, position, length)
    assert found == [with_field(x, y, p, n, bits) for x, y, p, n in rows]
    for sign in "us":
        found = run(f"bfe.{sign}{bits} {{d}}, {{a}}, {{b}}, {{c}}", u, (u, "u32", "u32"), a, position, length)
        assert found == [taken_field(x, p, n, bits, sign == "s") for x, _, p, n in rows]


def test_bytes_and_words_are_moved(run):
    one, other = [0x44332211] * 4, [0x88776655] * 4
    assert run("prmt.b32 {d}, {a}, {b}, {c}", "u32", ("u32",) * 3, one, other, [0x3210, 0x7654, 0x0123, 0x8F08]) == [
        one[0], other[0], 0x11223344, 0x00FF1100]
    double = one[0] | other[0] << 32
    for amount in (0, 4, 31, 32, 40):
        wrapped, clamped = amount & 31, min(amount, 32)
        for mode, n in (("wrap", wrapped), ("clamp", clamped)):
            given = (("u32",) * 3, one, other, [amount] * 4)
            assert run(f"shf.l.{mode}.b32 {{d}}, {{a}}, {{b}}, {{c}}", "u32", *given)[0] == double << n >> 32 & 0xFFFFFFFF
            assert run(f"shf.r.{mode}.b32 {{d}}, {{a}}, {{b}}, {{c}}", "u32", *given)[0] == double >> n & 0xFFFFFFFF


# -------------------------------------------------------------------------------------------------------- conversions

@pytest.mark.parametrize("instruction, result, kind, a, expected", [
    ("cvt.rzi.s64.f64", "s64", "f64", [-2.7, 1e19, -1e19, INF, NAN], [-2, 2**63 - 1, -(2**63), 2**63 - 1, -(2**63)]),
    ("cvt.rzi.u64.f64", "u64", "f64", [2.7, -1.0, 1e20, NAN], [2, 0, 2**64 - 1, 2**63]),
    ("cvt.rzi.s32.f32", "s32", "f32", [3e9, -3e9, NAN, 1.9], [2**31 - 1, -(2**31), 0, 1]),
    ("cvt.rzi.s32.f64", "s32", "f64", [3e9, NAN], [2**31 - 1, -(2**31)]),
    ("cvt.rzi.s64.f32", "s64", "f32", [NAN], [-(2**63)]),
    ("cvt.rni.s32.f64", "s32", "f64", [0.5, 1.5, -2.5], [0, 2, -2]), ("cvt.rmi.s32.f64", "s32", "f64", [-0.5, 1.5], [-1, 1]),
    ("cvt.rpi.s32.f64", "s32", "f64", [-0.5, 1.5], [0, 2]), ("cvt.rmi.f64.f64", "f64", "f64", [-0.5, -0.0], [-1.0, -0.0]),
    ("cvt.rni.f32.f32", "f32", "f32", [2.5, -0.3], [2.0, -0.0]),
    ("cvt.sat.f64.f64", "f64", "f64", [NAN, -0.0, 0.3, 7.0], [0.0, 0.0, 0.3, 1.0]),
    ("cvt.rn.f32.f64", "f32", "f64", [1e300, 1.0 + 2**-24, 0.1], [INF, 1.0, float(np.float32(0.1))]),
    ("cvt.f64.f32", "f64", "f32", [0.1], [float(np.float32(0.1))]),
    ("cvt.rn.f64.s64", "f64", "s64", [-(2**63), 2**53 + 1], [-(2.0**63), 2.0**53]),
    ("cvt.rn.f32.u64", "f32", "u64", [2**64 - 1], [2.0**64]), ("cvt.s64.s32", "s64", "s32", [-1], [-1]),
    ("cvt.u64.u32", "u64", "u32", [2**32 - 1], [2**32 - 1]), ("cvt.u32.u64", "u32", "u64", [2**40 + 5], [5]),
    ("cvt.s64.s8", "s64", "u64", [255, 128 + 512], [-1, -128]), ("cvt.u32.u16", "u32", "u32", [0x12345], [0x2345]),
    ("cvt.sat.s32.s64", "s32", "s64", [2**40, -(2**40), 7], [2**31 - 1, -(2**31), 7]),
])
def test_conversions(run, instruction, result, kind, a, expected):
    assert same(run(f"{instruction} {{d}}, {{a}}", result, (kind,), a), expected)


# ------------------------------------------------------------------------------------------------------ comparisons

ORDER = {"eq": lambda a, b: a == b, "ne": lambda a, b: a < b or a > b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
         "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "equ": lambda a, b: not (a < b or a > b),
         "neu": lambda a, b: a != b, "ltu": lambda a, b: not a >= b, "leu": lambda a, b: not a > b,
         "gtu": lambda a, b: not a <= b, "geu": lambda a, b: not a < b,
         "num": lambda a, b: a == a and b == b, "nan": lambda a, b: a != a or b != b}
SET = "setp.{how} %p1, {{a}}, {{b}}; selp.u32 {{d}}, 1, 0, %p1"


@pytest.mark.parametrize("how", ORDER)
def test_comparisons_with_nan(run, how):
    a, b = [1.0, 2.0, 1.0, NAN, 1.0, NAN, 0.0], [2.0, 1.0, 1.0, 1.0, NAN, NAN, -0.0]
    for kind in ("f32", "f64"):
        assert run(SET.format(how=f"{how}.{kind}"), "u32", (kind, kind), a, b) == [int(ORDER[how](x, y)) for x, y in zip(a, b)]


def test_comparisons_of_whole_numbers_know_their_sign(run):
    a, b = [2**32 - 1, 1, 3], [1, 2, 3]
    found = {how: run(SET.format(how=how), "u32", ("u32", "u32"), a, b) for how in (
        "lt.s32", "lt.u32", "hi.u32", "ls.u32", "ge.s32", "ne.b32", "eq.s32")}
    assert found == {"lt.s32": [1, 1, 0], "lt.u32": [0, 1, 0], "hi.u32": [1, 0, 0], "ls.u32": [0, 1, 1], "ge.s32": [0, 0, 1],
                     "ne.b32": [1, 1, 0], "eq.s32": [0, 0, 1]}


def test_comparisons_are_combined_with_predicates(run):
    lines = ("setp.gt.s32 %p1, {a}, 0; setp.lt.and.s32 %p2|%p3, {b}, 5, !%p1; not.pred %p4, %p3; xor.pred %p4, %p4, %p1; "
             "selp.u32 {d}, 1, 0, %p2; @%p3 add.s32 {d}, {d}, 2; @!%p4 add.s32 {d}, {d}, 4")
    a, b = [1, 1, -1, -1], [1, 9, 1, 9]
    p2 = [y < 5 and not x > 0 for x, y in zip(a, b)]
    p3 = [not y < 5 and not x > 0 for x, y in zip(a, b)]
    p4 = [(not q) != (x > 0) for q, x in zip(p3, a)]
    assert run(lines, "s32", ("s32", "s32"), a, b) == [q + 2 * r + 4 * (not s) for q, r, s in zip(p2, p3, p4)]


def test_choices(run):
    assert run("slct.f32.s32 {d}, {a}, {b}, {c}", "f32", ("f32", "f32", "s32"), [1.0, 1.0], [2.0, 2.0], [0, -1]) == [1.0, 2.0]
    kinds = ("s32", "s32", "f32")
    assert run("slct.s32.f32 {d}, {a}, {b}, {c}", "s32", kinds, [1] * 3, [2] * 3, [-0.0, -1.0, NAN]) == [1, 2, 2]
    assert run("set.lt.u32.f32 {d}, {a}, {b}", "u32", ("f32", "f32"), [1.0, NAN], [2.0, 2.0]) == [2**32 - 1, 0]
    assert run("set.lt.f32.s32 {d}, {a}, {b}", "f32", ("s32", "s32"), [1, 3], [2, 2]) == [1.0, 0.0]
