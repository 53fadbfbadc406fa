"""Recorders, results, analysis and pictures."""
from . import multimeter as multimeter
from . import spike_recorder as spike_recorder
from . import voltmeter as voltmeter
from . import weight_recorder as weight_recorder
