"""Values of synapses and nodes: the distributions, and functions of what is made from them (`nl.dist`)."""
from .distributions import Constant as Constant
from .distributions import LogNormal as LogNormal
from .distributions import Normal as Normal
from .distributions import Uniform as Uniform
from .exponential import Exponential as Exponential
from .functions import clip as clip
from .functions import conditional as conditional
from .functions import cos as cos
from .functions import exp as exp
from .functions import log as log
from .functions import maximum as maximum
from .functions import minimum as minimum
from .functions import redraw as redraw
from .functions import sin as sin
from .functions import sqrt as sqrt
from .uniform_int import UniformInt as UniformInt
