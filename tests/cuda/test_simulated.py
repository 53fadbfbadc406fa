"""The CUDA backend under numba's CUDA simulator does what the CPU does: kernels as Python, in a process of its own."""
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nestling import simulator as nl

SCRIPT = Path(__file__).with_name("simulated.py")


def under_the_simulator(*command):
    return subprocess.run([sys.executable, *command], capture_output=True, text=True, timeout=400,
                          env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"})


def test_all_models_devices_and_kinds_of_synapses_are_the_cpus_under_the_cuda_simulator():
    done = under_the_simulator(SCRIPT)
    assert done.returncode == 0, done.stderr
    found = dict(line.split(": ") for line in done.stdout.splitlines())
    assert len(found) >= 38 and {"iaf_psc_delta", "hh_psc_alpha", "poisson_generator", "procedural", "matrix"} <= set(found)
    assert {name: said for name, said in found.items() if said != "equal"} == {}


def test_it_computes_in_double_precision_only():
    done = under_the_simulator("-c", "from nestling import simulator as nl; nl.Simulator(backend='cuda', precision='single')")
    assert "NotAvailable: precision = 'single': under numba's CUDA simulator, which is Python, only 'double'" in done.stderr


def test_another_backend_is_refused():
    with pytest.raises(nl.NotAvailable, match="backend = 'gpu': must be 'cpu' or 'cuda'"):
        nl.Simulator(backend="gpu")
