"""Element types: accumulation, mixtures, and one rounding of the context."""

import numpy as np

from program import attention, iset

from . import TYPES, case, compute_type, program, qkv, shape_label
from program import Program


@case("f16 and bf16 with scores of ±1e4: f32 state, finite", core=True)
def large_scores(rng):
    for t in ("f16", "bf16"):
        for sign in (1, -1, 0):
            p = program(t)
            q = p.arg(sign * 100.0 * np.ones((4, 1)) if sign else 100 * rng.choice([-1, 1], (4, 1)), t)
            k = p.arg(100 + rng.integers(-4, 5, (9, 1)) * 0.0625 * (8 if t == "bf16" else 1), t)
            v = p.arg(rng.normal(size=(9, 3)), t)
            w, lse = p.softmax(p.dot(q, k), lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {'±' if not sign else '+' if sign > 0 else '-'}1e4")
        p = program(t)  # a dot product that overflows f16
        q, k, v = p.arg(np.full((3, 64), 60.0), t), p.arg(np.full((5, 64), 60.0), t), p.arg(rng.normal(size=(5, 2)), t)
        attention(p, q, k, v, scaled=False)
        yield p.call(f"{shape_label(t, q, k, v)}, scores of 230400")
        p = program(t)  # f32 scores as large as they get
        q, k, v = (p.arg(rng.normal(size=s) * 100, t) for s in ((4, 32), (9, 32), (9, 3)))
        attention(p, q, k, v)
        yield p.call(f"{shape_label(t, q, k, v)}, inputs of 100")


@case("f16 and bf16 accumulate in f32", core=True)
def wide_accumulation(rng):
    for t, step in (("f16", 2048), ("bf16", 256)):
        # 1 + … + 1 sticks at `step` in the narrow type. Terms of about 1, since the
        # rounding of equal ones would always be the same way.
        n = 4 * step
        p = program(t)
        q, k = p.arg(np.ones((2, n)), t), p.arg(rng.uniform(0.5, 1.5, (2, n)), t)
        k.data[1, step:] = 0
        c = p.scalar(1 / n, "f32")
        w, lse = p.softmax(p.dot(q, k, scale=c), lse=True)
        p.result(w, lse)
        yield p.call(f"{t}, a dot product of {n} terms")
        p = program(t)
        q, k = p.arg(np.zeros((2, 1)), t), p.arg(np.zeros((n, 1)), t)
        v = p.arg(np.ones((n, 1)), t)
        w, lse = p.softmax(p.dot(q, k), lse=True)
        p.result(lse, p.context(w, v, "f32"))
        yield p.call(f"{t}, {n} equal weights")
        # Context in f32 of narrow inputs: errors of f32 only.
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 9, 65, 16, 5)
        w, lse = p.softmax(p.dot(q, k, scaled=True), lse=True)
        p.result(w, lse, p.context(w, v, "f32"))
        yield p.call(f"{shape_label(t, q, k, v)}, context f32")


@case("f64 all the way", core=True)
def double(rng):
    p = program("f64")
    q, k, v = qkv(p, rng, "f64", (2,), 9, 65, 16, 5)
    w, lse = p.softmax(p.dot(q, k, scaled=True), lse=True)
    p.result(w, lse, p.context(w, v))
    yield p.call(shape_label("f64", q, k, v))
    # Numbers that f32 does not hold: scores apart by 1e-9, values by 1e-12, 1e200.
    p = program("f64")
    q = p.arg(np.ones((2, 1)), "f64")
    k = p.arg(1e5 + np.arange(5)[:, None] * 1e-4, "f64")
    v = p.arg(1 + np.arange(5)[:, None] * 1e-12, "f64")
    w, lse = p.softmax(p.dot(q, k), lse=True)
    p.result(w, lse, p.context(w, v))
    yield p.call("f64, differences that f32 does not hold")
    p = program("f64")
    q, k, _ = qkv(p, rng, "f64", (), 3, 5)
    v = p.arg(rng.normal(size=(5, 2)) * 1e200, "f64")
    attention(p, q, k, v)
    yield p.call("f64, values of 1e200")


@case("mixed element types of queries, keys and values", core=True)
def mixed(rng):
    for x, a in enumerate(TYPES):
        for y, b in enumerate(TYPES):
            # Every pair of types of q and k, of k and v, of q and v.
            for c in sorted({TYPES[(x + y) % 4], a if "f64" in (a, b) else "f64"}):
                # Where only the values are f64 the scores must be asked for in f64.
                p = Program(compute_type(a, b, c))
                q = p.arg(rng.normal(size=(2, 5, 4)), a)
                k = p.arg(rng.normal(size=(2, 7, 4)), b)
                v = p.arg(rng.normal(size=(2, 7, 3)), c)
                attention(p, q, k, v)
                yield p.call(f"q {a}, k {b}, v {c}")


@case("f64 asked for with f32 queries and keys", core=True)
def asked_for_f64(rng):
    for t in ("f32", "f16"):
        for kind in ("dot", "bilinear", "additive", "general"):
            p = Program("f64")
            q, k, v = qkv(p, rng, t, (2,), 5, 7, 4, 3)
            parameter = p.arg(rng.normal(size=(4, 4)), "f32")
            wv = p.arg(rng.normal(size=4), "f64")
            if kind == "dot":
                s = p.dot(q, k, scaled=True)
            elif kind == "bilinear":
                s = p.bilinear(q, k, parameter)
            elif kind == "additive":
                s = p.additive(q, k, parameter, parameter, wv)
            else:
                s = p.general(q, k, "%d = arith.subf %q, %k : $T\n%m = math.absf %d : $T\n"
                              "%y = arith.mulf %m, %p0 : $T\nattention.yield %y : $T",
                              lambda q, k, w: np.abs(q - k) * w, [wv])
            w, lse = p.softmax(s, lse=True)
            p.result(w, lse, p.context(w, v, "f64"))
            yield p.call(f"{t}, {kind}")


@case("the context in a type of the user's choice")
def context_type(rng):
    for t in TYPES:
        for out in TYPES:
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 5, 7)
            attention(p, q, k, v, element=out)
            yield p.call(f"{shape_label(t, q, k, v)}, context {out}")


def near_ties(wide_bits, narrow_bits, rng):
    """Numbers a little off the middle of two numbers of the narrow type, by less
    than half a unit of an intermediate type: rounded twice they go to the even
    neighbour, rounded once to the nearer."""
    tie = 1 + 2.0**-narrow_bits  # between 1 (even) and 1 + 2^(1 - narrow_bits)
    up = tie + 2.0 ** -(wide_bits + 4)
    odd = 1 + 3 * 2.0**-narrow_bits - 2.0 ** -(wide_bits + 4)  # towards 1 + 2^(1 - n), odd
    numbers = np.array([up, -up, odd, -odd, tie, -tie, 1 + 3 * 2.0**-narrow_bits])
    return np.r_[numbers, numbers * 2.0**5, numbers * 2.0**-7][:, None]


@case("the context is rounded once", core=True)
def rounded_once(rng):
    # f64 -> f32 -> narrow would be two roundings.
    for out, bits in (("bf16", 8), ("f16", 11), ("f32", 24)):
        values = near_ties(24 if bits < 24 else 40, bits, rng)
        n = len(values)
        p = program("f64")
        q = p.arg(np.zeros((n, 1)), "f64")
        k, v = p.arg(np.zeros((n, 1)), "f64"), p.arg(values, "f64")
        diagonal = iset("i - j == 0", lambda i, j, **_: i == j)
        w, _ = p.softmax(p.mask(p.dot(q, k), diagonal))
        p.result(p.context(w, v, out), exact=True)
        yield p.call(f"f64 values to {out}")
    for out, bits in (("bf16", 8), ("f16", 11)):  # f32 -> f16 -> bf16, or the other way, likewise
        values = near_ties(12, bits, rng)
        n = len(values)
        p = program("f32")
        q = p.arg(np.zeros((n, 1)), "f32")
        k, v = p.arg(np.zeros((n, 1)), "f32"), p.arg(values, "f32")
        diagonal = iset("i - j == 0", lambda i, j, **_: i == j)
        w, _ = p.softmax(p.mask(p.dot(q, k), diagonal))
        p.result(p.context(w, v, out), exact=True)
        yield p.call(f"f32 values to {out}")
    # Beyond the largest number, subnormals, infinity.
    values = np.array([65504, 65519, 65520, 1e6, -1e6, 6e-8, 2.9e-8, 3e-8, 6.1e-5, np.inf, -np.inf])[:, None]
    for t in ("f32", "f64"):
        for out in ("f16", "bf16"):
            n = len(values)
            p = program(t)
            q, k, v = p.arg(np.zeros((n, 1)), t), p.arg(np.zeros((n, 1)), t), p.arg(values, t)
            diagonal = iset("i - j == 0", lambda i, j, **_: i == j)
            w, _ = p.softmax(p.mask(p.dot(q, k), diagonal))
            p.result(p.context(w, v, out), exact=True)
            yield p.call(f"{t} values to {out}, extremes")
