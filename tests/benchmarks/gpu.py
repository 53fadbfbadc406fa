"""The CUDA backend on this machine's GPU: how fast, how far from what the hardware allows, and if the spikes are the CPU's.

python tests/benchmarks/gpu.py [--time 1000] [--small 1.0] [--repeats 3]

Every line is a process of its own. Real-time factors: seconds of a run for a second of biological time, the median of --repeats
runs after a warm-up, on the GPU and on all cores. First spike: from `simulate` in a new process, with kernels on disk, to its
first 2 ms done, planning, building and copying the tables included. The floor of a step: the bytes that its kernels must move,
over the bandwidth of a copy within the GPU's memory, plus the time of its launches when they have nothing to do. Equal: the
spikes of 200 ms, bit for bit, on the GPU (twice) and on the CPU. --small shrinks the networks, to try the script itself.
"""
import argparse
import json
import statistics
import subprocess
import sys
import time

import networks
from building import build
from common import print_table

ROWS = (dict(network="brunel", order=2500), dict(network="microcircuit", scale=1.0),
        dict(network="microcircuit", scale=1.0, precision="single"), dict(network="coba", scale=100.0),
        dict(network="coba", scale=100.0, precision="single"))
EQUAL = (dict(network="brunel", order=100), dict(network="brunel", order=500), dict(network="brunel_alpha", order=500),
         dict(network="coba"), dict(network="cuba"), dict(network="hh_coba"), dict(network="microcircuit", scale=0.1))
BARS = {"brunel": 0.1, "microcircuit": 0.2, "coba": 1.0}       # of real-time factors on a data-centre GPU


def network(backend, **given):
    """The simulator of a benchmark network, and its recorders."""
    wanted = dict(order=100, scale=1.0, warmup=200.0, threads=0, seed=1, g=5.0, eta=2.0, precision="double")
    args = argparse.Namespace(**{**wanted, **given, "backend": backend})
    return build(__import__("nestling.simulator", fromlist=["simulator"]), args, networks.describe(args))


def bytes_a_step(program, events):
    """What a step's kernels must move through the GPU's memory, by purpose; events: synaptic events a step."""
    plan, m = program.plan, program.plan.min_delay
    item, target = 8 if plan.precision == "double" else 4, plan.tables[0].targets.itemsize
    lanes = sum(b.size * len(b.lanes) for b in plan.blocks)
    states = sum(2 * a.nbytes for b in plan.blocks for a in b.state)
    states += sum(getattr(v, "nbytes", 0) for b in plan.blocks for v in b.step)
    stored = plan.tables[0]
    weight = 4 * bool(len(stored.weights32)) + 8 * bool(len(stored.weights64))
    return dict(states=states / m, rings=2.0 * item * lanes, generators=sum(d.size * (12 / m + 2 * item) for d in plan.drives),
                synapses=events * (target + weight + 2.0 * item))


def measure(args, given):
    """One line of the first table, as a dict."""
    began = time.perf_counter()
    sim, nodes, spikes = network("cuda", **given)
    declared = time.perf_counter()
    sim.simulate(2.0)
    out = dict(declare=declared - began, first=time.perf_counter() - declared)
    program = sim._program
    sim.simulate(max(200.0, 100.0))
    runs = []
    for _ in range(args.repeats):
        began = time.perf_counter()
        sim.cont(args.time)
        runs.append((time.perf_counter() - began) / args.time * 1e3)
    profile = sim.profile(min(args.time, 200.0))
    moved = bytes_a_step(program, sum(profile.events.values()) / profile.steps)
    device, idle = program.device, []
    for _ in range(5):                      # slices of no steps: launches that find nothing to do
        program.slices[...] = 0
        device.upload(program.memory.address(program.slices), program.slices)
        began = time.perf_counter()
        device.replay(program._graph_of_slices(), 10)
        device.wait()
        idle.append((time.perf_counter() - began) / 10 / len(program.slices))
    launch = statistics.median(idle) / program.plan.min_delay
    bandwidth = device.bandwidth() if hasattr(device, "bandwidth") else float("nan")
    step = statistics.median(runs) * sim.dt * 1e-3
    out |= dict(device=device.name, rtf=statistics.median(runs), launches=len(program._launches) / program.plan.min_delay,
                moved=moved, bandwidth=bandwidth, launch_floor=launch,
                floor=launch + sum(moved.values()) / bandwidth, step=step, profile=str(profile),
                synapses=sum(program.plan.synapses.values()), table=sum(t.nbytes for t in program.plan.tables))
    cpu, _, _ = network("cpu", **given)
    cpu.simulate(100.0)
    began = time.perf_counter()
    cpu.cont(min(args.time, 200.0))
    return out | dict(cpu=(time.perf_counter() - began) / min(args.time, 200.0) * 1e3)


def same(given, time=200.0):
    """Whether spikes are the same on the GPU, once more there, and on the CPU; how many there are."""
    found = []
    for backend in ("cuda", "cuda", "cpu"):
        sim, nodes, spikes = network(backend, **given)
        res = sim.simulate(time)
        found.append([res.events(r, plain=True) for r in spikes.values()])
    def equal(a, b):
        return all((x == y).all() if len(x) == len(y) else False for p, q in zip(a, b) for x, y in zip(p, q))
    return dict(again=equal(found[0], found[1]), cpu=equal(found[0], found[2]), spikes=sum(len(t) for t, _ in found[0]))


def shrunk(given, small):
    return {k: max(int(v * small), 20) if k == "order" else v * small if k == "scale" else v for k, v in given.items()}


def child(kind, given, args):
    """A line in a process of its own; twice, so that kernels are on disk the second time."""
    command = [sys.executable, __file__, "--line", kind, "--given", json.dumps(given), "--time", str(args.time),
               "--repeats", str(args.repeats)]
    for _ in range(2 if kind == "speed" else 1):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{given} failed:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def table_of_speed(args):
    rows, profiles = [], []
    for given in (shrunk(g, args.small) for g in ROWS):
        r = child("speed", given, args)
        size = ", ".join(str(v) for v in given.values())
        rows.append([size, f"{r['synapses']:,}", f"{r['cpu']:.3g}", f"{r['rtf']:.3g}", BARS[given["network"]],
                     f"{r['first']:.2f} s", f"{r['launches']:.2g}", f"{sum(r['moved'].values()) / 1e6:.3g} MB",
                     f"{1e6 * r['launch_floor']:.3g} us",
                     f"{1e6 * r['floor']:.3g} us", f"{1e6 * r['step']:.3g} us", f"{r['step'] / r['floor']:.2g}"])
        profiles.append(f"\n{size}, on {r['device']} ({r['bandwidth'] / 1e9:.0f} GB/s), bytes a step "
                        f"{ {k: round(v) for k, v in r['moved'].items()} }\n{r['profile']}")
    print_table(["network", "synapses", "CPU", "GPU", "bar", "first spike", "launches a step", "moved a step", "launch floor",
                 "floor", "step", "step / floor"], rows)
    print("\n".join(profiles), "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name, value in dict(time=1000.0, small=1.0, repeats=3).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    parser.add_argument("--line", choices=["speed", "equal"])
    parser.add_argument("--given", type=json.loads)
    args = parser.parse_args()
    if args.line:
        print(json.dumps(measure(args, args.given) if args.line == "speed" else same(args.given)))
        return
    table_of_speed(args)
    print_table(["network", "spikes", "GPU twice", "GPU and CPU"],
                [[", ".join(map(str, g.values())), r["spikes"], *("equal" if r[k] else "DIFFERENT" for k in ("again", "cpu"))]
                 for g in (shrunk(g, args.small) for g in EQUAL) for r in [child("equal", g, args)]])


if __name__ == "__main__":
    main()
