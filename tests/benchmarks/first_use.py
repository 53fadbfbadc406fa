"""What the first use of each model costs: an empty cache, then a warm one. Every run is a process of its own.

python tests/benchmarks/first_use.py [model ...]

Each script creates ten nodes of the model, runs 10 ms and stops. The cache first gets what every script needs whatever its
models (loop and rules), so that `empty` is the model's own price; `everything` is a script that finds nothing at all.
"""
import os
import subprocess
import sys
import tempfile
import time
import types

from common import print_table

from nestling import simulator as nl
from nestling.models.reading import is_model

SCRIPT = """
import time
begin = time.perf_counter()
from nestling import simulator as nl
sim = nl.Simulator(dt=0.1, threads=1)
model = getattr(nl, "{model}")
nodes = sim.create(model, 10)
target = nodes
if getattr(model, "PER_CONNECTION", False):
    target = sim.create(nl.iaf_psc_delta, 10)
    sim.connect(nodes, target, rule=nl.one_to_one)
sim.simulate(10.0)
print(time.perf_counter() - begin)
"""


def seconds(model, cache):
    env = {**os.environ, "NUMBA_CACHE_DIR": cache}
    script = [sys.executable, "-c", SCRIPT.format(model=model)]
    done = subprocess.run(script, env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


models = sys.argv[1:] or [n for n, m in vars(nl).items() if isinstance(m, types.ModuleType) and is_model(m)]
rows, worst = [], [0.0, 0.0]
begin = time.perf_counter()
with tempfile.TemporaryDirectory() as cache:
    everything = seconds("iaf_psc_delta", cache)
    seconds("dc_generator", cache)
    base = seconds("iaf_psc_delta", cache)
    for model in models:
        cold, warm = seconds(model, cache), seconds(model, cache)
        rows.append([model, f"{cold - base:.2f}", f"{warm:.2f}"])
        worst = [max(worst[0], cold - base), max(worst[1], warm)]
print_table(["model", "empty: model's own, s", "warm: whole script, s"], rows)
print(f"everything, nothing on disk: {everything:.2f} s; worst {worst[0]:.2f} and {worst[1]:.2f} s")
