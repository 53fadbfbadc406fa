"""Models keep their contract on a GPU too: the same records and functions compile to PTX, and run under the CUDA simulator.

And they compute the same: PTX of products and sums that are rounded one by one, of true divisions and roots, without a call of
a vendor's function, has the bits of the CPU's code.
"""
import math
import os
import re
import subprocess
import sys
import textwrap
import types as pytypes

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.models.arithmetic import exp, log, log1p, sin_turns
from nestling.models.contract import nested
from nestling.models.reading import is_model, read_model
from nestling.simulator.compile import jitable
from nestling.simulator.exchange import receive
from nestling.simulator.functions import FOR_GPUS, Adapting
from nestling.simulator.lanes import gather, scatter
from nestling.simulator.model_kernels import Variant

MODELS = [m for m in vars(nl).values() if isinstance(m, pytypes.ModuleType) and is_model(m) and hasattr(m, "update")]
REAL, WHOLE = dict(double=np.float64, single=np.float32), dict(double=np.int64, single=np.int32)
PRECISIONS = pytest.mark.parametrize("precision", ["double", "single"])


def kernel_of(model, precision):
    """A kernel that takes every node of a model through one step, and the types of its arguments."""
    from numba import cuda, typeof, types, uint8
    described = read_model(model)
    n_step, n_inputs = len(described.step), len(described.inputs)
    variant = Variant(described, (False,) * n_step, (True,) * n_inputs, (False,) * n_step, REAL[precision], WHOLE[precision],
                      gpu=True)
    update, State, Step, Inputs = (getattr(variant.source, name) for name in ("update", "State", "Step", "Inputs"))
    jitable(update)

    def kernel(state, constants, rows, scales, emitted):
        i = cuda.grid(1)
        if i < emitted.size:
            s, out = update(State(*gather(state, i)), Step(*gather(constants, i)), Inputs(*receive(rows, scales, i)))
            scatter(state, i, s)
            emitted[i] = out != 0

    def listed(flat, form):
        given = [types.Array(typeof(x[0]), 1, "C") if isinstance(x, tuple) else typeof(x) for x in flat]
        return types.Tuple([types.Tuple(entry) if isinstance(entry, tuple) else entry for entry in nested(given, form)])
    states, inputs, steps = described.forms
    return kernel, (listed(variant.state, states), listed(variant.step, steps), listed(variant.rows, inputs),
                    listed(variant.scales, inputs), uint8[::1])


@PRECISIONS
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_a_model_compiles_to_code_with_the_bits_of_the_cpu_in_registers(model, precision, cuda_code, monkeypatch):
    for capability, text in cuda_code.compiled(*kernel_of(model, precision), monkeypatch).items():
        assert cuda_code.faults(text) == []
        if precision == "double" and capability == (9, 0):      # the other needs fewer registers, all have as many
            registers, *memory = cuda_code.assembled(text, capability)
            assert memory == [0, 0, 0], "bytes of stack, spilled stores and loads"
            assert registers < 200


def compiled_loop(f, real, cuda_code, monkeypatch, **options):
    """The PTX of a kernel out[i] = f(x[i])."""
    from numba import cuda, types
    jitable(f)

    def kernel(x, out):
        i = cuda.grid(1)
        out[i] = f(x[i])
    array = types.Array(getattr(types, np.dtype(real).name), 1, "C")
    return cuda_code.compiled(kernel, (array, array), monkeypatch, **options)


@PRECISIONS
@pytest.mark.parametrize("f", [exp, log, log1p, sin_turns], ids=lambda f: f.__name__)
def test_shared_arithmetic_compiles_to_code_with_the_bits_of_the_cpu(f, precision, cuda_code, monkeypatch):
    f = Adapting(precision == "single", FOR_GPUS).of(f)
    for text in compiled_loop(f, REAL[precision], cuda_code, monkeypatch).values():
        assert cuda_code.faults(text) == []
        assert precision == "double" or ".f64" not in text


def of_vendor(x):
    return math.log(x) + math.sin(x) ** 3.5


def sum_and_product(x):
    return x * x + 3.0


def test_faults_are_found(cuda_code, monkeypatch):
    """The tests above can fail: vendor's functions, contracted products, and functions by approximation."""
    for real in (np.float64, np.float32):
        for text in compiled_loop(of_vendor, real, cuda_code, monkeypatch).values():
            assert any(line.startswith("fma.rn") for line in cuda_code.faults(text))
        for text in compiled_loop(sum_and_product, real, cuda_code, monkeypatch, fma=True).values():
            assert [line.split()[0] for line in cuda_code.faults(text)] == [f"fma.rn.f{8 * real().itemsize}"]
        for text in compiled_loop(sum_and_product, real, cuda_code, monkeypatch).values():
            assert cuda_code.faults(text) == []
    for line in ("@%p1 bra $L1;", "mad.lo.s64 %rd1, %rd2, 8, %rd3;", "mul.rn.f64 %fd1, %fd2, %fd3;", "ld.param.u64 %rd1, [a];",
                 "cvt.rn.f32.f64 %f1, %fd1;", "call_me:", "setp.lt.f32 %p1, %f1, %f2;", "min.s64 %rd1, %rd2, %rd3;"):
        assert cuda_code.faults(line) == [], line
    for line in ("mul.f64 %fd1, %fd2, %fd3;", "div.full.f32 %f1, %f2, %f3;", "@%p1 add.ftz.f32 %f1, %f2, %f3;",
                 "ex2.approx.f32 %f1;", "sqrt.approx.f32 %f1, %f2;",
                 "call.uni (r), __nv_log, (p);", ".local .align 8 .b8 __local_depot0[16];",
                 "st.local.u64 [%rd1], %rd2;", "max.f32 %f1, %f2, %f3;", "add.f64 %fd1, %fd2, %fd3;"):
        assert cuda_code.faults(line) == [line]


def test_spills_are_found(cuda_code, monkeypatch):
    texts = cuda_code.compiled(*kernel_of(nl.hh_psc_alpha, "double"), monkeypatch)
    for capability, text in texts.items():
        registers, stack, stores, loads = cuda_code.assembled(text, capability, "-maxrregcount=24")
        assert registers <= 24 and min(stack, stores, loads) > 0


def test_min_and_max_on_a_gpu_are_those_of_python(cuda_code, monkeypatch):
    """nan where the first number is nan, and the first of 0.0 and -0.0; the compiler computes it, since all is constant."""
    from numba import float64
    min, max = FOR_GPUS["min"], FOR_GPUS["max"]         # what a model's `update` has in their place

    def kernel(out):
        nan, nought = math.nan, 0.0
        out[0] = 1.0 if min(nan, 1.0) != min(nan, 1.0) else 0.0
        out[1] = 1.0 if max(nan, 1.0) != max(nan, 1.0) else 0.0
        out[2] = min(3.0, nan)
        out[3] = max(3.0, nan)
        out[4] = math.copysign(5.0, min(nought, -nought))
        out[5] = math.copysign(5.0, max(-nought, nought))
    expected = np.zeros(6)
    kernel(expected)
    assert expected.tolist() == [1.0, 1.0, 3.0, 3.0, 5.0, -5.0]
    for text in cuda_code.compiled(kernel, (float64[::1],), monkeypatch).values():
        values = dict(re.findall(r"mov\.[ufb]64\s+(%\w+), (\S+);", text))
        stored = [int(values[name]) for name in re.findall(r"st\.global\.[ufb]64\s+\[.*\], (%\w+);", text)]
        assert np.array(stored, np.int64).view(np.float64).tolist() == expected.tolist()


def test_a_neuron_under_the_cuda_simulator_equals_plain_python():
    script = textwrap.dedent("""
        import numpy as np
        from numba import cuda
        from nestling.models import iaf_psc_delta as m
        from nestling.models.reading import read_model
        from nestling.simulator.lanes import gather, scatter

        n, rng = 40, np.random.default_rng(1)
        c = m.derive(m.Params(I_e=500.0, t_ref=1.0), 0.1)
        state = tuple(np.full(n, f.default, float if f.type is float else np.int64) for f in read_model(m).state)
        inputs = tuple(rng.normal(0.0, 3.0, n) for _ in m.Inputs._fields)
        flags = np.zeros(n, np.uint8)

        @cuda.jit
        def kernel(state, constants, inputs, flags):
            i = cuda.grid(1)
            if i < flags.size:
                s, spiked = m.update(m.State(*gather(state, i)), m.Step(*constants), m.Inputs(*gather(inputs, i)))
                scatter(state, i, s)
                flags[i] = spiked
        expected = [m.State(*(a[i] for a in state)) for i in range(n)]
        for _ in range(200):
            kernel[2, 32](state, tuple(float(v) for v in c), inputs, flags)
            expected = [m.update(s, c, m.Inputs(*(x[i] for x in inputs)))[0] for i, s in enumerate(expected)]
        for k, name in enumerate(m.State._fields):
            assert np.array_equal(state[k], np.array([s[k] for s in expected])), name
        print("equal")
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120,
                         env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"})
    assert run.returncode == 0 and run.stdout.strip() == "equal", run.stderr
