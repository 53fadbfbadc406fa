"""Nestling: spiking neural networks, declared in NEST's terms and compiled. `from nestling import simulator as nl`."""
from nestling.connect import BadConnection as BadConnection
from nestling.connect import all_to_all as all_to_all
from nestling.connect import distributions as dist
from nestling.connect import fixed_indegree as fixed_indegree
from nestling.connect import fixed_outdegree as fixed_outdegree
from nestling.connect import fixed_prob as fixed_prob
from nestling.connect import fixed_total_number as fixed_total_number
from nestling.connect import one_to_one as one_to_one
from nestling.connect import pairwise_bernoulli as pairwise_bernoulli
from nestling.models import dc_generator as dc_generator
from nestling.models import iaf_psc_alpha as iaf_psc_alpha
from nestling.models import iaf_psc_delta as iaf_psc_delta
from nestling.models import iaf_psc_exp as iaf_psc_exp
from nestling.models import parrot_neuron as parrot_neuron
from nestling.models import poisson_generator as poisson_generator
from nestling.models import solvers as solvers
from nestling.models import spike_generator as spike_generator
from nestling.models.contract import ModelError as ModelError
from nestling.models.contract import ParameterError as ParameterError
from nestling.recorders import multimeter as multimeter
from nestling.recorders import spike_recorder as spike_recorder
from nestling.recorders import voltmeter as voltmeter
from nestling.recorders.contract import BadRecording as BadRecording
from nestling.recorders.raster import raster as raster
from nestling.recorders.results import Results as Results
from nestling.recorders.statistics import count_correlation as count_correlation
from nestling.recorders.statistics import firing_rate as firing_rate
from nestling.recorders.statistics import isi_cv as isi_cv
from nestling.recorders.statistics import rate_histogram as rate_histogram

from .errors import BadTime as BadTime
from .errors import BadView as BadView
from .errors import DimensionError as DimensionError
from .errors import Diverged as Diverged
from .errors import Interrupted as Interrupted
from .errors import NotAvailable as NotAvailable
from .errors import TooLarge as TooLarge
from .errors import UnknownName as UnknownName
from .simulator import Simulator as Simulator
from .views import NodeView as NodeView

init = dist          # initial values are drawn from the same distributions
