"""Rows without a key, sentinels that are no masks, NaN and infinity."""

import numpy as np

from program import attention, iset

from . import TYPES, case, program, qkv, shape_label


def absorbed(s, element):
    """Declares sums of scores and a huge bias to be what the compute type makes of
    them, without an error: the scores disappear in the bias's last place."""
    s.data.value[...] = s.data.value.astype(np.float64 if element == "f64" else np.float32)
    s.data.error[...] = 0
    return s


@case("a row with every key masked", core=True)
def every_key_masked(rng):
    for t in TYPES:
        # By a set: all rows, or some; by tensors: some.
        for limit in (0, 3):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2,), 6, 9)
            n = p.scalar(limit, "index")
            rows = iset("n - i - 1 >= 0", lambda i, n, **_: i < n, n=n)
            s = p.mask(p.dot(q, k, scaled=True), rows)
            w, lse = p.softmax(s, lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, rows from {limit} on empty")
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 6, 9)
        keep = rng.random((2, 6, 9)) < 0.5
        keep[0, 1] = keep[1, 5] = keep[1, 0] = False
        keep = p.arg(keep, "i1")
        attention(p, q, k, v, change=lambda s: p.mask(s, keep=keep))
        yield p.call(f"{shape_label(t, q, k, v)}, keep")
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 6, 9)
        bias = np.where(rng.random((2, 6, 9)) < 0.5, rng.normal(size=(2, 6, 9)), -np.inf)
        bias[0, 0] = bias[1, 3] = -np.inf
        bias = p.arg(bias, t)
        attention(p, q, k, v, change=lambda s: p.mask(s, bias=bias))
        yield p.call(f"{shape_label(t, q, k, v)}, bias of -inf")


@case("the first key block of a row fully masked, later ones not")
def first_block_masked(rng):
    for t in TYPES:
        for first in (63, 64, 65, 128, 255):
            p = program(t)
            q, k, v = qkv(p, rng, t, (), 3, 257, 5, 2)
            n = p.scalar(first, "i64")
            later = iset("j - n >= 0", lambda j, n, **_: j >= n, n=n)
            attention(p, q, k, v, change=lambda s: p.mask(s, later))
            yield p.call(f"{shape_label(t, q, k, v)}, keys from {first} on")
    # All live scores far below zero: a finite start of the maximum loses them.
    p = program("f32")
    q, k, v = qkv(p, rng, "f32", (), 3, 130, 5, 2)
    bias = np.full((3, 130), -1e31)
    bias[:, 128:] += [0, 1e24]
    bias = p.arg(bias, "f32")
    later = iset("j - 128 >= 0", lambda j, **_: j >= 128)
    attention(p, q, k, v, change=lambda s: absorbed(p.mask(s, later, bias=bias), "f32"))
    yield p.call("f32, live scores of -1e31")


@case("masks made of finite sentinels", core=True)
def sentinels(rng):
    lowest = {"f16": -65504.0, "bf16": -(2 - 2.0**-7) * 2.0**127,
              "f32": float(np.finfo(np.float32).min), "f64": float(np.finfo(np.float64).min)}
    for t in TYPES:
        values = [lowest[t]] if t == "f16" else [-1e9, -1e30, lowest[t]]
        for sentinel in values:
            # The scores are small integers, so that the sums are exact enough to say
            # which keys an all-sentinel row weighs alike.
            p = program(t)
            q = p.arg(rng.integers(-2, 3, (5, 4)), t)
            k = p.arg(rng.integers(-2, 3, (8, 4)), t)
            v = p.arg(rng.normal(size=(8, 3)), t)
            bias = np.where(rng.random((5, 8)) < 0.5, sentinel, 0)
            bias[1] = bias[4] = sentinel
            bias = p.arg(bias, t)
            s = absorbed(p.mask(p.dot(q, k), bias=bias), t)
            if sentinel != lowest[t] or t == "f16":  # still live for what comes after
                half = "%c = arith.constant 0.5 : $T\n%y = arith.mulf %x, %c : $T\nattention.yield %y : $T"
                s = p.mask(s, iset("i + 3 - j >= 0", lambda i, j, **_: i + 3 >= j))
                s = absorbed(p.modify(s, half, lambda x, i, j: x / 2), t)
            w, lse = p.softmax(s, lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {sentinel:.3g}")


@case("NaN or infinity in K or V at masked positions", core=True)
def junk_at_masked_keys(rng):
    for t in TYPES:
        for junk in (np.nan, np.inf, -np.inf):
            # A padding: the last keys of each batch element.
            p = program(t)
            lengths = np.array([4, 9, 0])
            arrays = [rng.normal(size=(3, 2, 9, n)) for n in (5, 2)]
            for b, n in enumerate(lengths):
                for a in arrays:
                    a[b, :, n:] = junk
            q = p.arg(rng.normal(size=(3, 2, 6, 5)), t)
            k, v = (p.arg(a, t) for a in arrays)
            n = p.arg(lengths, "i32")
            padding = iset("n - j - 1 >= 0", lambda j, n, **_: j < n, n=n)
            attention(p, q, k, v, change=lambda s: p.mask(s, padding))
            yield p.call(f"{shape_label(t, q, k, v)}, {junk} in the padding")
            for where in ("k", "v", "k and v"):
                # In the middle of a row, by a tensor, a region and a bias.
                p = program(t)
                q = p.arg(rng.normal(size=(6, 5)), t)
                a, b = rng.normal(size=(70, 5)), rng.normal(size=(70, 2))
                for position in (0, 17, 64, 69):
                    if "k" in where:
                        a[position, 1] = junk
                    if "v" in where:
                        b[position] = junk
                k, v = p.arg(a, t), p.arg(b, t)
                keep = np.ones((1, 70), bool)
                keep[0, [0, 17]] = False
                keep = p.arg(keep, "i1", static=(0,))
                bias = np.zeros((1, 70))
                bias[0, 64] = -np.inf
                bias = p.arg(bias, t, static=(0,))
                last = ("%c = arith.constant 69 : index\n"
                        "%l = arith.cmpi ult, %j, %c : index\nattention.yield %l : i1",
                        lambda i, j: j < 69)
                if "k" in where:  # NaN + (-inf) is NaN: a bias does not undo a NaN
                    keep.data[0, 64] = False
                attention(p, q, k, v,
                          change=lambda s: p.mask(s, keep=keep, where=last, bias=bias))
                yield p.call(f"{shape_label(t, q, k, v)}, {junk} in {where}")


@case("NaN in a live query, key or value", core=True)
def junk_at_live_pairs(rng):
    for t in TYPES:
        for where in ("q", "k", "v", "bias"):
            p = program(t)
            a, b, c = rng.normal(size=(2, 6, 4)), rng.normal(size=(2, 9, 4)), rng.normal(size=(2, 9, 3))
            e = rng.normal(size=(2, 6, 9))
            {"q": a, "k": b, "v": c, "bias": e}[where][1, 4, 1] = np.nan
            q, k, v, bias = (p.arg(x, t) for x in (a, b, c, e))
            # Causal, so that key 4 is live for queries 4 and 5 only.
            causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal, bias=bias))
            yield p.call(f"{shape_label(t, q, k, v)}, NaN in {where}")
        for value in (np.inf, -np.inf):
            p = program(t)
            a = rng.normal(size=(9, 3))
            a[4, 1] = value
            q, k, _ = qkv(p, rng, t, (), 6, 9)
            v = p.arg(a, t)
            causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
            attention(p, q, k, v, change=lambda s: p.mask(s, causal))
            yield p.call(f"{shape_label(t, q, k, v)}, {value} in v")
            if value > 0:  # a live score of +inf
                p = program(t)
                q, k, v = qkv(p, rng, t, (), 6, 9)
                e = np.zeros((6, 9))
                e[2, 3] = e[5, 8] = value
                bias = p.arg(e, t)
                attention(p, q, k, v, change=lambda s: p.mask(s, bias=bias))
                yield p.call(f"{shape_label(t, q, k, v)}, {value} in the bias")


@case("NaN through a modify region of a live pair")
def junk_through_regions(rng):
    for t in TYPES:
        p = program(t)
        a = rng.normal(size=(6, 4))
        a[3, 0] = np.nan
        q, k, v = p.arg(a, t), p.arg(rng.normal(size=(9, 4)), t), p.arg(rng.normal(size=(9, 2)), t)
        s = p.modify(p.dot(q, k, scaled=True),
                     "%c = arith.constant 5.0 : $T\n%d = arith.divf %x, %c : $T\n"
                     "%t = math.tanh %d : $T\n%y = arith.mulf %t, %c : $T\nattention.yield %y : $T",
                     lambda x, i, j: 5 * np.tanh(x / 5))
        w, lse = p.softmax(s, lse=True)
        p.result(w, lse, p.context(w, v))
        yield p.call(shape_label(t, q, k, v))


@case("sinks with all keys masked", core=True)
def sinks_only(rng):
    for t in TYPES:
        for allowed in (0, 2, 9):
            p = program(t)
            q, k, v = qkv(p, rng, t, (2, 3), 5, 9)
            sinks = p.arg(np.array([0.5, -3.0, 40.0]), p.compute)
            n = p.scalar(allowed, "i32")
            first = iset("n - j - 1 >= 0", lambda j, n, **_: j < n, n=n)
            s = p.mask(p.dot(q, k, scaled=True), first)
            w, lse = p.softmax(s, sinks=sinks, lse=True)
            p.result(w, lse, p.context(w, v))
            yield p.call(f"{shape_label(t, q, k, v)}, {allowed} live keys")
    # Sinks of each rank and broadcast; one of -inf is none.
    for values, static in (([[0.5], [-1.0]], (1,)), ([[1.0, 2.0, -np.inf]], (0,)), (0.25, ())):
        p = program("f32")
        q, k, v = qkv(p, rng, "f32", (2, 3), 5, 9)
        sinks = p.arg(np.array(values), "f32", static)
        rows = iset("i - 1 >= 0", lambda i, **_: i >= 1)
        attention(p, q, k, v, sinks=sinks, change=lambda s: p.mask(s, rows))
        yield p.call(f"{shape_label('f32', q, k, v)}, sinks {values}")


@case("log-sum-exp is natural, of the scaled, masked and modified score")
def natural_lse(rng):
    for t in TYPES:
        p = program(t)
        q, k, v = qkv(p, rng, t, (2,), 5, 9)
        causal = iset("i - j >= 0", lambda i, j, **_: i >= j)
        s = p.mask(p.dot(q, k, scaled=True), causal)
        s = p.modify(s, "%c = arith.constant 3.0 : $T\n%y = arith.addf %x, %c : $T\n"
                     "attention.yield %y : $T", lambda x, b, i, j: x + 3)
        _, lse = p.softmax(s, lse=True)
        p.result(lse)
        yield p.call(shape_label(t, q, k, v))
    # One key of score 0: log-sum-exp exactly 0; n equal keys: log n.
    for n in (1, 2, 1000):
        p = program("f32")
        q, k = p.arg(np.zeros((3, 4)), "f32"), p.arg(np.zeros((n, 4)), "f32")
        w, lse = p.softmax(p.dot(q, k), lse=True)
        p.result(w, lse, exact=n == 1)
        yield p.call(f"{n} keys of score 0")
