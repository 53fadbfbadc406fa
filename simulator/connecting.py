"""What a call of `connect` declares: a projection between nodes, or nodes that a recorder records; all of it checked."""
from __future__ import annotations

from dataclasses import replace
from typing import Any

from nestling.connect.contract import BadConnection, Rule
from nestling.recorders.contract import BadRecording

from .declare import check_recordables, whole_number
from .errors import BadView, NotAvailable
from .network import Network, Projection, Recording, space_of
from .views import NodeView
from .wiring import check_delay, check_pairs, receptor_for, values


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
        raise ValueError(f"comm = {comm!r}: must be 'sparse' or 'dense'")
    if comm == "procedural":
        raise NotAvailable("comm='procedural': this version stores all synapses; use comm='sparse'")


def make_projection(network: Network, dt: float, pre: NodeView, post: NodeView, autapses: bool, multapses: bool, *, rule: Any,
                    weight: Any, delay: Any, receptor_type: Any, seed: Any) -> Projection:
    """The projection that a call of connect declares; see Simulator.connect."""
    from nestling.connect import all_to_all
    rule = all_to_all if rule is None else rule
    if not isinstance(rule, Rule) or not hasattr(rule, "row"):
        hint = f" Did you mean {rule.__name__}(...)?" if isinstance(rule, type) else ""
        raise BadConnection(f"rule = {rule!r}: must be a rule, such as all_to_all or fixed_indegree(100).{hint}")
    sources = list(dict.fromkeys(s.population.model for s in pre.segments))
    targets = list(dict.fromkeys(s.population.model for s in post.segments))
    if len(sources) > 1 and any(m.per_connection for m in sources):     # type: ignore[union-attr]
        raise BadConnection(f"pre mixes {', '.join(m.name for m in sources)}: "        # type: ignore[union-attr]
                            "connect generators and neurons in separate calls")
    receptor = receptor_for(targets, sources[0], receptor_type)         # type: ignore[arg-type]
    check_pairs(rule, pre.segments, post.segments, autapses, multapses)
    unit = receptor[0].unit if sources[0].emits != "current" else ""        # type: ignore[union-attr]
    strength, lag = (values(1.0 if value is None else value, kind, name, rule, len(pre), len(post),
                            lambda: space_of(pre.segments, post.segments))
                     for value, kind, name in ((weight, unit, "weight"), (delay, "ms", "delay")))
    check_delay(lag, dt)
    index = len(network.projections)
    stream = index if seed is None else whole_number(seed, "seed", 0, 2**32 - 1)
    return Projection(index, pre.segments, post.segments, rule, strength, lag, tuple(f.name for f in receptor), stream,
                      seed is not None, autapses, multapses)


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
