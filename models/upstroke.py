"""One step of an adaptive exponential neuron, with its spike (Brette and Gerstner 2005, J. Neurophysiol. 94:3637):

    dV/dt = drive - leak V - w / C_m + (g_L / C_m) Delta_T exp((V - V_th) / Delta_T),      dw/dt = (a (V - E_L) - w) / tau_w;

where V reaches V_peak it falls to V_reset and w grows by b. The upstroke reaches infinity within a fraction of a step; with
V = v - Delta_T ln(1 - q), where q = 0 when the step begins, the equations lose that singularity:

    dv/dt = drive - leak V - w / C_m,      dq/dt = (g_L / C_m) exp((v - V_th) / Delta_T).

v is nearly straight, q the integral of an exponential, V infinite where q = 1. For a straight v the instant of V_peak has a
closed form (error 1e-5 of a step, 1e-3 at a time constant of 2 ms): `advance` knows beforehand whether and when V peaks, and a
solver does the step, or from V_reset the rest of it, without branches. A second spike in a step comes at the next one's begin.
"""
from .arithmetic import exp

LOWEST = -1e4       # mV: what grows without bound (a < -g_L) stays a number


def twice_atanh(y):
    """ln((1 + y) / (1 - y)): error 1e-8 for |y| < 1/3, 0.01 for |y| < 0.85; never beyond 4.6."""
    z = y * y
    return y * ((1890.0 - 1470.0 * z) + 128.0 * (z * z)) / ((945.0 - 1050.0 * z) + 225.0 * (z * z))


def height(q):
    """-ln(1 - q): error 2e-5 up to q = 0.9995, never beyond 10.8."""
    x = max(1.0 - q, 0.0)
    high = x < 0.03125
    x, n = 64.0 * x if high else x, 4.1588830833596715 if high else 0.0
    high = x < 0.25
    x, n = 8.0 * x if high else x, n + 2.0794415416798357 if high else n
    return n + twice_atanh((1.0 - x) / (1.0 + x))


def short_exp(x):
    """e to the power x for small x: relative error x^4 / 12000; x is cut off at -16 and 16."""
    y = 0.125 * min(max(x, -16.0), 16.0)
    y = 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0)))
    return ((y * y) * (y * y)) * ((y * y) * (y * y))


def derivatives(y, a):
    """The equations of v, q and w for any solver; a: V and dq/dt when the step begins, input, constants."""
    v, q, w = y
    start, rate, drive, leak, per_C, V_peak, Delta, per_Delta, A_w, B_w, slow, E_L = a
    up = Delta * twice_atanh(min(q, 1.0) / (2.0 - min(q, 1.0)))
    return ((drive - leak * up - per_C * w, rate * exp((min(v, V_peak) - start) * per_Delta), A_w * (v + up - E_L)),
            (-leak, 0.0, -B_w))


def closed_form(derivatives, y, h, a):
    """A solver for these equations alone, faster than rk4: v is straight for q, q corrects v, and w follows the mean of V."""
    v, q, w = y
    start, rate, drive, leak, per_C, V_peak, Delta, per_Delta, A_w, B_w, slow, E_L = a
    x, pull = leak * h, h * slow
    dw = pull * (A_w * (v - E_L) - B_w * w)
    share = 1.0 / (1.0 + x * (0.5 + x * (1.0 / 12.0)))                  # (1 - exp(-x)) / x, stable for any x
    dv = h * share * (drive - leak * v - per_C * (w + 0.5 * dw))
    X = per_Delta * dv
    half = short_exp(0.5 * X)
    q = h * rate * (1.0 / 6.0 + half * (2.0 / 3.0 + X * x * (1.0 / 12.0) + half * (1.0 / 6.0)))         # Simpson's rule
    m = min(max(q, 0.0), 1.0)
    q = q * (1.0 - x * share * m * (1.0 / 6.0 + m * (1.0 / 24.0) + m * m * (1.0 / 24.0)))     # the upstroke adds to the leak
    up = Delta * m * (1.0 - X * (1.0 / 6.0)) * (0.5 + m * (1.0 / 6.0) + m * m * (1.0 / 12.0 + m * 0.05 + m * m * 0.1))
    dw = dw + pull * A_w * min(dv * (0.5 + x * (1.0 / 12.0)) + up, V_peak - v)          # up: the mean of V - v
    return v + dv - up * (x * share) * (1.0 + x * (1.0 / 6.0)), q, w + dw


def advance(c, V, w, r, drive, leak, drive_tilt, leak_tilt, jump, solve):
    """After a step at whose end V jumps: V, w, refractory steps left, whether it spiked, and the jump if it was refractory.
    drive and leak are means over the step; at its end they are by drive_tilt and leak_tilt larger, at its begin smaller.
    """
    held, V = r > 0.0, min(V, c.V_peak)
    x, sixth, tilt = c.h * leak, c.h * (1.0 / 6.0), drive_tilt - leak_tilt * V
    late_gain = sixth * (leak * drive_tilt - leak_tilt * drive - c.leak * tilt)        # what comes late meets less of the leak
    damped = 1.0 / (1.0 + x * (1.0 / 3.0 + x * (1.0 / 6.0)))
    early = -sixth * tilt * damped                                      # by how much v is above a straight line on average
    steep = exp((V - c.V_th) * c.per_Delta)
    near, growth = steep * c.to_peak, c.rate * steep * short_exp(early * c.per_Delta)
    q = c.h * growth
    X = (drive + late_gain - leak * V - c.per_C * w) * (c.h * c.per_Delta) * damped - 0.5 * x * min(q, 1.0)
    X = X if abs(X) > 1e-3 else 1e-3                                    # by how many Delta_T v moves in a step
    half = short_exp(0.5 * X)
    peaks = (q * (1.0 + half * (4.0 + half)) * (1.0 / 6.0) + near * half * half >= 1.0) & (not held)
    above, below = X + q, half * (q + near * X)
    tau = min(max(0.5 + twice_atanh((above - below) / (above + below)) / X, 0.0), 1.0) if peaks else 0.0   # when, in steps
    spent = tau * c.h * c.slow * (c.A_w * (V + c.Delta * (min(q, 1.0) + 0.5 * X * tau) - c.E_L) - c.B_w * w)
    w = w + spent + c.b if peaks else w if held else w + c.h * c.slow * c.A_w * early
    anew, still = peaks | held, held | (peaks & (c.n_ref > 0.0))
    drive, leak = drive + (tau * drive_tilt if peaks else late_gain), leak + tau * leak_tilt
    free, V = 0.0 if still else 1.0, c.V_reset if anew else V
    a = (V, free * (c.reset_rate if anew else growth), free * drive, free * leak, free * c.per_C, c.V_peak, c.Delta,
         c.per_Delta, c.A_w, c.B_w, c.slow, c.E_L)
    v, q, w = solve(derivatives, (V, 0.0, w), c.h * (1.0 - tau), a)
    V = v + c.Delta * height(q) + (0.0 if still else jump)
    late = (c.V_peak <= V) & (not anew)                                 # by the jump, or by a hair
    V = c.V_reset if late else min(max(V, LOWEST), c.V_peak)
    r = c.n_ref if peaks | late else r - 1.0 if held else r
    return V, w + c.b if late else w, r, peaks | late, jump if still else 0.0
