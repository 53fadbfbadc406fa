"""Models keep their contract on a GPU too: the same records and functions compile to PTX, and run under the CUDA simulator.

No backend for GPUs exists yet; what a model is must not shut it out.
"""
import os
import subprocess
import sys
import textwrap
import types as pytypes

import pytest

from nestling import simulator as nl
from nestling.models.contract import nested
from nestling.models.reading import is_model, read_model

MODELS = [m for m in vars(nl).values() if isinstance(m, pytypes.ModuleType) and is_model(m) and hasattr(m, "update")]


@pytest.mark.parametrize("capability", [(7, 5), (9, 0)], ids=["cc75", "cc90"])
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__.rsplit(".", 1)[-1])
def test_a_model_compiles_to_ptx_without_local_memory(model, capability, monkeypatch):
    import numba.cuda.dispatcher as dispatcher
    from numba import cuda, float64, int64, types, uint8

    from nestling.simulator.compile import jitable
    from nestling.simulator.functions import model_functions
    from nestling.simulator.lanes import gather, scatter

    class Device:
        compute_capability = capability
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: Device)
    described = read_model(model)
    functions = model_functions(described, False)
    update, State, Step, Inputs = jitable(functions.update), model.State, model.Step, model.Inputs

    def kernel(state, constants, inputs, emitted):
        i = cuda.grid(1)
        if i < emitted.size:
            s, out = update(State(*gather(state, i)), Step(*gather(constants, i)), Inputs(*gather(inputs, i)))
            scatter(state, i, s)
            emitted[i] = out != 0

    def arrays(fields, form):
        flat = [float64[::1] if f.type is float else int64[::1] for f in fields]
        return types.Tuple([types.Tuple(entry) if isinstance(entry, tuple) else entry for entry in nested(flat, form)])
    records = (arrays(fields, form) for fields, form in zip((described.state, described.step, described.inputs),
                                                            (described.forms[0], described.forms[2], described.forms[1])))
    ptx, _ = cuda.compile_ptx(kernel, (*records, uint8[::1]), cc=capability)
    assert ".visible .entry" in ptx
    assert ".local" not in ptx and "__local_depot" not in ptx, "a model's records must stay in registers"


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
