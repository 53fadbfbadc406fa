"""Procedural synapses as a GPU draws them: the stored synapses of the CPU, bit for bit, in whatever order threads come."""
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from nestling import simulator as nl
from nestling.connect import pairwise_bernoulli
from nestling.connect.contract import Pairing
from nestling.simulator import cuda, cuda_device, cuda_draws, cuda_procedural
from nestling.simulator.cuda_compile import cuda_kernel

N, M = 60, 40                   # sources, and targets beside them


@nl.rule(by="source", longest="degree")
def near(index, n, draw, out, degree, chance, steps):
    for i in range(degree):
        out[i] = (index + steps[i]) % n if nl.uniform(draw, i) < chance else nl.integer(draw, degree + i, n)
    return degree - index % 3


@nl.rule(by="source", longest=3)
def with_an_array(index, n, draw, out):
    places = np.zeros(3, np.int64)
    for i in range(3):
        out[i] = places[i] + (index + i) % n
    return 3


NEAR = near(degree=9, chance=0.5, steps=np.arange(1, 10))
RNG = np.random.default_rng(1)
WIDE = dict(weight=nl.dist.Normal(1.0, 0.5), delay=nl.dist.Uniform(0.3, 3.0))
REDRAWN = dict(weight=nl.dist.Normal(1.0, 1.0, min=0.5, max=1.5), delay=nl.dist.LogNormal(0.0, 0.5, min=0.4, max=3.0))
OTHERS = dict(weight=nl.dist.Exponential(0.7), delay=nl.dist.UniformInt(4, min=1))
SIGNS = dict(weight=nl.dist.Normal(0.0, 2.0), delay=1.0)
ARRAYS = dict(weight=RNG.normal(1.0, 0.5, (N, 12)), delay=RNG.integers(5, 30, (N, 12)) / 10)
PAIRS = dict(weight=RNG.normal(1.0, 0.5, (N + M, N)), delay=RNG.integers(5, 30, (N + M, N)) / 10)
BERNOULLI = nl.pairwise_bernoulli(0.15, by="source")
PLACED = nl.fixed_outdegree(12, p=nl.spatial_distributions.gaussian(nl.distance, std=0.4))
CASES = {
    "with repetition": (nl.fixed_outdegree(12), WIDE), "redrawn": (nl.fixed_outdegree(12), REDRAWN),
    "others": (nl.fixed_outdegree(13), OTHERS), "both signs": (nl.fixed_outdegree(12), SIGNS),
    "not itself": (nl.fixed_outdegree(12), dict(allow_autapses=False, weight=1.0)),
    "different": (nl.fixed_outdegree(12), dict(allow_multapses=False, weight=1.0)),
    "different, nearly all": (nl.fixed_outdegree(90), dict(allow_multapses=False, allow_autapses=False, weight=0.1)),
    "arrays": (nl.fixed_outdegree(12), ARRAYS), "pairs": (BERNOULLI, PAIRS),
    "chances": (BERNOULLI, dict(allow_autapses=False, **REDRAWN)),
    "own rule": (NEAR, dict(weight=1.0)), "own rule, not itself": (NEAR, dict(allow_autapses=False, **WIDE)),
    "by place": (PLACED, WIDE)}


@pytest.fixture
def emulated(gpu, monkeypatch):
    """emulated(**given): the backend's device from now on."""
    if not hasattr(gpu, "order"):
        pytest.skip(f"the order of threads cannot be chosen on {gpu.name}")

    def use(**given):
        device = type(gpu)(**given)
        monkeypatch.setattr(cuda, "_device", device)
        return device
    return use


def spikes(backend, comm, rule, precision="double", **given):
    """Times and senders of a small network that is driven by its own synapses; the second window goes on from the first."""
    sim = nl.Simulator(seed=3, precision=precision, backend=backend, threads=1)
    state = dict(V_m=nl.dist.Uniform(-70.0, -55.0), I_e=480.0)
    a, b = (sim.create(nl.iaf_cond_exp, params=state, positions=nl.spatial.grid([n // 10, 10])) for n in (N, M))
    recorder = sim.create(nl.spike_recorder)
    sim.connect(a + b, recorder)
    sim.connect(a, a + b, rule=rule, comm=comm, **{"delay": 1.0, **given})
    sim.connect(b, a, rule=nl.fixed_outdegree(5), weight=-3.0, delay=1.3)
    windows = sim.simulate(20.0), sim.cont(10.0)
    return [np.concatenate(x) for x in zip(*(w.events(recorder, plain=True) for w in windows))]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_a_gpu_draws_the_synapses_that_a_cpu_stores(emulated, case):
    rule, given = CASES[case]
    stored = spikes("cpu", "sparse", rule, **given)
    assert len(stored[0]) > 100 and not same(stored, spikes("cpu", "sparse", nl.fixed_outdegree(0), weight=1.0))
    emulated(order="reversed")
    assert same(spikes("cuda", "procedural", rule, **given), stored)
    if case in ("with repetition", "chances"):
        emulated(order=7, capability=(7, 5), blocks=2, threads=32)
        stored = spikes("cpu", "sparse", rule, "single", **given)
        assert same(spikes("cuda", "procedural", rule, "single", **given), stored)


def test_rare_chances(emulated, monkeypatch):
    monkeypatch.setattr(sys.modules[pairwise_bernoulli.__module__], "RARE", 1.0)
    emulated()
    assert same(spikes("cuda", "procedural", BERNOULLI, **SIGNS), spikes("cpu", "procedural", BERNOULLI, **SIGNS))


def watch(device, names):
    """All launches of kernels of these names must be without races; returns the names of those that had accesses to look at."""
    seen, launch = [], device._launch

    def watched(one):
        if one.kernel.name not in names:
            return launch(one)
        accesses = device.machine.load(one.kernel.ptx(device.capability)).watched(
            device.blocks, device.threads, *one.args, order=device.order, rows=one.rows)
        assert not len(accesses.races()) and not len(accesses.misaligned()), one.kernel.name
        seen.append(one.kernel.name)
        return None
    device._launch = watched
    return seen


@pytest.mark.parametrize("case", ["different", "chances"])
def test_rows_that_find_no_place_in_the_pool_are_added_where_they_are_drawn(emulated, monkeypatch, case):
    rule, given = CASES[case]
    seen = watch(emulated(order=3), {"draw_rows", "add_rows"})
    whole = cuda_procedural.DrawnOnDevice._share_out

    def share_out(self, kind):
        nbytes = whole(self, kind)
        kind.places = kind.workers = 3
        return nbytes
    monkeypatch.setattr(cuda_procedural.DrawnOnDevice, "_share_out", share_out)
    assert same(spikes("cuda", "procedural", rule, **given), spikes("cpu", "sparse", rule, **given))
    assert set(seen) == {"draw_rows", "add_rows"}


def test_every_synapse_reaches_its_own_receptor(emulated):
    found = []
    for backend, comm in (("cpu", "sparse"), ("cuda", "procedural")):
        emulated(order="reversed")
        sim = nl.Simulator(seed=3, backend=backend)
        a = sim.create(nl.iaf_psc_exp_multisynapse, 30, params=dict(tau_syn=[1.0, 2.0, 5.0], I_e=500.0))
        a.V_m = nl.dist.Uniform(-70.0, -55.0)
        recorder = sim.create(nl.spike_recorder)
        sim.connect(a, recorder)
        sim.connect(a, a, rule=nl.fixed_outdegree(10), weight=nl.dist.Normal(200.0, 300.0), delay=0.5, comm=comm,
                    receptor_type=1 + np.arange(300).reshape(30, 10) % 3)
        found.append(sim.simulate(30.0).events(recorder, plain=True))
    assert same(*found) and len(found[0][0]) > 50


def test_what_a_gpu_cannot_draw_is_refused_with_what_to_do(emulated):
    emulated()
    with pytest.raises(nl.NotAvailable, match=r"connect call 0, comm = 'procedural': with_an_array.* no array can be made "
                                              r"\(.*\): use comm='sparse' or backend='cpu'"):
        spikes("cuda", "procedural", with_an_array, weight=1.0)
    masked = nl.fixed_outdegree(5, mask=nl.spatial.circular(0.4))
    with pytest.raises(nl.NotAvailable, match=r"connect call 0, comm = 'procedural': fixed_outdegree\(.* no array can be made"):
        spikes("cuda", "procedural", masked, weight=1.0)
    with pytest.raises(nl.NotAvailable, match="delay is an expression"):
        spikes("cuda", "procedural", nl.fixed_outdegree(5), weight=1.0, delay=1.0 + nl.distance)


def test_the_pool_and_the_tables_of_rules_count_as_memory(emulated):
    emulated(free=1 << 24)
    for comm in ("sparse", "procedural"):                           # a table of 9 MB, or a pool of half of what it may be
        sim = nl.Simulator(backend="cuda", threads=1)
        a = sim.create(nl.iaf_psc_exp, 3000)
        sim.connect(a, a, rule=nl.pairwise_bernoulli(0.5, by="source"), comm=comm)
        if comm == "sparse":
            sim.simulate(0.1)
    with pytest.raises(nl.TooLarge, match=r"procedural synapses 0\.14\); 0\.02 GB are free"):
        sim.simulate(0.1)


def test_a_profile_counts_procedural_synapses(emulated):
    emulated()
    sim = nl.Simulator(seed=3, backend="cuda")
    a = sim.create(nl.iaf_psc_exp, 20, params=dict(I_e=600.0))
    sim.connect(a, a, rule=nl.fixed_outdegree(7), comm="procedural")
    sim.connect(a[:10], a, rule=nl.fixed_outdegree(3))
    sim.connect(a[:5], a, rule=nl.pairwise_bernoulli(1.0, by="source"), comm="procedural")
    p = sim.profile(20.0)
    assert p.spikes > 0 and p.spikes % 20 == 0                      # all fire together
    assert p.events["delivery"] == p.spikes // 20 * (20 * 7 + 10 * 3 + 5 * 20)


@pytest.mark.parametrize("own", [False, True])
def test_what_stands_for_a_row_function_on_gpus_gives_its_rows(own):
    """`each` and `bare` against `row`, in plain Python."""
    nodes = np.arange(30)
    for number, distinct in ((0, False), (11, False), (11, True), (25, True)):
        pairing = Pairing(nodes, nodes, not own, not distinct, (np.uint32(5), np.uint32(6)), 7, 8)
        row = nl.fixed_outdegree(number).prepare(pairing)
        assert (row.each is None) == distinct == (row.bare is not None)
        for index in (0, 13, 29):
            expected, out = np.zeros(31, np.int32), np.zeros(31, np.int32)
            draw = 5, 6, 7, 8, index
            with np.errstate(over="ignore"):
                n = nl.fixed_outdegree.row(row.words, row.table, np.uint32(5), np.uint32(6), 7, 8, index, expected)
                if distinct:
                    assert row.bare(row.words, row.table, np.uint32(5), np.uint32(6), 7, 8, index, out,
                                    np.full(row.room, -1).astype(np.uint64)) == n
                else:
                    length, partner = row.each
                    assert length(row.words, row.table, index) == n
                    for i in range(n):
                        u = nl.uniform((np.uint32(5), np.uint32(6), *draw[2:]), i) * 2.0**32 - 0.5
                        out[i] = partner(row.words, row.table, index, i, np.uint32(u))
            np.testing.assert_array_equal(out[:n], expected[:n])


def kernels_of(rule, kinds, ring=np.int64):
    """The kernels that draw a rule's rows, with weights, delays and receptors of these kinds."""
    pairing = Pairing(np.arange(30), np.arange(30), True, rule is not DIFFERENT)
    row = rule.prepare(pairing)
    draw = row.bare or cuda_procedural.make_bare(rule.row)
    makers = [(cuda_draws.make_draw_each, (row.each, kinds))] if row.each else [
        (cuda_draws.make_draw_rows, (draw, kinds)), (cuda_draws.make_add_rows, (kinds,))]
    return [cuda_kernel(make(*given, ring, False), variant=f"{ring.__name__} False") for make, given in makers]


DIFFERENT = nl.fixed_outdegree(5)
KINDS = (None, None, None), (nl.dist.Normal.sample, nl.dist.Uniform.sample, None), (cuda_draws.ARRAY,) * 3


@pytest.mark.parametrize("capability", [(7, 5), (9, 0)], ids=["cc75", "cc90"])
@pytest.mark.parametrize("rule", [nl.fixed_outdegree(4), DIFFERENT, BERNOULLI], ids=["each", "different", "chances"])
def test_kernels_keep_all_in_registers(rule, capability):
    for kinds in KINDS:
        for one in kernels_of(rule, kinds):
            ptx = one.ptx(capability)
            assert ".local" not in ptx, one.name
            log = cuda_device.link(ptx, capability)[1]
            assert re.search(r"\b0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", log), log


def test_under_numbas_simulator():
    script = textwrap.dedent("""
        import numpy as np
        from nestling import simulator as nl
        for rule in (nl.fixed_outdegree(3), nl.pairwise_bernoulli(0.3, by="source")):
            found = []
            for backend, comm in (("cpu", "sparse"), ("cuda", "procedural")):
                sim = nl.Simulator(seed=3, backend=backend)
                a = sim.create(nl.iaf_psc_exp, 6, params=dict(I_e=900.0, V_m=nl.dist.Uniform(-60.0, -55.0)))
                recorder = sim.create(nl.spike_recorder)
                sim.connect(a, recorder)
                sim.connect(a, a, rule=rule, weight=nl.dist.Normal(300.0, 200.0, min=0.0), delay=nl.dist.Uniform(1.0, 1.5),
                            comm=comm, allow_multapses=False)
                found.append(sim.simulate(6.0).events(recorder, plain=True))
            assert len(found[0][0]) > 5 and all(np.array_equal(x, y) for x, y in zip(*found)), (rule, found)
        print("equal")
    """)
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120,
                         env={**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}, cwd=Path(__file__).parents[2])
    assert run.returncode == 0 and run.stdout.strip() == "equal", run.stderr
