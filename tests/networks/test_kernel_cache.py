"""Kernels are kept on disk: a second process loads them, and a model that was edited is compiled anew."""
import os
import subprocess
import sys

SCRIPT = """
import sys
from typing import NamedTuple
from nestling import simulator as nl
from nestling.models.contract import mV, ms

class Leaky:
    class Params(NamedTuple):
        tau: ms = 10.0
    class State(NamedTuple):
        V_m: mV = 0.0
    class Inputs(NamedTuple):
        spikes: mV = 0.0
    class Step(NamedTuple):
        decay: float
    def derive(p, dt):
        return Leaky.Step(1.0 - dt / p.tau)
    def update(s, c, x):
        V = c.decay * s.V_m + x.spikes
        return Leaky.State(0.0 if V > THRESHOLD else V), V > THRESHOLD

sim = nl.Simulator(dt=0.1, seed=3, threads=2)
cells, noise, rec = sim.create(Leaky, 60), sim.create(nl.poisson_generator, rate=9000.0), sim.create(nl.spike_recorder)
sim.connect(noise, cells, weight=1.0)
sim.connect(cells, cells, rule=nl.fixed_outdegree(5), weight=nl.dist.Normal(0.5, 0.1), delay=nl.dist.Uniform(0.5, 2.0),
            allow_multapses=False)
sim.connect(cells, rec)
sim.profile(1.0)
print(sim.simulate(200.0).n_events(rec), "scipy.linalg" in sys.modules)
"""


def test_a_second_process_compiles_nothing_and_an_edited_model_is_compiled(tmp_path):
    def run(threshold):
        script = tmp_path / "script.py"
        script.write_text(SCRIPT.replace("THRESHOLD", threshold))
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300,
                              env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")})
        assert done.returncode == 0, done.stderr
        return done.stdout.split(), "compiling kernels" in done.stderr

    (first, _), compiled = run("10.0")
    assert compiled and int(first) > 0
    (second, imported), compiled = run("10.0")
    assert not compiled, "the second process must load all kernels"
    assert second == first
    assert imported == "False", "loading kernels must not import what only compiling needs"
    (third, _), compiled = run("11.0")
    assert compiled and int(third) < int(first), "the edited model must run, not the stale kernel"
