"""A benchmark network built in Nestling."""
import functools
import operator


def build(nl, args, net):
    """The simulator, its nodes and its spike recorders by population; nl: nestling.simulator, whose import may be timed."""
    def initial(distribution, a, b):
        return nl.init.Uniform(a, b) if distribution == "uniform" else nl.init.Normal(a, b)

    def all_of(names):
        return functools.reduce(operator.add, (nodes[name] for name in names))

    def random_weight(value):
        sign = {"min": 0.0} if isinstance(value, tuple) and value[0] > 0 else {"max": 0.0}
        return nl.dist.Normal(*value, **sign) if isinstance(value, tuple) else value

    def random_delay(value):
        return nl.dist.Normal(*value, min=0.05) if isinstance(value, tuple) else value

    sim = nl.Simulator(dt=0.1, seed=args.seed, threads=args.threads or None, precision=args.precision,
                       backend=args.backend)
    nodes = {name: sim.create(getattr(nl, net.model), size, params=dict(neuron, **({"V_m": initial(*begin)} if begin else {})))
             for name, (size, neuron, begin) in net.populations.items()}
    for targets, rate, weight, delay, window in net.drives:
        given = dict(zip(("start", "stop"), window)) if window else {}
        sim.connect(sim.create(nl.poisson_generator, rate=rate, **given), all_of(targets), weight=weight, delay=delay)
    for source, targets, rule, number, weight, delay in net.projections:
        sim.connect(nodes[source], all_of(targets), rule=getattr(nl, rule)(number), weight=random_weight(weight),
                    delay=random_delay(delay))
    spikes = {name: sim.create(nl.spike_recorder) for name in nodes}
    for name, recorder in spikes.items():
        sim.connect(nodes[name], recorder)
    return sim, nodes, spikes
