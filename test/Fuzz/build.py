"""Makes the program of a Spec, its inputs and what must come out.

The operations and their meaning to the oracle are those of ../Integration/program.py;
here is what is random about them. Every choice is made by a generator seeded from
the spec, so that dropping a part of a spec leaves the rest as it was.
"""

import pathlib
import sys
import zlib

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "Integration"))

import layouts  # noqa: E402
import masks  # noqa: E402
import modifiers  # noqa: E402
from program import Program  # noqa: E402
from spec import Spec  # noqa: E402


def generator(spec: Spec, role: str) -> np.random.Generator:
    return np.random.default_rng([spec.seed, zlib.crc32(role.encode())])


class Builder:
    def __init__(self, spec: Spec):
        self.spec = spec
        self.p = Program(spec.compute, dynamic=spec.dynamic != "none")

    def static(self, role: str, rank: int, always=()) -> tuple:
        """Axes whose extents are in the type."""
        some = ()
        if self.spec.dynamic == "some":
            some = np.flatnonzero(generator(self.spec, "static " + role).random(rank) < 0.5)
        return tuple(int(a) for a in {*some, *always})

    def input(self, name: str, data, element: str, always=()):
        """A tensor argument in the layout that the spec has for it."""
        rng = generator(self.spec, "layout " + name)
        layout = self.spec.layouts.get(name, "plain")
        return layouts.place(self.p, rng, layout, data, element, self.static(name, data.ndim, always))

    def numbers(self, role: str, shape) -> np.ndarray:
        rng = generator(self.spec, role)
        x = rng.normal(size=shape)
        if role in ("q", "k"):
            x *= {"normal": rng.choice((0.3, 1)), "large": 30, "equal": 1}[self.spec.scores_of]
            if self.spec.scores_of == "equal":
                x = np.rint(x)
        return x

    def values(self, s, shape) -> np.ndarray:
        x = self.numbers("v", shape)
        live = s.data.value[s.data.live]
        # Where weights underflow, what becomes of such values is unspecified.
        if self.spec.values_of == "normal" or live.size and not np.ptp(live) < 60:
            return x
        rng = generator(self.spec, "not finite")
        return np.where(rng.random(shape) < 0.02, rng.choice((np.nan, np.inf, -np.inf), size=shape), x)

    def scores(self, q, k):
        spec, p = self.spec, self.p
        rng = generator(spec, "score")
        if spec.score == "scale":
            return p.dot(q, k, scale=p.scalar(rng.choice((0.0, -0.5, 0.125, 1.0)), spec.compute))
        if spec.score == "bilinear":
            w = rng.normal(size=(q.data.shape[-1], k.data.shape[-1])) / max(spec.d, 1)
            return p.bilinear(q, k, p.arg(w, spec.elements[0], self.static("w", 2)))
        if spec.score == "additive":
            h = int(rng.choice((1, 3, 8, 16, 17)))
            wq, wk, v, b = (p.arg(rng.normal(size=s), spec.elements[0], self.static(f"additive {n}", len(s)))
                            for n, s in enumerate(((h, q.data.shape[-1]), (h, k.data.shape[-1]), (h,), (h,))))
            return p.additive(q, k, wq, wk, v, bias=b if rng.random() < 0.5 else None)
        if spec.score == "memory":
            x = self.numbers("q", (*spec.batch, spec.nq, spec.nkv))
            x[rng.random(x.shape) < rng.choice((0, 0.1, 0.7))] = -np.inf
            return p.scores(x)
        if spec.score == "combine":
            return modifiers.combine(p, rng, q, k, spec.elements[0], self.static("parameter", 1))
        return p.dot(q, k, scaled=spec.score == "scaled")

    def build(self):
        spec, p = self.spec, self.p
        rng = generator(spec, "shapes")
        dk = spec.d
        if spec.score in ("bilinear", "additive"):
            dk = max(spec.d + int(rng.integers(-1, 2)), 1)
        ones = [n for n, (a, b) in enumerate(zip(spec.kv_batch, spec.batch)) if a == 1 != b]
        q = self.input("q", self.numbers("q", (*spec.batch, spec.nq, spec.d)), spec.elements[0])
        k = self.input("k", self.numbers("k", (*spec.kv_batch, spec.nkv, dk)), spec.elements[1], ones)
        s = self.scores(q, k)
        scores = [s]
        for kind, seed, dropped in spec.changes:
            rng = np.random.default_rng(seed)
            if kind == "modify":
                s = modifiers.modify(p, rng, s)
            else:
                s = masks.mask(p, rng, s, kind, spec.dynamic == "some", dropped)
            scores.append(s)
        v = self.input("v", self.values(s, (*spec.kv_batch, spec.nkv, spec.dv)), spec.elements[2], ones)
        sinks = None
        if spec.sinks:
            rng = generator(spec, "sinks")
            rank = int(rng.integers(0, len(spec.batch) + 1))
            shape = spec.batch[len(spec.batch) - rank:]
            sinks = p.arg(rng.normal(size=shape), spec.compute, self.static("sinks", rank))
        if spec.normaliser == "none":
            w, lse = p.as_weights(s), None
        else:
            w, lse = p.softmax(s, sinks=sinks, lse=spec.lse)
        o = p.context(w, v, spec.elements[3])
        if spec.layouts.get("o") == "transposed":
            o = layouts.transpose(p, generator(spec, "layout o"), o)
        readings = []
        for name in spec.readings:
            kind, _, count = name.partition(" ")
            readings += p.top_k(w, int(count)) if count else [getattr(p, kind)(w)]
        p.result(o, *([lse] if lse else []), *([w] if spec.weights else []), *readings)
        if spec.scores_used:
            p.result(scores[generator(spec, "used").integers(len(scores))])
        return p.call(str(spec))


def build(spec: Spec):
    with np.errstate(all="ignore"):
        return Builder(spec).build()
