"""What a call of `connect` declares: a projection between nodes, or nodes that a recorder records; all of it checked."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from nestling.connect.contract import BadConnection, Rule
from nestling.connect.reading import switch
from nestling.recorders.contract import BadRecording

from .declare import check_recordables, whole_number
from .errors import BadView, DimensionError, NotAvailable, UnknownName
from .network import Network, Projection, Recording, space_of
from .views import NodeView
from .wiring import check_delay, check_pairs, check_weight, receptors_for, values


def check_ends(sim: Any, pre: Any, post: Any) -> None:
    """Refuse what are not nodes of this simulator."""
    for name, view in (("pre", pre), ("post", post)):
        if not isinstance(view, NodeView):
            raise TypeError(f"{name} = {view!r}: must be nodes that create() returned, or a selection of them")
        if view._simulator is not sim:
            raise BadView(f"{name} belongs to another simulator")
        if len(view) == 0:
            raise BadConnection(f"{name} has no nodes")


def check_comm(comm: Any) -> None:
    if comm not in ("sparse", "dense", "procedural"):
        raise ValueError(f"comm = {comm!r}: must be 'sparse', 'dense' or 'procedural'")


def check_procedural(projections: list[Projection]) -> None:
    """Refuse what cannot be drawn when a source fires."""
    for p in projections:
        model = p.sources[0].population.model
        if model is not None and model.per_connection:
            raise NotAvailable(f"comm = 'procedural': every connection from a {model.name} has a state of its own, which is "
                               f"stored: use comm='sparse'")
        if not p.by_source and not p.transposed:
            raise NotAvailable(f"comm = 'procedural': {p.rule} draws the sources of each target, and a spike needs the targets "
                               f"of its source: use a rule by source, such as fixed_outdegree(100) or "
                               f"pairwise_bernoulli(0.1, by='source'), or comm='sparse'")
        if not p.by_source:
            raise NotAvailable(f"comm = 'procedural': make_symmetric=True takes {p.rule} the other way, too, where rows hold "
                               f"the sources of each target, and a spike needs the targets of its source: use comm='sparse'")


SPECIFIED = ("weight", "delay", "receptor_type")


def make_projections(network: Network, dt: float, pre: NodeView, post: NodeView, autapses: bool, multapses: bool, *, rule: Any,
                     synapse: Any, seed: Any, make_symmetric: Any, comm: str, **given: Any) -> list[Projection]:
    """The projections that a call of connect declares, one for each specification and direction; see Simulator.connect."""
    from nestling.connect import all_to_all
    rule = all_to_all if rule is None else rule
    if not isinstance(rule, Rule) or not hasattr(rule, "row"):
        hint = f" Did you mean {rule.__name__}(...)?" if isinstance(rule, type) else ""
        raise BadConnection(f"rule = {rule!r}: must be a rule, such as all_to_all or fixed_indegree(100).{hint}")
    sources = list(dict.fromkeys(s.population.model for s in pre.segments))
    if len(sources) > 1 and any(m.per_connection for m in sources):     # type: ignore[union-attr]
        raise BadConnection(f"pre mixes {', '.join(m.name for m in sources)}: "        # type: ignore[union-attr]
                            "connect generators and neurons in separate calls")
    check_symmetric(make_symmetric, rule)
    directions = [(pre, post), (post, pre)] if make_symmetric else [(pre, post)]
    specifications = specified(synapse, given)
    receptors = []
    for i, s in enumerate(specifications):
        with named_in(i, len(specifications)):
            receptors.append([receptors_between(a, b, s["receptor_type"], rule, len(pre), len(post)) for a, b in directions])
    check_pairs(rule, pre.segments, post.segments, autapses, multapses)
    first = len(network.projections)
    stream = first if seed is None else whole_number(seed, "seed", 0, 2**32 - 1)
    out: list[Projection] = []
    for i, (specification, reached) in enumerate(zip(specifications, receptors)):
        if len({fields[0].unit for fields, _ in reached}) > 1:
            raise BadConnection(f"make_symmetric=True: weights are in {' one way and in '.join(f[0].unit for f, _ in reached)} "
                                f"the other: connect the two directions in separate calls")
        weight, delay = ((mine if mine is not None else 1.0 if own is None else own)
                         for mine, own in ((specification["weight"], rule.weight), (specification["delay"], rule.delay)))
        unit = reached[0][0][0].unit if sources[0].emits != "current" else ""          # type: ignore[union-attr]
        with named_in(i, len(specifications)):
            strength, lag = (values(value, kind, name, rule, len(pre), len(post), lambda: space_of(pre.segments, post.segments))
                             for value, kind, name in ((weight, unit, "weight"), (delay, "ms", "delay")))
            check_weight(strength)
            check_delay(lag, dt)
        out += [Projection(first + len(directions) * i + back, a.segments, b.segments, rule, strength, lag,
                           tuple(f.name for f in fields), stream, seed is not None, autapses, multapses, bool(back),
                           (i, len(specifications)), comm == "procedural", which)
                for back, ((a, b), (fields, which)) in enumerate(zip(directions, reached))]
    if comm == "procedural":
        check_procedural(out)
    return out


@contextmanager
def named_in(which: int, of: int) -> Iterator[None]:
    """Errors of one specification among several say which."""
    try:
        yield
    except (BadConnection, DimensionError) as error:
        if of == 1:
            raise
        raise type(error)(f"synapse {which}: {error}") from None


def check_symmetric(make_symmetric: Any, rule: Rule) -> None:
    if not switch(make_symmetric, "make_symmetric") and rule.symmetric:
        raise BadConnection(f"{rule} connects in both directions: say so with make_symmetric=True")


def specified(synapse: Any, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The specifications of a call's synapses: one, from its own arguments, or those of `synapse`."""
    if synapse is None:
        return [given]
    named = [name for name, value in given.items() if value is not None]
    if named:
        raise BadConnection(f"{named[0]} and synapse are both given: say {named[0]} in every specification of synapse")
    several = [synapse] if isinstance(synapse, dict) else synapse
    if not isinstance(several, (list, tuple)) or not several or not all(isinstance(s, dict) for s in several):
        raise BadConnection(f"synapse = {synapse!r}: must be one or several dicts of {', '.join(SPECIFIED)}")
    if len(several) > 16:
        raise BadConnection(f"synapse has {len(several)} specifications: at most 16 share their edges")
    for i, one in enumerate(several):
        unknown = [name for name in one if name not in SPECIFIED]
        if unknown:
            raise UnknownName(f"synapse {i} has {unknown[0]!r}: a specification has {', '.join(SPECIFIED)}")
    return [{name: one.get(name) for name in SPECIFIED} for one in several]


def receptors_between(pre: NodeView, post: NodeView, receptor_type: Any, rule: Rule, *sizes: int) -> tuple[Any, Any]:
    """The inputs of post that connections from pre reach, and which of them each synapse reaches, if it has its own."""
    models = [list(dict.fromkeys(s.population.model for s in side.segments)) for side in (pre, post)]
    return receptors_for(models[1], models[0][0], receptor_type, rule, *sizes)      # type: ignore[arg-type]


def make_recording(pre: NodeView, post: NodeView, given: list[str]) -> Recording:
    """Neurons connected to a spike recorder, or a multimeter to neurons; given: what else the call says: nothing."""
    if given:
        raise BadRecording(f"{given[0]}: connecting a recorder takes no {given[0]}")
    recorders = [s.population for s in (*pre.segments, *post.segments) if s.population.recorder]
    side = pre.segments if pre.segments[0].population.recorder else post.segments
    if len(recorders) != 1 or len(side) != 1:
        raise BadRecording("one recorder is connected with nodes at a time: give it alone, and the nodes on the other side")
    recorder = recorders[0]
    kind = recorder.recorder
    assert kind is not None
    if kind.records == "weights":
        raise BadRecording(f"a {kind.name} records connections: write connect(pre, post, weight_recorder=...)")
    states = kind.records == "states"
    nodes = post if states else pre
    if any(s.population.recorder for s in nodes.segments):
        right = f"connect({kind.name}, nodes)" if states else f"connect(nodes, {kind.name})"
        raise BadRecording(f"a {kind.name} is no {'target' if states else 'source'} of connections; write {right}")
    for s in nodes.segments:
        model = s.population.model
        assert model is not None
        if states and not recorder.params["record_from"]:
            known = [] if model.per_connection or model.scheduled else [f.name for f in model.state]
            raise BadRecording(f"{kind.name} has no record_from; {model.name} has {', '.join(known) or 'no states'}")
        check_recordables(s.population, recorder.params.get("record_from", ()))
        if not states and model.emits == "current":
            raise BadRecording(f"{model.name} emits a current; a {kind.name} records spikes")
    # segments of its own, since a generator that is recorded twice has two trains
    return Recording(recorder, tuple(replace(s) for s in nodes.segments))


def attached(sim: Any, view: Any, projections: list[Projection]) -> list[Recording]:
    """What a recorder of weights records of the projections of a call; view: None, or the recorder."""
    if view is None:
        return []
    if not isinstance(view, NodeView):
        raise TypeError(f"weight_recorder = {view!r}: must be a recorder of weights that create() returned")
    if view._simulator is not sim:
        raise BadView("weight_recorder belongs to another simulator")
    recorder = view.segments[0].population if len(view) == 1 else None
    if recorder is None or recorder.recorder is None or recorder.recorder.records != "weights":
        raise BadRecording(f"weight_recorder = {view!r}: must be one recorder of weights")
    for p in projections:
        model = p.sources[0].population.model
        assert model is not None
        if p.procedural:
            raise NotAvailable("comm = 'procedural' with weight_recorder: these weights are stored nowhere: use comm='sparse'")
        if model.per_connection or model.emits == "current":
            what = "emits a current" if model.emits == "current" else "draws a train of its own for each connection"
            raise BadRecording(f"weight_recorder: {model.name} {what}: record the connections of neurons, such as a "
                               f"parrot_neuron that it drives")
    return [Recording(recorder, p.sources, p.index) for p in projections]
