"""Connection rules, and distributions of weights, delays and initial values."""
from .all_to_all import all_to_all as all_to_all
from .collocated import CollocatedSynapses as CollocatedSynapses
from .contract import BadConnection as BadConnection
from .distributions import Constant as Constant
from .distributions import LogNormal as LogNormal
from .distributions import Normal as Normal
from .distributions import Uniform as Uniform
from .explicit_edges import explicit_edges as explicit_edges
from .fixed_indegree import fixed_indegree as fixed_indegree
from .fixed_outdegree import fixed_outdegree as fixed_outdegree
from .fixed_total_number import fixed_total_number as fixed_total_number
from .one_to_one import one_to_one as one_to_one
from .pairwise_bernoulli import fixed_prob as fixed_prob
from .pairwise_bernoulli import pairwise_bernoulli as pairwise_bernoulli
from .pairwise_poisson import pairwise_poisson as pairwise_poisson
from .symmetric_pairwise_bernoulli import symmetric_pairwise_bernoulli as symmetric_pairwise_bernoulli
