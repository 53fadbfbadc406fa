"""Tolerances of all tests, under names, each with its reason. Counts of steps and spike times are compared exactly."""

# --- against NEST and against exact solutions -------------------------------------------------------------------------

# mV. Models that NEST integrates exactly are integrated exactly here too: what is left is rounding. NEST holds V_m
# relative to E_L and we do not, which costs some 1e-14 of 70 mV a step, forgotten within tau_m; inputs are summed in
# fixed point with at least 40 bits behind the point. Seen: 1e-12, and 2e-10 in the worst of 2500 made-up neurons.
EXACT_MV = 1e-9

# mV, precision="single": float32 has steps of 8e-6 mV at 70 mV. V_m is rounded by up to half of that in every step, and
# the factor by which it decays by as much again, always to the same side; the membrane remembers tau_m / dt steps. That is
# 6e-6 mV times tau_m / dt, here up to 240, at the very worst, and half of it as a rule. (Shorter steps lose more.)
SINGLE_MV = 1e-3

# relative, double precision: sums and quotients of a handful of terms.
ROUNDING = 1e-12

# --- random numbers, all with fixed seeds: a test either always passes or always fails ---------------------------------

# p-value of a single Kolmogorov-Smirnov or chi-squared test. With the seeds fixed this is no rate of false alarms; a
# wrong distribution gives p-values below 1e-10 with the sample sizes used (1e4 and more).
P_VALUE = 1e-3

# standard errors within which a mean, a variance or a correlation must lie: exceeded by chance once in 16,000.
STANDARD_ERRORS = 4.0

# relative error of the normal quantile function: AS 241 states about 1e-16; 1 - p is formed in double precision.
QUANTILE = 1e-13

# --- random networks, against NEST ------------------------------------------------------------------------------------

# standard errors of the difference of two means over seeds (the promise: within NEST's seed-to-seed spread).
NETWORK_STANDARD_ERRORS = 3.0

# relative: differences of the mean rate and of the CV below these are of no interest, even if five seeds that happen to
# lie close together would resolve them.
NETWORK_RATE = 0.01
NETWORK_CV = 0.03
