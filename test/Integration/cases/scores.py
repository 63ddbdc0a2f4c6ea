"""Score functions, scales and modifiers against the oracle."""

import numpy as np

from program import attention, iset

from . import TYPES, case, layouts, program, qkv, shape_label

SOFTCAP = ("%c = arith.constant {cap:.1f} : $T\n%d = arith.divf %x, %c : $T\n"
           "%t = math.tanh %d : $T\n%y = arith.mulf %t, %c : $T\nattention.yield %y : $T")


@case("dot scores: unscaled, scaled, own scale", core=True)
def dot(rng):
    for t in TYPES:
        for dynamic in layouts(t):
            for kind in ("plain", "scaled", "scale"):
                p = program(t, dynamic)
                q, k, v = qkv(p, rng, t, (2,), 5, 9, 6)
                scale = p.scalar(0.3, p.compute) if kind == "scale" else None
                w, lse = p.softmax(p.dot(q, k, scaled=kind == "scaled", scale=scale), lse=True)
                p.result(w, lse, p.context(w, v))
                yield p.call(f"{shape_label(t, q, k, v)}, {kind}{'' if dynamic else ', static'}")


@case("scale 0, negative scale", core=True)
def scales(rng):
    for t in TYPES:
        for scale in (0.0, -1.0, -0.25, -100.0):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 5, 9)
            x = p.scalar(scale, p.compute)
            causal = iset("i + 3 - j >= 0", lambda i, j, **_: i + 3 >= j)
            w, lse = p.softmax(p.mask(p.dot(q, k, scale=x), causal), lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, scale {scale}")
    for text, value in (("0.0", 0.0), ("-2.0", -2.0), ("1.0", 1.0), ("0.5", 0.5)):  # may be folded
        p = program("f32", dynamic=False)
        q, k, v = qkv(p, rng, "f32", (2,), 5, 9)
        c = p.constant(text, "f32", value)
        attention_scaled(p, q, k, v, c)
        yield p.call(f"constant scale {text}")


def attention_scaled(p, q, k, v, scale):
    w, lse = p.softmax(p.dot(q, k, scale=scale), lse=True)
    p.result(p.context(w, v), lse)


@case("bilinear scores, d_q ≠ d_k", core=True)
def bilinear(rng):
    for t in TYPES:
        for nq, nkv, dq, dk in ((5, 9, 6, 3), (9, 5, 3, 6), (1, 70, 4, 4)):  # either side projected
            for dynamic in layouts(t):
                p = program(t, dynamic)
                q = p.arg(rng.normal(size=(2, nq, dq)), t)
                k = p.arg(rng.normal(size=(2, nkv, dk)), t)
                v = p.arg(rng.normal(size=(2, nkv, 3)), t)
                w = p.arg(rng.normal(size=(dq, dk)) / 3, t)
                p.result(*two(p, p.bilinear(q, k, w), v))
                yield p.call(f"{shape_label(t, q, k, v)}{'' if dynamic else ', static'}")
    for batch, kv_batch in (((), ()), ((2, 6), (2, 2)), ((2, 6), (1, 3)), ((2, 3, 2), (2, 3, 2))):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", batch, 5, 7, 4, 3, kv_batch)
        w = p.arg(rng.normal(size=(4, 4)) / 3, "f16")
        p.result(*two(p, p.bilinear(q, k, w), v))
        yield p.call(shape_label("f32", q, k, v))


def two(p, s, v):
    w, lse = p.softmax(s, lse=True)
    return p.context(w, v), lse


@case("additive scores, with and without a bias", core=True)
def additive(rng):
    for t in TYPES:
        for with_bias in (False, True):
            for dynamic in layouts(t):
                p = program(t, dynamic)
                q = p.arg(rng.normal(size=(2, 5, 6)), t)
                k = p.arg(rng.normal(size=(2, 9, 3)), t)
                v = p.arg(rng.normal(size=(2, 9, 2)), t)
                wq, wk = p.arg(rng.normal(size=(4, 6)), t), p.arg(rng.normal(size=(4, 3)), t)
                wv = p.arg(rng.normal(size=4), t)
                bias = p.arg(rng.normal(size=4), t) if with_bias else None
                p.result(*two(p, p.additive(q, k, wq, wk, wv, bias), v))
                yield p.call(f"{shape_label(t, q, k, v)}{', bias' if with_bias else ''}"
                             f"{'' if dynamic else ', static'}")
    for batch, kv_batch in (((), ()), ((2, 6), (2, 3)), ((6,), (1,))):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", batch, 5, 7, 4, 3, kv_batch)
        wq, wk = p.arg(rng.normal(size=(70, 4)), "bf16"), p.arg(rng.normal(size=(70, 4)), "f16")
        wv = p.arg(rng.normal(size=70) / 8, "f32")
        p.result(*two(p, p.additive(q, k, wq, wk, wv), v))
        yield p.call(shape_label("f32", q, k, v))


@case("scores by a combine region: distances, weighted, with captured values", core=True)
def general(rng):
    combines = {
        "-|q - k|": ("%d = arith.subf %q, %k : $T\n%m = math.absf %d : $T\n%n = arith.negf %m : $T\n"
                     "attention.yield %n : $T", lambda q, k: -np.abs(q - k), 0),
        "-(q - k)^2": ("%d = arith.subf %q, %k : $T\n%m = arith.mulf %d, %d : $T\n"
                       "%n = arith.negf %m : $T\nattention.yield %n : $T", lambda q, k: -((q - k) ** 2), 0,
                       lambda q, k: (np.abs(q) + np.abs(k)) ** 2),
        "w |q - k|": ("%d = arith.subf %q, %k : $T\n%m = math.absf %d : $T\n%n = arith.mulf %m, %p0 : $T\n"
                      "attention.yield %n : $T", lambda q, k, w: w * np.abs(q - k), 1),
        "w tanh(q + k + b)": ("%s = arith.addf %q, %k : $T\n%u = arith.addf %s, %p1 : $T\n"
                              "%h = math.tanh %u : $T\n%n = arith.mulf %h, %p0 : $T\nattention.yield %n : $T",
                              lambda q, k, w, b: w * np.tanh(q + k + b), 2, lambda q, k, w, b: 4 * w),
        "max(q, k)": ("%m = arith.maximumf %q, %k : $T\nattention.yield %m : $T",
                      np.maximum, 0),
    }
    for name, (body, combine, parameters, *magnitude) in combines.items():
        for t in TYPES if parameters else ("f32", "f16"):
            for batch, kv_batch in (((), ()), ((2, 4), (2, 2))) if t == "f32" else (((2,), (2,)),):
                p = program(t)
                q, k, v = qkv(p, rng, t, batch, 5, 7, 4, 3, kv_batch)
                params = [p.arg(rng.normal(size=4), t) for _ in range(parameters)]
                p.result(*two(p, p.general(q, k, body, combine, params, *magnitude), v))
                yield p.call(f"{shape_label(t, q, k, v)}, {name}")
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (2,), 5, 7)
    c = p.scalar(-0.7, "f32")
    p.result(*two(p, p.general(q, k, f"%a = arith.mulf %q, %k : $T\n%y = arith.mulf %a, {c.name} : $T\n"
                               "attention.yield %y : $T", lambda q, k: q * k * c.data), v))
    yield p.call("a captured scalar")


@case("softcap, and any modify region, in natural units", core=True)
def softcap(rng):
    for t in TYPES:
        for cap in (2.0, 30.0) if t == "f32" else (2.0,):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 5, 9)
            s = p.modify(p.dot(q, k), SOFTCAP.format(cap=cap), lambda x, b, i, j: cap * np.tanh(x / cap))
            w, lse = p.softmax(s, lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {cap}")
        # Keys only: scores x = 1 · k, so that the weights are those of 2·tanh(x).
        p = program(t)
        q = p.arg(np.ones((1, 1)), t)
        k, v = p.arg(rng.normal(size=(9, 1)), t), p.arg(rng.normal(size=(9, 2)), t)
        s = p.modify(p.dot(q, k), "%t = math.tanh %x : $T\n%y = arith.addf %t, %t : $T\n"
                     "attention.yield %y : $T", lambda x, i, j: 2 * np.tanh(x), gain=2)
        w, lse = p.softmax(s, lse=True)
        p.result(w, lse, p.context(w, v))
        yield p.call(f"{shape_label(t, q, k, v)}, keys only 2 tanh(x)")


@case("a mask, then a softcap or a negative temperature", core=True)
def mask_then_modify(rng):
    for t in TYPES:
        for name in ("softcap", "temperature", "constant") if t == "f32" else ("softcap", "temperature"):
            for tensor in (False, True) if t in ("f32", "f64") else (True,):
                p = program(t)
                q, k, v = qkv(p, rng, t, (2,), 6, 9)
                causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
                keep = p.arg(rng.random((2, 6, 9)) < 0.5, "i1") if tensor else None
                s = p.mask(p.dot(q, k), keep=keep) if tensor else p.mask(p.dot(q, k), causal)
                if name == "softcap":
                    s = p.modify(s, SOFTCAP.format(cap=2.0), lambda x, b, i, j: 2 * np.tanh(x / 2))
                elif name == "temperature":
                    c = p.scalar(-0.5, p.compute)
                    s = p.modify(s, f"%y = arith.divf %x, {c.name} : $T\nattention.yield %y : $T",
                                 lambda x, b, i, j: x / c.data, gain=2)
                else:
                    s = p.modify(s, "%y = arith.constant 1.5 : $T\nattention.yield %y : $T",
                                 lambda x, b, i, j: np.full_like(x, 1.5), gain=0)
                w, lse = p.softmax(s, lse=True)
                p.result(w, lse, p.context(w, v))
                yield p.call(f"{shape_label(t, q, k, v)}, {name} after {'keep' if tensor else 'causal'}")


@case("temperature without a mask: a number times every score")
def temperature(rng):
    for t in ("f32", "f64"):
        for factor in (0.5, -3.0, 0.0):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 5, 9)
            c = p.scalar(factor, p.compute)
            s = p.modify(p.dot(q, k), f"%y = arith.mulf %x, {c.name} : $T\nattention.yield %y : $T",
                         lambda x, b, i, j: x * c.data, gain=abs(factor))
            p.result(*two(p, s, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {factor}")


@case("ALiBi with a slope per head")
def alibi(rng):
    for t in TYPES:
        p = program(t)
        q, k, v = qkv(p, rng, t, (2, 4), 9, 12)
        slopes = p.arg(2.0 ** -np.arange(1, 5), p.compute)
        s = p.modify(p.dot(q, k, scaled=True), f"""
            %d = arith.subi %j, %i : index
            %n = arith.index_cast %d : index to i64
            %f = arith.sitofp %n : i64 to $T
            %m = tensor.extract {slopes.name}[%b1] : {slopes.type}
            %p = arith.mulf %m, %f : $T
            %y = arith.addf %x, %p : $T
            attention.yield %y : $T""", lambda x, b, h, i, j: x + slopes.data[h] * (j - i))
        causal = iset("i + 3 - j >= 0", lambda i, j, **_: i + 3 >= j)
        p.result(*two(p, p.mask(s, causal), v))
        yield p.call(shape_label(t, q, k, v))


@case("modifiers in program order, before and after masks and biases")
def program_order(rng):
    for t in ("f32", "f64"):
        orders = ((0, 1, 2), (2, 1, 0), (1, 0, 2), (1, 2, 0), (0, 2, 1, 0))
        for order in orders if t == "f32" else orders[1:2]:
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 6, 9)
            bias = p.arg(rng.normal(size=(2, 6, 9)), t)
            causal = iset("i + 2 - j >= 0", lambda i, j, **_: i + 2 >= j)
            square = "%y = arith.mulf %x, %x : $T\nattention.yield %y : $T"
            s = p.dot(q, k, scaled=True)
            for step in order:
                if step == 0:
                    s = p.modify(s, square, lambda x, b, i, j: x * x,
                                 gain=2 * float(np.max(np.abs(s.data.value))))
                elif step == 1:
                    s = p.mask(s, bias=bias)
                else:
                    s = p.mask(s, causal)
            p.result(*two(p, s, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {' '.join(('square', 'bias', 'causal')[n] for n in order)}")


@case("sums with subnormals; equal maxima; -0.0", core=True)
def small_numbers(rng):
    for t, tiny in (("f64", 5e-324), ("f32", 1e-42), ("bf16", 1e-39), ("f16", 6e-8)):
        p = program(t)  # subnormal values: a context that must not be flushed to 0
        q, k, _ = qkv(p, rng, t, (), 4, 6)
        v = p.arg(rng.integers(1, 1000, (6, 3)).astype(np.longdouble) * tiny, t)
        attention(p, q, k, v)
        yield p.call(f"{t}, values around {tiny * 500:.0e}")
        p = program(t)  # subnormal queries
        q = p.arg(rng.normal(size=(4, 3)).astype(np.longdouble) * tiny * 100, t)
        k = p.arg(rng.normal(size=(6, 3)) * (1e4 if t == "f16" else 1e30), t)
        v = p.arg(rng.normal(size=(6, 2)), t)
        attention(p, q, k, v)
        yield p.call(f"{t}, queries around {tiny * 100:.0e}")
        p = program(t)  # all scores equal
        q, k = p.arg(np.full((4, 3), 7.0), t), p.arg(np.full((8, 3), 5.0), t)
        v = p.arg(rng.normal(size=(8, 2)), t)
        w, lse = p.softmax(p.dot(q, k), lse=True)
        p.result(w, lse, p.context(w, v))
        yield p.call(f"{t}, equal maxima")
        p = program(t)  # two maxima, apart; scores of 0 and -0
        q = p.arg([[1.0, -1.0], [-0.0, 0.0], [0.0, 0.0]], t)
        k = p.arg([[2.0, 0.0], [0.0, -2.0], [-0.0, 0.0], [1.0, 1.0], [-0.0, -0.0]], t)
        v = p.arg([[-0.0], [1.0], [-2.0], [0.0], [3.0]], t)
        w, lse = p.softmax(p.dot(q, k), lse=True)
        p.result(w, lse, p.context(w, v))
        yield p.call(f"{t}, -0.0")
    for n in (100, 1000):  # weights far below the largest one add up
        p = program("f32")
        # Not all alike: equal terms are all rounded the same way, which adds up.
        small = rng.normal(size=n) / 4 - 15
        q, k = p.arg(np.ones((1, 1)), "f32"), p.arg(np.r_[0.0, small][:, None], "f32")
        v = p.arg(np.r_[0.0, np.ones(n)][:, None], "f32")
        attention(p, q, k, v, scaled=False)
        yield p.call(f"f32, {n} weights around e^-15")


@case("one key: weights exactly 1, context exactly v", core=True)
def one_key(rng):
    for t in TYPES:
        for junk in (False, True):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2, 2), 5, 8 if junk else 1, 6, 4)
            s = p.dot(q, k, scaled=True)
            if junk:  # one live key of eight
                n = p.scalar(3, "index")
                s = p.mask(s, iset("j - n == 0", lambda j, n, **_: j == n, n=n))
            w, _ = p.softmax(s)
            p.result(w, p.context(w, v), exact=True)
            yield p.call(shape_label(t, q, k, v))
