"""What must be related, whatever the numbers: results of the compiled programs
against each other, on a seeded grid of random programs. The oracle gives the
tolerances (and the expected values, once more) but not what is compared."""

import numpy as np

from program import Program, iset

from . import TYPES, Finding, Relation, case, compute_type

CHANGES = ("none", "keep", "bias", "keep and bias", "softcap", "keep, softcap, bias", "causal", "sinks")


def grid(rng, count=16, masks=CHANGES):
    """Random inputs: (type, kind of change, arrays)."""
    for n in range(count):
        element, change = TYPES[n % 4], masks[n % len(masks)]
        heads, group = (1, 2, 4)[rng.integers(3)], (1, 2)[rng.integers(2)]
        nq, nkv = rng.integers(1, 20), rng.integers(2, 90)
        d, dv = rng.integers(1, 20), rng.integers(1, 9)
        heads *= group
        yield element, change, {
            "q": rng.normal(size=(2, heads, nq, d)),
            "k": rng.normal(size=(2, heads // group, nkv, d)),
            "v": rng.normal(size=(2, heads // group, nkv, dv)),
            "keep": rng.random((2, heads, nq, nkv)) < 0.7,
            "bias": np.where(rng.random((2, heads, nq, nkv)) < 0.1, -np.inf, rng.normal(size=(2, heads, nq, nkv))),
            "offset": int(rng.integers(-3, nkv)),
            "sinks": rng.normal(size=heads),
            "shift": np.zeros((2, heads, nq, 1)),
        }


def build(element, change, x):
    """One call: context, log-sum-exp and weights; a constant a row is added."""
    p = Program(compute_type(element))
    q, k, v = (p.arg(x[n], element) for n in "qkv")
    keep, bias = p.arg(x["keep"], "i1"), p.arg(x["bias"], "f16")
    offset = p.scalar(x["offset"], "i64")
    sinks = p.arg(x["sinks"], p.compute)
    shift = p.arg(x["shift"], p.compute, static=(3,))
    s = p.dot(q, k, scaled=True)
    if "keep" in change:
        s = p.mask(s, keep=keep)
    if "softcap" in change:
        s = p.modify(s, "%c = arith.constant 2.0 : $T\n%d = arith.divf %x, %c : $T\n%t = math.tanh %d : $T\n"
                     "%y = arith.mulf %t, %c : $T\nattention.yield %y : $T", lambda x, b, h, i, j: 2 * np.tanh(x / 2))
    if "bias" in change:
        s = p.mask(s, bias=bias)
    if "causal" in change:
        s = p.mask(s, iset("i + o - j >= 0", lambda i, j, o, **_: i + o >= j, o=offset))
    s = p.mask(s, bias=shift)
    w, lse = p.softmax(s, sinks=sinks if change == "sinks" else None, lse=True)
    p.result(p.context(w, v, p.compute), lse, w)
    shape = " ".join(f"{n} {'x'.join(map(str, np.shape(x[n])))}" for n in "qkv")
    return p.call(f"{element}, {change}, {shape}")


def tolerances(*calls):
    """Of context and log-sum-exp, where calls are compared with each other."""
    return [sum(c.expected[n].tolerance for c in calls) for n in range(2)]


def select(x, keys):
    """The inputs with these keys only, in this order."""
    y = dict(x)
    for name, axis in (("k", -2), ("v", -2), ("keep", -1), ("bias", -1)):
        y[name] = np.take(x[name], keys, axis)
    return y


@case("metamorphic: keys permuted with their values", core=True)
def permuted(rng):
    for element, change, x in grid(rng, masks=CHANGES[:6] + ("sinks",)):
        order = rng.permutation(x["k"].shape[-2])
        calls = [build(element, change, x), build(element, change, select(x, order))]
        tolerance = tolerances(*calls)

        def check(results, order=order, tolerance=tolerance, calls=calls):
            (o, lse, w), (o2, lse2, w2) = results
            return [Finding("context", o2, o, tolerance[0]), Finding("log-sum-exp", lse2, lse, tolerance[1]),
                    Finding("weights", w2, w[..., order],
                            calls[0].expected[2].tolerance[..., order] + calls[1].expected[2].tolerance)]

        yield Relation(calls[0].label, calls, check)


@case("metamorphic: a constant added to a row of scores", core=True)
def shifted(rng):
    for element, change, x in grid(rng, masks=CHANGES[:7]):
        constants = rng.normal(size=x["shift"].shape) * 10
        calls = [build(element, change, x), build(element, change, {**x, "shift": constants})]
        constants = calls[1].inputs[-1].data
        tolerance = tolerances(*calls)

        def check(results, constants=constants, tolerance=tolerance):
            (o, lse, _), (o2, lse2, _) = results
            return [Finding("context", o2, o, tolerance[0]),
                    Finding("log-sum-exp", lse2, lse + constants[..., 0].astype(float), tolerance[1])]

        yield Relation(calls[0].label, calls, check)


@case("metamorphic: keys split and merged by log-sum-exp", core=True)
def split(rng):
    for element, change, x in grid(rng, masks=CHANGES[:7]):
        nkv = x["k"].shape[-2]
        at = int(rng.integers(0, nkv + 1))
        first, second = select(x, np.arange(at)), select(x, np.arange(at, nkv))
        second["offset"] = x["offset"] - at
        calls = [build(element, change, y) for y in (x, first, second)]
        tolerance = tolerances(*calls)

        def check(results, tolerance=tolerance):
            (o, lse, _), (o1, lse1, _), (o2, lse2, _) = results
            both = np.logaddexp(lse1, lse2)
            part = lambda l: np.where(np.isneginf(l), 0, np.exp(l - np.where(np.isneginf(both), 0, both)))[..., None]
            return [Finding("context", part(lse1) * o1 + part(lse2) * o2, o,
                            tolerance[0] + 2 * (tolerance[1][..., None]) * np.abs(o1 - o2)),
                    Finding("log-sum-exp", both, lse, tolerance[1])]

        yield Relation(f"{calls[0].label}, split at {at}", calls, check)


@case("metamorphic: a key duplicated", core=True)
def duplicated(rng):
    for element, change, x in grid(rng, masks=CHANGES[:6]):
        nkv = x["k"].shape[-2]
        key = int(rng.integers(nkv))
        calls = [build(element, change, x), build(element, change, select(x, [*range(nkv), key]))]
        tolerance = tolerances(*calls)
        v = calls[0].inputs[2].data.astype(float)
        v = np.repeat(v, x["q"].shape[1] // v.shape[1], 1)[:, :, key][:, :, None]

        def check(results, key=key, v=v, tolerance=tolerance):
            (o, lse, w), (o2, lse2, w2) = results
            more = w[..., key]
            return [Finding("context", o2, (o + more[..., None] * v) / (1 + more[..., None]), 2 * tolerance[0]),
                    Finding("log-sum-exp", lse2, lse + np.log1p(more), 2 * tolerance[1]),
                    Finding("the copies' weights", w2[..., key], w2[..., -1], np.zeros_like(more))]

        yield Relation(f"{calls[0].label}, key {key} again", calls, check)


@case("metamorphic: a masked key changes nothing, whatever it holds", core=True)
def irrelevant(rng):
    for element, change, x in grid(rng, masks=("keep", "keep, softcap", "keep and bias")):
        key = int(rng.integers(x["k"].shape[-2]))
        x["keep"][..., key] = False
        y = {n: np.copy(a) for n, a in x.items()}
        y["k"][..., key, :] = rng.choice([np.nan, np.inf, 1e4])
        y["v"][..., key, :] = rng.choice([np.nan, np.inf, 1e4])
        y["bias"][..., key] = np.inf
        calls = [build(element, change, z) for z in (x, y)]

        def check(results):
            return [Finding(what, b, a, np.zeros_like(a))
                    for what, a, b in zip(("context", "log-sum-exp", "weights"), *results)]

        yield Relation(f"{calls[0].label}, key {key}", calls, check)


@case("metamorphic: queries permuted, batch elements alone")
def rows_alone(rng):
    for element, change, x in grid(rng, masks=CHANGES[:6]):
        order = rng.permutation(x["q"].shape[-2])
        y = dict(x)
        for name in ("q", "keep", "bias", "shift"):
            y[name] = np.take(x[name], order, 2)
        z = {n: a[1:] if np.ndim(a) == 4 else a for n, a in x.items()}
        calls = [build(element, change, a) for a in (x, y, z)]

        def check(results, order=order):
            found = []
            for what, a, b, c in zip(("context", "log-sum-exp", "weights"), *results):
                found += [Finding(f"{what}, permuted", b, a[:, :, order], np.zeros_like(b)),
                          Finding(f"{what}, alone", c, a[1:], np.zeros_like(c))]
            return found

        yield Relation(calls[0].label, calls, check)
