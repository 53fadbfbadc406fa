"""Neurons and generators: one module a model (see `contract`)."""
from . import dc_generator as dc_generator
from . import iaf_psc_alpha as iaf_psc_alpha
from . import iaf_psc_delta as iaf_psc_delta
from . import iaf_psc_exp as iaf_psc_exp
from . import parrot_neuron as parrot_neuron
from . import poisson_generator as poisson_generator
from . import solvers as solvers
from . import spike_generator as spike_generator
