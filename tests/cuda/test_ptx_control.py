"""Memory, atomics, branches and calls of the machine that executes PTX, the order of its threads, and what it refuses."""
import numpy as np
import pytest

ADDRESS = ("ld.param.u64 %q0, [k_0];", "cvta.to.global.u64 %q0, %q0;")
THREAD = ("mov.u32 %r1, %ctaid.x;", "mov.u32 %r2, %ntid.x;", "mov.u32 %r3, %tid.x;", "mad.lo.s32 %r1, %r1, %r2, %r3;")


@pytest.fixture
def execute(machine, kernel_text):
    """execute(array, *lines): an array of 64-bit numbers after a kernel whose %q0 is its address, %r1 the thread's number."""
    def executes(array, *lines, threads=1, before="", **options):
        array = np.array(array, np.int64)
        kernel = machine.load(kernel_text(*ADDRESS, *THREAD, *lines, before=before))
        block = min(threads, 16)
        kernel(-(-threads // block), block, array.ctypes.data, 0, 0, 0, 0, **options)
        return array.tolist()
    return executes


# ------------------------------------------------------------------------------------------------------------- memory

def test_every_width_is_loaded_with_its_sign(execute):
    loads = [f"ld.global.{kind} %q1, [%q0]; st.global.u64 [%q0+{8 * k}], %q1;"
             for k, kind in enumerate(("s8", "u8", "s16", "u16", "s32", "u32", "b64"), 1)]
    bits = -1 - 2**40
    assert execute([bits] + [0] * 7, *loads) == [bits, -1, 255, -1, 65535, -1, 2**32 - 1, bits]


def test_narrow_stores_leave_the_rest(execute):
    assert execute([0, -1], "mov.u64 %q1, -1; st.global.u8 [%q0+2], %q1; add.s64 %q2, %q0, 16;",
                   "st.volatile.global.u16 [%q2+-6], 0; ld.volatile.global.u64 %q3, [%q0+8]; st.global.u64 [%q0+8], %q3;") == [
                       255 << 16, -1 - (0xFFFF << 16)]


def test_vectors(execute):
    assert execute([1, 2, 0, 0], "ld.global.v2.u64 {%q1, %q2}, [%q0]; st.global.v2.u64 [%q0+16], {%q2, %q1};") == [1, 2, 2, 1]
    assert execute([1 | 2 << 32, 3 | 4 << 32], "ld.global.nc.v4.u32 {%r1, _, %r3, %r4}, [%q0];",
                   "st.global.v4.u32 [%q0], {%r4, %r3, 9, %r1};") == [4 | 3 << 32, 9 | 1 << 32]


def test_a_wide_number_is_a_pair(execute):
    assert execute([1 | 2 << 32], "ld.global.u64 %q1, [%q0]; mov.b64 {%r1, %r2}, %q1; mov.b64 %q1, {%r2, %r1};",
                   "st.global.u64 [%q0], %q1;") == [2 | 1 << 32]


def test_literals(execute):
    assert execute([0] * 4, "mov.f64 %d1, 0d3FF8000000000000; st.global.f64 [%q0], %d1; mov.f32 %f1, 0f3FC00000;",
                   "st.global.f32 [%q0+8], %f1; mov.u64 %q1, 0x10; st.global.u64 [%q0+16], %q1;",
                   "mov.f64 %d2, 0d7FF8000000000001; st.global.f64 [%q0+24], %d2;") == [
                       0x3FF8 << 48, 0x3FC00000, 16, 0x7FF8 << 48 | 1]


# ------------------------------------------------------------------------------------------------------------ atomics

@pytest.mark.parametrize("operation, start, given, after", [
    ("add.u64", 5, "7", 12), ("min.s64", 5, "-7", -7), ("min.u64", 5, "-7", 5), ("max.s64", 5, "-7", 5),
    ("max.u64", 5, "-7", -7), ("exch.b64", 5, "7", 7), ("cas.b64", 5, "5, 9", 9), ("cas.b64", 5, "6, 9", 5),
    ("and.b64", 5, "4", 4), ("or.b64", 5, "2", 7), ("xor.b64", 5, "1", 4), ("add.u32", 2**32 - 1, "1", 0),
    ("inc.u32", 3, "3", 0), ("inc.u32", 2, "3", 3), ("dec.u32", 0, "3", 3), ("dec.u32", 9, "3", 3), ("dec.u32", 2, "3", 1),
    ("min.s32", 2**31, "1", 2**31)])
def test_atomics_change_a_number_and_give_the_old_one(execute, operation, start, given, after):
    old = "%q1" if "64" in operation else "%r5"
    lines = f"atom.global.{operation} {old}, [%q0], {given}; st.global.u{operation[-2:]} [%q0+8], {old};"
    assert execute([start, 0], lines) == [after, start]
    if not operation.startswith(("cas", "exch")):
        assert execute([start], f"red.relaxed.gpu.global.{operation} [%q0], {given};") == [after]


COUNT = ("atom.global.add.u64 %q1, [%q0], 1; mul.wide.s32 %q2, %r1, 8; add.s64 %q2, %q0, %q2; st.global.u64 [%q2+8], %q1;",)


def test_threads_run_in_the_order_that_is_asked_for(execute):
    n = 64
    forward, backward, shuffled, again = (execute([0] * (n + 1), *COUNT, threads=n, **o)[1:] for o in (
        {}, dict(order="reversed"), dict(order=1), dict(order=1)))
    assert forward == list(range(n)) and backward == forward[::-1]
    assert sorted(shuffled) == forward != shuffled == again


# ------------------------------------------------------------------------------------------------- branches and calls

def test_loops_and_guards(execute):
    assert execute([10], "ld.global.u64 %q1, [%q0]; mov.u64 %q2, 0;", "$again:", "add.s64 %q2, %q2, %q1; add.s64 %q1, %q1, -1;",
                   "setp.gt.s64 %p1, %q1, 0; @%p1 bra $again;", "bra.uni $out;", "mov.u64 %q2, 99;", "$out:",
                   "@!%p1 st.global.u64 [%q0], %q2; @%p1 st.global.u64 [%q0], 1; @!%p1 ret; trap;") == [55]


def test_a_table_of_branches(execute):
    lines = ["$table: .branchtargets $zero, $one, $one, $three;", "ld.global.u32 %r5, [%q0]; brx.idx %r5, $table;", "$zero:",
             "st.global.u64 [%q0], 10; ret;", "$one:", "st.global.u64 [%q0], 11; ret;", "$three:", "st.global.u64 [%q0], 13;"]
    assert [execute([k], *lines) for k in range(4)] == [[10], [11], [11], [13]]


POWER = """
.func (.param .b64 power_result) power(.param .b64 power_0, .param .b32 power_1);
.func (.param .b64 power_result) power(.param .b64 power_0, .param .b32 power_1)
{
    .reg .pred %p<3>;
    .reg .b32 %r<4>;
    .reg .b64 %q<6>;
    ld.param.u64 %q1, [power_0];
    ld.param.u32 %r1, [power_1];
    mov.u64 %q2, 1;
    setp.eq.s32 %p1, %r1, 0;
    @%p1 bra $done;
    add.s32 %r2, %r1, -1;
    { // callseq 0, 0
    .param .b64 param0;
    st.param.b64 [param0+0], %q1;
    .param .b32 param1;
    st.param.b32 [param1+0], %r2;
    .param .b64 result0;
    call.uni (result0), power, (param0, param1);
    ld.param.b64 %q3, [result0+0];
    } // callseq 0
    mul.lo.s64 %q2, %q3, %q1;
$done:
    st.param.b64 [power_result+0], %q2;
    ret;
}
"""
CALL = ("{ .param .b64 a; st.param.b64 [a+0], 3; .param .b32 b; st.param.b32 [b+0], 4; .param .b64 c;",
        "call.uni (c), power, (a, b); ld.param.b64 %q1, [c+0]; }", "st.global.u64 [%q0], %q1;")


def test_functions_call_functions(execute):
    assert execute([0], *CALL, before=POWER) == [81]


def test_tables_of_constants_and_variables(execute):
    table = ".const .align 4 .b8 table[8] = {1, 2, 3, 4, 255};\n.global .align 8 .u64 counter = 5;"
    assert execute([0, 0], "ld.const.u32 %r5, [table+4]; st.global.u32 [%q0], %r5; mov.u64 %q1, counter;",
                   "ld.global.u64 %q2, [%q1]; st.global.u64 [%q0+8], %q2;", before=table) == [255, 5]


def test_local_variables_are_told(machine, kernel_text):
    lines = (*ADDRESS, ".local .align 8 .b8 depot[16];", "mov.u64 %q1, depot; cvta.local.u64 %q2, %q1;",
             "st.local.u64 [%q1+8], 7; ld.u64 %q3, [%q2+8]; st.global.u64 [%q0], %q3;")
    kernel, out = machine.load(kernel_text(*lines)), np.zeros(1, np.int64)
    kernel(1, 1, out.ctypes.data, 0, 0, 0, 0)
    assert out[0] == 7 and kernel.uses_local
    assert not machine.load(kernel_text(*ADDRESS)).uses_local


# ------------------------------------------------------------------------------------------------------------ watching

@pytest.fixture
def watch(machine, kernel_text):
    """watch(array, *lines): the accesses of 40 threads, of which thread i has the address of number i in %q2."""
    def watches(array, *lines, n=40):
        mine = "mul.wide.s32 %q2, %r1, 8; add.s64 %q2, %q0, %q2;"
        return machine.load(kernel_text(*ADDRESS, *THREAD, mine, *lines)).watched(n // 8, 8, array.ctypes.data, 0, 0, 0, 0)
    return watches


def test_threads_that_keep_to_their_places_do_not_race(watch):
    a = np.arange(41)
    found = watch(a, "ld.global.u64 %q1, [%q2]; add.s64 %q1, %q1, 1; st.global.u64 [%q2], %q1; ld.global.u64 %q4, [%q0+320];")
    assert a.tolist() == [*range(1, 41), 40]
    assert [tuple(r) for r in found.records[:3]] == [(a.ctypes.data, 0, 8, 0), (a.ctypes.data, 0, 8, 1),
                                                     (a.ctypes.data + 320, 0, 8, 0)]
    assert len(found.records) == 120 and not len(found.races()) and not len(found.misaligned())
    assert set(found.outside(a[1:])["thread"]) == {0} and not len(found.outside(a[:20], a[20:]))


@pytest.mark.parametrize("line, racing", [
    ("ld.global.u64 %q1, [%q0]; add.s64 %q1, %q1, 1; st.global.u64 [%q0], %q1;", 80),       # a sum that loses some
    ("red.global.add.u64 [%q0], 1;", 0), ("red.global.add.u64 [%q0], 1; ld.global.u64 %q1, [%q0];", 80),
    ("ld.global.u64 %q1, [%q0];", 0), ("setp.eq.s32 %p1, %r1, 7; @%p1 st.global.u64 [%q0], 1;", 0),
    ("st.global.u64 [%q2], 1; ld.global.u32 %r5, [%q2+8];", 78), ("st.global.u32 [%q2], 1; ld.global.u32 %r5, [%q2+4];", 0),
    ("st.global.v2.u32 [%q2], {1, 2}; ld.global.u8 %r5, [%q2+15];", 78)])
def test_accesses_whose_order_decides_are_races(watch, line, racing):
    assert len(watch(np.zeros(42, np.int64), line).races()) == racing


def test_misaligned_accesses_are_found(watch):
    found = watch(np.zeros(42, np.int64), "st.global.u32 [%q2], 1; ld.global.u64 %q1, [%q2+4];")
    assert set(found.misaligned()["size"]) == {8} and len(found.misaligned()) == 40
    assert len(found.races()) == 78


# ----------------------------------------------------------------------------------------------------------- refusals

@pytest.mark.parametrize("line, words", [
    ("bar.sync 0;", "bar.sync 0: threads run one after another"), ("shfl.sync.up.b32 %r1, %r2, 1, 0, -1;", "cannot meet"),
    ("add.f64 %d1, %d2, %d3;", "no .rn: ptxas may contract"), ("mul.f32 %f1, %f2, %f3;", "no .rn"),
    ("ex2.approx.f32 %f1, %f2;", "ex2.approx.f32 %f1, %f2: an instruction that is not known"),
    ("rcp.approx.ftz.f64 %d1, %d2;", "no .rn"), ("div.full.f32 %f1, %f2, %f3;", "no .rn"),
    ("add.rm.f32 %f1, %f2, %f3;", "no .rn"),
    ("fma.rn.ftz.f32 %f1, %f2, %f3, %f1;", "modifier .ftz"), ("add.cc.u32 %r1, %r2, %r3;", "modifier .cc"),
    ("cvt.f32.f64 %f1, %d1;", "no .rn"), ("cvt.rn.f16.f32 %h1, %f1;", "type .f16"), ("mov.u32 %r1, %laneid;", "%laneid"),
    ("mov.u32 %r1, %smid;", "%smid"), ("mov.u64 %q1, nowhere;", "nowhere"),
    ("add.s64 %q1, %r1, 1;", "%r1 is narrower"), ("cvt.u64.u32 %r1, %r2;", "%r1 is narrower"),
    ("atom.global.add.f64 %d1, [%q0], %d2;", "depends on the order of threads"),
    ("atom.shared.add.u32 %r1, [%r2], 1;", "modifier .shared"), ("ld.shared.u32 %r1, [%r2];", "modifier .shared"),
    (".shared .align 8 .b8 room[8];", ".shared memory"), ("call.uni vprintf;", "a call of vprintf"),
    ("setp.lt.ftz.f32 %p1, %f1, %f2;", "ftz")])
def test_what_cannot_be_executed_as_a_gpu_would_is_refused(line, words, machine, ptx_machine, kernel_text):
    with pytest.raises(ptx_machine.PtxError) as error:
        machine.load(kernel_text(line))
    assert words in str(error.value)


def test_calls_are_checked(machine, ptx_machine, kernel_text):
    kernel = machine.load(kernel_text("trap;"))
    assert machine.load(kernel_text("trap;")) is kernel
    with pytest.raises(ptx_machine.PtxTrap, match="trap"):
        kernel(1, 1, 0, 0, 0, 0, 0)
    with pytest.raises(TypeError, match="takes 5 arguments, 2 were given"):
        kernel(1, 1, 0, 0)
    for grid, block in ((0, 1), (1, 0), (1, 1025)):
        with pytest.raises(ValueError, match="must have 1 or more of 1 to 1024"):
            kernel(grid, block, 0, 0, 0, 0, 0)
    with pytest.raises(ptx_machine.PtxError, match="a module with 0 kernels"):
        machine.load(".version 7.0")


def test_a_contraction_shows(machine, compile_ptx):
    """NVVM contracts products and sums unless it is told not to; that is a result of its own."""
    from numba import float64

    from nestling.simulator.native import view

    def kernel(p):
        x = view(p, 4, float64)
        x[3] = x[0] * x[1] + x[2]
    found = {}
    for fma in (True, False):
        x = np.array([1.0 + 2**-30, 1.0 - 2**-30, -1.0, 0.0])
        machine.load(compile_ptx(kernel, 1, (7, 5), fma=fma))(1, 1, x.ctypes.data)
        found[fma] = x[3]
    assert found == {True: -(2.0**-60), False: 0.0}
