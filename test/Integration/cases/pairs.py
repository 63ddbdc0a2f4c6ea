"""Pair bodies that attention-rewrite-scores makes cheap, inside and outside of where
that is accurate, with everything around them that decides how."""

import numpy as np

from program import iset

from . import case, label, program

NAN, INF = float("nan"), float("inf")

TANH = ("%s = arith.addf %q, %k : $T\n%h = math.tanh %s : $T\n%y = arith.mulf %h, %p0 : $T\n"
        "attention.yield %y : $T")
SQUARED = ("%d = arith.subf %q, %k : $T\n%m = arith.mulf %d, %d : $T\n%n = arith.negf %m : $T\n"
           "attention.yield %n : $T")


def tanh(q, k, w):
    with np.errstate(all="ignore"):
        return w * np.tanh(q + k)


def of_weight(q, k, w):
    """1e-6 of Σ|w|, whatever the number of features."""
    return 4 * w


def squared(q, k):
    return -((q - k) ** 2)


def multiplied_out(q, k):
    return (np.abs(q) + np.abs(k)) ** 2


def operands(p, rng, t, nq, nkv, d, scale=1.0):
    return (p.arg(scale * rng.normal(size=(nq, d)), t), p.arg(scale * rng.normal(size=(nkv, d)), t),
            p.arg(rng.normal(size=(nkv, 3)), t))


@case("tanh of a sum: extents and types", core=True)
def extents(rng):
    for t, sizes in (("f32", (1, 2, 3, 4, 5, 7, 64)), ("f64", (1, 5, 8)), ("bf16", (6,)), ("f16", (9,))):
        for d in sizes:
            for nq, nkv in ((4, 9), (3, 5), (70, 133)):
                p = program(t, dynamic=nq != 70)
                q, k, v = operands(p, rng, t, nq, nkv, d)
                w = p.arg(rng.normal(size=d), t)
                o, _ = p.softmax(p.general(q, k, TANH, tanh, [w], of_weight))
                p.result(p.context(o, v))
                yield p.call(label(t, q.data, k.data))


@case("tanh of a sum: factors that overflow and underflow", core=True)
def overflow(rng):
    grid = np.array([-INF, -1e30, -300, -60, -44.5, -40, -21.5, -1, 0, 2, 21.5, 40, 44.5, 59.75, 300, 1e30, INF])
    moderate = np.array([-34, -1, 0, 0.5, 30])
    for t in ("f32", "f64"):
        for name, x, y in (("queries", grid, moderate), ("keys", moderate, grid), ("neither", moderate, moderate)):
            p = program(t)
            q, k = p.arg(x[:, None], t), p.arg(y[:, None], t)
            v = p.arg(rng.normal(size=(len(y), 2)), t)
            w = p.arg([1.5], t)
            o, lse = p.softmax(p.general(q, k, TANH, tanh, [w], of_weight), lse=True)
            p.result(p.context(o, v), lse)
            yield p.call(f"{t}, beyond in {name}")
        finite = grid[np.isfinite(grid)]  # inf − inf is NaN, rightly
        p = program(t)
        q, k = p.arg(finite[:, None], t), p.arg(np.concatenate([finite, -finite + 0.125])[:, None], t)
        v, w = p.arg(rng.normal(size=(2 * len(finite), 2)), t), p.arg([1.5], t)
        o, _ = p.softmax(p.general(q, k, TANH, tanh, [w], of_weight))
        p.result(p.context(o, v))
        yield p.call(f"{t}, beyond in both")
        for weight in (NAN, 3e38, 0.0, -1e-30):
            p = program(t)
            q, k, v = operands(p, rng, t, 5, 7, 3)
            w = p.arg([1.0, weight, -2.0], t)
            o, _ = p.softmax(p.general(q, k, TANH, tanh, [w], of_weight))
            p.result(p.context(o, v))
            yield p.call(f"{t}, weight {weight}")


@case("tanh of a sum: who sees the score", core=True)
def seen(rng):
    for t in ("f32", "f64"):
        for kind in ("lse", "sinks", "modify", "mask", "bias", "masked NaN", "weights"):
            p = program(t)
            q, k, v = operands(p, rng, t, 20, 23, 5)
            if kind == "masked NaN":
                k.data[22] = NAN
                k.data[21] = INF
            w = p.arg(rng.normal(size=5) + 1, t)
            s = p.general(q, k, TANH, tanh, [w], of_weight)
            sinks = None
            if kind == "modify":
                s = p.modify(s, "%m = arith.mulf %x, %x : $T\nattention.yield %m : $T",
                             lambda x, i, j: x * x, gain=2 * np.abs(s.data.value).max())
            if kind == "mask":
                s = p.mask(s, iset("i - j >= 0", lambda i, j, **_: i >= j))
            if kind == "masked NaN":
                s = p.mask(s, iset("20 - j >= 0", lambda i, j, **_: j <= 20))
            if kind == "bias":
                s = p.mask(s, bias=p.arg(rng.normal(size=(20, 23)), t))
            if kind == "sinks":
                sinks = p.arg(np.array(0.5), t)
            weights, lse = p.softmax(s, sinks=sinks, lse=kind == "lse")
            p.result(p.context(weights, v), *([lse] if lse else []), *([weights] if kind == "weights" else []))
            yield p.call(f"{t}, {kind}")


@case("squared distances: near the origin by products, elsewhere as they are", core=True)
def distances(rng):
    for t in ("f32", "f64", "bf16"):
        for nq, nkv, d in ((5, 9, 4), (70, 133, 7)):
            for with_lse in (False, True):
                p = program(t)
                q, k, v = operands(p, rng, t, nq, nkv, d)
                o, lse = p.softmax(p.general(q, k, SQUARED, squared, (), multiplied_out), lse=with_lse)
                p.result(p.context(o, v), *([lse] if lse else []))
                yield p.call(f"{label(t, q.data, k.data)}{', lse' if with_lse else ''}")
    # Far from the origin, near each other: no cancellation may show.
    for far in (100.0, 3000.0):
        p = program("f32")
        x = far + rng.normal(size=(9, 4))
        q, k = p.arg(x[:6], "f32"), p.arg(x, "f32")
        v = p.arg(rng.normal(size=(9, 3)), "f32")
        o, lse = p.softmax(p.general(q, k, SQUARED, squared), lse=True)
        p.result(p.context(o, v), lse)
        yield p.call(f"{far} from the origin")
    p = program("f32")
    q, k, v = operands(p, rng, "f32", 6, 9, 4)
    k.data[8] = INF
    k.data[7] = NAN
    s = p.mask(p.general(q, k, SQUARED, squared, (), multiplied_out),
               iset("6 - j >= 0", lambda i, j, **_: j <= 6))
    o, _ = p.softmax(s)
    p.result(p.context(o, v))
    yield p.call("NaN and infinity in masked keys")


@case("sums of products of one function of the query and one of the key", core=True)
def products(rng):
    forms = {
        "w q k": ("%a = arith.mulf %k, %p0 : $T\n%y = arith.mulf %q, %a : $T", lambda q, k, w: q * k * w),
        "q k + w k^2": ("%a = arith.mulf %q, %k : $T\n%b = arith.mulf %k, %k : $T\n%c = arith.mulf %b, %p0 : $T\n"
                        "%y = arith.addf %a, %c : $T", lambda q, k, w: q * k + w * k * k),
        "q k + |q| |k|": ("%a = arith.mulf %q, %k : $T\n%b = math.absf %q : $T\n%c = math.absf %k : $T\n"
                          "%d = arith.mulf %b, %c : $T\n%e = arith.mulf %d, %p0 : $T\n%y = arith.addf %a, %e : $T",
                          lambda q, k, w: q * k + w * np.abs(q) * np.abs(k)),
        "(q - k)^2 / w": ("%a = arith.subf %q, %k : $T\n%b = arith.mulf %a, %a : $T\n%y = arith.divf %b, %p0 : $T",
                          lambda q, k, w: (q - k) ** 2 / w),
        "w - q k": ("%a = arith.mulf %q, %k : $T\n%y = arith.subf %p0, %a : $T", lambda q, k, w: w - q * k),
    }
    for t in ("f32", "f64", "f16"):
        for name, (body, f) in forms.items():
            for seen_lse in (False, True):
                p = program(t)
                q, k, v = operands(p, rng, t, 6, 9, 5)
                w = p.arg(rng.uniform(0.5, 2, size=5), t)
                magnitude = lambda q, k, w: (np.abs(q) + np.abs(k)) ** 2 * 2 + w
                s = p.general(q, k, body + "\nattention.yield %y : $T", f, [w], magnitude)
                o, lse = p.softmax(s, lse=seen_lse)
                p.result(p.context(o, v), *([lse] if lse else []))
                yield p.call(f"{t}, {name}{', lse' if seen_lse else ''}")
