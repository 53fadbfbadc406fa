"""Weights and delays by expressions of distances and distributions, against NEST's own: exactly, or by distribution."""
import math

import numpy as np
import pytest
from scipy import stats

from nestling import simulator as nl
from nestling.connect.contract import Layer
from nestling.connect.draws import key_of
from nestling.connect.expressions import as_expression
from nestling.simulator.formulas import Program

POSITIONS = {dims: np.random.default_rng(dims).uniform(-0.5, 0.5, (12, dims)) for dims in (2, 3)}

# NEST's names, then ours
SPATIAL = [("1.5 - 0.5 * D + D ** 2 / 3.0", None), ("D ** 0.5 + D.x * D.y", None),
           ("S.exponential(D, beta=0.3)", None), ("S.gaussian(D, mean=0.1, std=0.3)", None),
           ("S.gaussian2D(D.x, D.y, mean_x=0.1, mean_y=0.2, std_x=0.3, std_y=0.4, rho=0.3)", None),
           ("S.gamma(D, kappa=2.5, theta=0.2)", None),
           ("S.gabor(D.x, D.y, theta=30.0, gamma=0.7, std=0.4, lam=0.6, psi=20.0)", None),
           ("2.0 * M.exp(-D / 0.2) + M.sin(3.0 * D) - M.cos(D.y)", None),
           ("M.max(M.min(D, 0.5), 0.2)", "M.maximum(M.minimum(D, 0.5), 0.2)")]
RANDOM = [("2.0 * R.normal(1.0, 0.1) + R.uniform(0.0, 1.0)", "2.0 * R.Normal(1.0, 0.1) + R.Uniform(0.0, 1.0)"),
          ("M.redraw(R.normal(0.0, 1.0) + R.normal(1.0, 1.0), 0.0, 2.0)",
           "M.redraw(R.Normal(0.0, 1.0) + R.Normal(1.0, 1.0), 0.0, 2.0)"),
          ("R.exponential(2.0)", "R.Exponential(2.0)"), ("R.lognormal(0.2, 0.5) ** 2", "R.LogNormal(0.2, 0.5) ** 2"),
          ("M.exp(R.normal(0.0, 0.5)) / R.uniform(1.0, 2.0)", "M.exp(R.Normal(0.0, 0.5)) / R.Uniform(1.0, 2.0)"),
          ("M.max(R.normal(), 0.5) - M.cos(R.uniform(0.0, 3.0))", "M.maximum(R.Normal(), 0.5) - M.cos(R.Uniform(0.0, 3.0))")]


def theirs(nest, text):
    return eval(text, dict(S=nest.spatial_distributions, D=nest.spatial.distance, M=nest.math, R=nest.random))


def ours(text):
    return eval(text, dict(S=nl.spatial_distributions, D=nl.distance, M=nl.dist, R=nl.dist))


def in_nest(nest, positions, wrap, weight, delay):
    """Weights and delays of all pairs of one layer, (targets, sources)."""
    nest.ResetKernel()
    nest.resolution = 0.1
    layer = nest.Create("iaf_psc_delta", positions=nest.spatial.free(positions.tolist(), extent=[1.0] * positions.shape[1],
                                                                     edge_wrap=wrap))
    nest.Connect(layer, layer, dict(rule="pairwise_bernoulli", p=1.0),
                 dict(weight=theirs(nest, weight), delay=theirs(nest, delay)))
    found = nest.GetConnections()
    out = np.zeros((2, len(positions), len(positions)))
    out[:, np.array(found.target) - 1, np.array(found.source) - 1] = found.weight, found.delay
    return out


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("wrap", [False, True], ids=["open", "wrapped"])
@pytest.mark.parametrize("weight, mine", SPATIAL, ids=[text for text, _ in SPATIAL])
def test_weights_and_delays_by_distance_are_nests(nest, backend, weight, mine, wrap, dims):
    spots = POSITIONS[dims]
    delay = "0.3 + 2.0 * D + D.x"
    expected = in_nest(nest, spots, wrap, weight, delay)
    sim = nl.Simulator(dt=0.1, backend=backend, threads=1)
    a = sim.create(nl.iaf_psc_delta, len(spots))
    object.__setattr__(a.segments[0].population, "layer", Layer(spots, np.ones(dims), np.zeros(dims), wrap))
    # what is stored of drawn weights is rounded: the rows that the kernels draw are compared
    call = sim.connect(a, a, weight=ours(mine or weight), delay=ours(delay))
    rows = [[row_of(sim, call, value, i, len(spots)) for i in range(len(spots))] for value in (call.weight, call.delay)]
    np.testing.assert_allclose(rows[0], expected[0], rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(np.maximum(np.floor(np.array(rows[1]) / 0.1 + 0.5 + 1e-9), 1.0), np.rint(expected[1] / 0.1))
    table = sim.plan().tables[0]                # and what is stored are those
    assert set(table.groups["delay"]) == set(np.rint(expected[1] / 0.1).ravel().astype(int))


def row_of(sim, call, value, index, n):
    """The values of all sources for target `index`."""
    from nestling.simulator.network import space_of
    program = Program(value.tree, key_of(sim.seed), call.stream, 1, False, space_of(call.sources, call.targets))
    out = np.empty(n)
    program.fill(index, n, np.arange(n, dtype=np.int32), out)
    return out


@pytest.mark.parametrize("text, mine", RANDOM, ids=[text for text, _ in RANDOM])
def test_random_weights_have_nests_distribution(nest, tolerances, text, mine):
    nest.ResetKernel()
    nest.rng_seed = 7
    one, many = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", 20_000)
    nest.Connect(one, many, "all_to_all", dict(weight=theirs(nest, text)))
    expected = np.array(nest.GetConnections().weight)
    program = Program(as_expression(ours(mine)), key_of(5), 0, 1, False, None)
    found = np.empty(20_000)
    program.fill(0, len(found), np.arange(len(found), dtype=np.int32), found)
    assert stats.ks_2samp(found, expected).pvalue > tolerances.P_VALUE
    spread = math.hypot(found.std(), expected.std()) / math.sqrt(len(found))
    assert abs(found.mean() - expected.mean()) < tolerances.STANDARD_ERRORS * spread


def test_whole_numbers_are_nests(nest):
    nest.ResetKernel()
    one, many = nest.Create("parrot_neuron"), nest.Create("parrot_neuron", 2000)
    nest.Connect(one, many, "all_to_all", dict(weight=nest.random.uniform_int(5)))
    expected = np.unique(nest.GetConnections().weight)
    program, found = Program(nl.dist.UniformInt(5), key_of(5), 0, 1, False, None), np.empty(2000)
    program.fill(0, 2000, np.arange(2000, dtype=np.int32), found)
    np.testing.assert_array_equal(np.unique(found), expected)
