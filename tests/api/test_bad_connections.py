"""Connections that cannot be made: refused at the call, with what is allowed; all stays as it was."""
from __future__ import annotations

import warnings

import brainunit as u
import numpy as np
import pytest

from nestling import simulator as nl

nan, inf = np.nan, np.inf
one_source = nl.fixed_indegree(1)


def cases(*rows):
    """Parameters: the mistake as a function of the network, the error, and words of its message."""
    return pytest.mark.parametrize("mistake, error, words",
                                   [pytest.param(call, error, words, id=name) for name, call, error, *words in rows])


def wire(**options):
    return lambda net: net.sim.connect(net.n, net.m, **options)


def itself(**options):
    return lambda net: net.sim.connect(net.n[3], net.n[3], **options)


# --- weights and delays -----------------------------------------------------------------------------------------------

def last(value):
    """An array for all pairs with `value` as its last entry."""
    return np.append(np.ones(49), value).reshape(5, 10)


@cases(
    ("NaN", wire(weight=nan), nl.BadConnection, "weight = nan", "finite"),
    ("infinite", wire(weight=-inf), nl.BadConnection, "weight = -inf", "finite"),
    ("one entry", wire(weight=last(inf)), nl.BadConnection, "weight = inf (entry (4, 9))", "finite"),
    ("constant", wire(weight=nl.dist.Constant(nan)), nl.BadConnection, "weight = nan", "finite"),
    ("mean", wire(weight=nl.dist.Normal(inf, 1.0)), nl.BadConnection, "weight = Normal", "mean must be a finite number"),
    ("std", wire(weight=nl.dist.Normal(1.0, -1.0)), nl.BadConnection, "weight = Normal", "std must be 0 or more"),
    ("endless", wire(weight=nl.dist.Uniform(0.0, inf)), nl.BadConnection, "weight = Uniform", "high must be a finite"),
    ("beyond numbers", wire(weight=nl.dist.LogNormal(800.0, 1.0)), nl.BadConnection, "weight = LogNormal", "floating-point"),
    ("beyond sums", wire(weight=-1e300), nl.BadConnection, "weight = -1e+300", "at most 1e+280"),
    ("one beyond sums", wire(weight=last(1e290)), nl.BadConnection, "weight = 1e+290 (entry (4, 9))", "at most 1e+280"),
    ("drawn beyond sums", wire(weight=1e281 * nl.dist.Uniform()), nl.BadConnection, "can give 1e+281", "at most 1e+280"),
    ("one entry of an expression", wire(weight=last(nan) * nl.dist.Uniform()), nl.BadConnection, "is nan (entry (4, 9))"),
    ("entry by target", wire(weight=np.array([[1.0], [1.0], [inf], [1.0], [1.0]]) + nl.dist.Uniform()), nl.BadConnection,
     "finite, is inf (entry (2, 0))"),
    ("second synapse", wire(synapse=[dict(weight=1.0), dict(weight=nan)]), nl.BadConnection, "synapse 1: weight = nan"),
    ("third synapse", wire(synapse=[{}, {}, dict(delay=last(-1.0))]), nl.BadConnection,
     "synapse 2: delay = -1 ms (entry (4, 9))"),
    ("text", wire(synapse=[dict(weight="a"), {}]), nl.DimensionError, "synapse 0: weight = 'a'"),
    ("receptor", wire(synapse=[{}, dict(receptor_type=7)]), nl.BadConnection, "synapse 1: receptor_type = 7"),
)
def test_weights_are_finite(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("zero", wire(delay=0.0), nl.BadConnection, "delay = 0 ms", "dt = 0.1 ms or more"),
    ("negative", wire(delay=-1.0 * u.ms), nl.BadConnection, "delay = -1 ms", "dt = 0.1 ms or more"),
    ("below dt", wire(delay=0.06), nl.BadConnection, "delay = 0.06 ms", "dt = 0.1 ms or more"),
    ("NaN", wire(delay=nan), nl.BadConnection, "delay = nan", "finite"),
    ("infinite", wire(delay=inf), nl.BadConnection, "delay = inf", "finite"),
    ("beyond counting", wire(delay=1e9), nl.BadConnection, "delay = 1e+09 ms", "at most 1.07374e+08 ms"),
    ("one entry", wire(delay=last(0.05)), nl.BadConnection, "delay = 0.05 ms (entry (4, 9))", "dt = 0.1 ms or more"),
    ("one in order", wire(rule=one_source, delay=[1.0, 1.0, 0.0, 1.0, 1.0]), nl.BadConnection, "delay = 0 ms (entry"),
    ("one NaN", wire(delay=last(nan)), nl.BadConnection, "delay = nan (entry (4, 9))", "finite"),
    ("constant", wire(delay=nl.dist.Constant(nan)), nl.BadConnection, "delay = nan", "finite"),
    ("uniform", wire(delay=nl.dist.Uniform(0.0, 1.0)), nl.BadConnection, "delay = Uniform", "can give 0 ms", "min=0.05"),
    ("hardly below", wire(delay=nl.dist.Uniform(0.049, 1.0)), nl.BadConnection, "delay = Uniform", "can give 0.049 ms"),
    ("normal", wire(delay=nl.dist.Normal(1.5, 0.7)), nl.BadConnection, "delay = Normal", "dt / 2 = 0.05 ms", "min=0.05"),
    ("truncated too low", wire(delay=nl.dist.Normal(1.5, 0.7, min=0.04)), nl.BadConnection, "can give 0.04 ms"),
    ("too long", wire(delay=nl.dist.LogNormal(10.0, 5.0, min=0.1)), nl.BadConnection, "delay = LogNormal", "at most", "max="),
    ("never", wire(delay=nl.dist.Normal(1.0, 0.1, min=2.0)), nl.BadConnection, "delay = Normal", "can give no value"),
)
def test_delays_are_finite_and_dt_or_longer(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


def test_a_delay_of_dt_and_a_distribution_that_rounds_to_dt_are_taken(make_net):
    net = make_net()
    net.sim.connect(net.n, net.m, delay=0.1)
    net.sim.connect(net.n, net.m, delay=nl.dist.Uniform(0.1, 1.0))
    net.sim.connect(net.n, net.m, delay=nl.dist.Normal(1.5, 0.7, min=0.05))
    assert [net.sim.plan().delays[i] for i in (2, 3, 4)] == [(1, 1), (1, 10), (1, 60)]       # steps


def test_a_delay_that_is_rounded_to_the_grid_brings_a_warning_at_the_line_of_the_call(make_net):
    net = make_net()
    with pytest.warns(UserWarning, match=r"delay = 0.37 ms \(entry \(4, 9\)\) is no multiple of dt = 0.1 ms") as caught:
        net.sim.connect(net.n, net.m, delay=last(0.37))
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net.sim.connect(net.n, net.m, delay=0.7)            # 0.7 / 0.1 is no whole number in floating point


# --- rules ------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("p", [-0.1, 1.1, nan, inf, "often", None, [0.5], 0.5 * u.ms], ids=repr)
@pytest.mark.parametrize("rule", [nl.fixed_prob, nl.pairwise_bernoulli])
def test_a_probability_lies_between_0_and_1(rule, p):
    with pytest.raises(nl.BadConnection, match="p = .*must be a probability, 0 to 1"):
        rule(p)


@pytest.mark.parametrize("number", [-1, 1.5, nan, "many", None, [1], True, 5 * u.ms], ids=repr)
@pytest.mark.parametrize("rule, name", [(nl.fixed_indegree, "indegree"), (nl.fixed_outdegree, "outdegree"),
                                        (nl.fixed_total_number, "N")])
def test_a_number_of_connections_is_whole_and_not_negative(rule, name, number):
    with pytest.raises(nl.BadConnection, match=f"{name} = .*must be a whole number, 0 or more"):
        rule(number)


@cases(
    ("in-degree", wire(rule=nl.fixed_indegree(11), allow_multapses=False), nl.BadConnection, "11 different sources",
     "there are 10", "allow_multapses=True"),
    ("out-degree", wire(rule=nl.fixed_outdegree(6), allow_multapses=False), nl.BadConnection, "6 different targets",
     "there are 5"),
    ("in-degree without itself",
     lambda net: net.sim.connect(net.n, net.n, rule=nl.fixed_indegree(10), allow_multapses=False, allow_autapses=False),
     nl.BadConnection, "10 different sources other than itself", "there are 9"),
    ("only itself", itself(rule=one_source, allow_autapses=False), nl.BadConnection, "no sources other than itself"),
    ("only itself as target", itself(rule=nl.fixed_outdegree(1), allow_autapses=False), nl.BadConnection,
     "no targets other than itself"),
    ("only pair", itself(rule=nl.fixed_total_number(1), allow_autapses=False), nl.BadConnection, "itself", "allow_autapses"),
    ("total without multapses", wire(rule=nl.fixed_total_number(3), allow_multapses=False), nl.BadConnection,
     "allow_multapses=False", "fixed_indegree"),
    ("twice among sources", lambda net: net.sim.connect(net.n[[0, 1, 0]], net.m, allow_autapses=False), nl.BadConnection,
     "twice among the sources", "allow_autapses=False"),
    ("twice among targets", lambda net: net.sim.connect(net.n, net.m + net.m[:1], rule=one_source, allow_multapses=False),
     nl.BadConnection, "twice among the targets", "allow_multapses=False"),
    ("switch", wire(allow_autapses="no"), nl.BadConnection, "allow_autapses = 'no'", "True or False"),
    ("switches", wire(allow_multapses=np.array([True, False])), nl.BadConnection, "allow_multapses", "True or False"),
)
def test_a_rule_that_does_not_fit_the_nodes_is_refused(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@cases(
    ("class", wire(rule=nl.fixed_indegree), nl.BadConnection, "rule = ", "must be a rule", "Did you mean fixed_indegree(...)?"),
    ("text", wire(rule="all_to_all"), nl.BadConnection, "rule = 'all_to_all'", "such as all_to_all or fixed_indegree(100)"),
    ("PyNEST's dict", wire(rule=dict(rule="fixed_indegree", indegree=5)), nl.BadConnection, "rule = {", "must be a rule"),
    ("number", wire(rule=5), nl.BadConnection, "rule = 5", "must be a rule"),
    ("module", wire(rule=nl.dist), nl.BadConnection, "rule = <module", "must be a rule"),
)
def test_what_is_no_rule_is_refused(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


# --- nodes ------------------------------------------------------------------------------------------------------------

@cases(
    ("pre", lambda net: net.sim.connect(nl.iaf_psc_delta, net.n), TypeError, "pre = <module", "create() returned"),
    ("post", lambda net: net.sim.connect(net.n, [1, 2]), TypeError, "post = [1, 2]", "create()"),
    ("population", lambda net: net.sim.connect(net.n.segments[0].population, net.m), TypeError, "pre = <population 0"),
    ("empty pre", lambda net: net.sim.connect(net.n[:0], net.m), nl.BadConnection, "pre has no nodes"),
    ("empty post", lambda net: net.sim.connect(net.n, net.m[[]]), nl.BadConnection, "post has no nodes"),
    ("empty mask", lambda net: net.sim.connect(net.n[np.zeros(10, bool)], net.free), nl.BadConnection, "pre has no nodes"),
    ("model", lambda net: net.sim.create("iaf_psc_delta"), TypeError, "model = 'iaf_psc_delta'", "must be a model"),
    ("None", lambda net: net.sim.create(None), TypeError, "model = None", "must be a model"),
    ("nodes", lambda net: net.sim.create(net.n), TypeError, "model = <NodeView of 10", "must be a model"),
    ("rule", lambda net: net.sim.create(nl.fixed_indegree), nl.ModelError, "fixed_indegree is no model", "Params"),
)
def test_what_is_no_node_or_no_model_is_refused(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


def test_views_of_another_simulator_are_refused(net, refused, make_net):
    other = make_net()
    for mistake in (lambda: net.sim.connect(net.n, other.m), lambda: net.sim.connect(other.n, net.m),
                    lambda: net.sim.connect(other.n, net.free), lambda: net.sim.connect(other.meter, net.n)):
        with refused(net, nl.BadView, "another simulator"):
            mistake()
    with refused(net, nl.BadView, "different simulators"):
        net.n + other.n


@pytest.mark.parametrize("index, words", [
    (10, ["node 10", "10 nodes", "-10 to 9"]), (-11, ["node -11", "-10 to 9"]), (2**70, ["-10 to 9"]),
    ([0, 11], ["node 11", "-10 to 9"]), (np.array([-12, 3]), ["node -12", "-10 to 9"]),
    (np.uint8([200]), ["node 200", "-10 to 9"]),
    (np.ones(9, bool), ["mask of shape (9,)", "10 nodes"]), (np.ones((2, 5), bool), ["mask of shape (2, 5)", "10 nodes"]),
    ([True, False], ["mask of shape (2,)"]), (True, ["masks, not True"]), (1.5, ["not 1.5"]), ([1.5], ["not [1.5]"]),
    ("V_m", ["not 'V_m'"]), (None, ["not None"]), (1 * u.ms, ["not Quantity"]), (np.ones((2, 2), int), ["whole-number arrays"]),
], ids=repr)
def test_an_index_that_is_not_there_is_refused(net, refused, index, words):
    with refused(net, nl.BadView, *words):
        net.n[index]


# --- receptors --------------------------------------------------------------------------------------------------------

@cases(
    ("unknown", wire(receptor_type="exc"), nl.BadConnection, "receptor_type = 'exc'", "receptors 0 (spikes)"),
    ("number", wire(receptor_type=1), nl.BadConnection, "receptor_type = 1", "receptors 0 (spikes)"),
    ("negative", wire(receptor_type=-1), nl.BadConnection, "receptor_type = -1", "receptors 0 (spikes)"),
    ("False", wire(receptor_type=False), nl.BadConnection, "receptor_type = False", "receptors 0 (spikes)"),
    ("list", wire(receptor_type=["spikes"]), nl.BadConnection, "receptor_type has shape (1,)", "(5, 10)"),
    ("spikes to current", wire(receptor_type="current"), nl.BadConnection, "receptor_type = 'current'", "emits spikes"),
    ("current to spikes", lambda net: net.sim.connect(net.dc, net.n, receptor_type="spikes"), nl.BadConnection,
     "receptor_type = 'spikes'", "emits current"),
    ("current to parrots", lambda net: net.sim.connect(net.dc, net.parrot), nl.BadConnection, "dc_generator emits current",
     "parrot_neuron takes currents at no receptor"),
    ("into a generator", lambda net: net.sim.connect(net.n, net.noise), nl.BadConnection,
     "poisson_generator takes spikes at no receptor"),
    ("different units", lambda net: net.sim.connect(net.n, net.n + net.parrot), nl.BadConnection, "spikes in count",
     "spikes in mV", "separate calls"),
    ("generator and neurons", lambda net: net.sim.connect(net.noise + net.n, net.m), nl.BadConnection, "pre mixes",
     "separate calls"),
)
def test_input_reaches_a_receptor_that_takes_it(net, refused, mistake, error, words):
    with refused(net, error, *words):
        mistake(net)


@pytest.mark.parametrize("option", ["allow_autapses", "allow_multapses"])
def test_a_recorder_takes_no_switches_of_rules(net, refused, option):
    with refused(net, nl.BadRecording, option):
        net.sim.connect(net.n, net.rec, **{option: False})


@pytest.mark.parametrize("rule, word", [(nl.fixed_indegree(11), "indegree = 11"), (nl.fixed_outdegree(11), "outdegree = 11")])
def test_a_degree_that_cannot_be_reached_is_named(net, refused, rule, word):
    with refused(net, nl.BadConnection, word, "allow_multapses=True"):
        net.sim.connect(net.n, net.n, rule=rule, allow_multapses=False)


def test_a_probability_is_no_truth_value():
    with pytest.raises(nl.BadConnection, match="p = True"):
        nl.fixed_prob(True)
