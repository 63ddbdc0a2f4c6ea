"""What a random program is: plain data, chosen from a seed.

A Spec says which score function, changes, types, extents and layouts a program
has. build.py makes the program and its inputs of it; the numbers in them come from
seeds in the spec, so that a spec is all there is to a failure.
"""

import random
from dataclasses import dataclass, field

# Around the sizes of vectors, register tiles and blocks.
EXTENTS = (1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 66, 77, 127, 128, 129, 130, 200)
FEATURES = (1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 24, 33)

# And "memory", a tensor of scores.
SCORES = {"dot": 8, "scaled": 6, "scale": 4, "bilinear": 3, "additive": 3, "combine": 6}
CHANGES = {"set": 10, "keep": 4, "bias": 4, "where": 4, "modify": 6}
LAYOUTS = {"plain": 8, "transposed": 4, "packed": 3, "every second row": 1, "broadcast": 1}


@dataclass
class Spec:
    seed: int
    elements: tuple  # of q, k, v and the context
    batch: tuple
    kv_batch: tuple
    nq: int
    nkv: int
    d: int
    dv: int
    dynamic: str  # "all", "some" or "none" of the extents
    score: str
    changes: list = field(default_factory=list)  # (kind, seed, parts to leave out)
    layouts: dict = field(default_factory=dict)  # of q, k, v, o; left out: plain
    normaliser: str = "softmax"  # or "none": scores are the weights
    sinks: bool = False
    lse: bool = False
    weights: bool = False
    scores_used: bool = False  # some of them, before or after a change, are a result
    readings: tuple = ()  # of the weights: "top_k K", "entropy", "column_mass"
    scores_of: str = "normal"  # or "large", "equal"
    values_of: str = "normal"  # or "not finite"

    @classmethod
    def from_json(cls, data: dict):
        """Of what dataclasses.asdict and JSON made of one."""
        tuples = {name: tuple(data[name]) for name in ("elements", "batch", "kv_batch", "readings")}
        changes = [(kind, seed, tuple(dropped)) for kind, seed, dropped in data["changes"]]
        return cls(**{**data, **tuples, "changes": changes})

    @property
    def compute(self) -> str:
        return "f64" if "f64" in self.elements[:3] else "f32"

    def __str__(self) -> str:
        q, k, v, o = self.elements
        parts = [f"seed {self.seed}", f"q {q} k {k} v {v} o {o}",
                 f"batch {self.batch} kv {self.kv_batch}",
                 f"nq {self.nq} nkv {self.nkv} d {self.d} dv {self.dv}", f"dynamic {self.dynamic}",
                 f"score {self.score}", "changes " + ", ".join(k for k, *_ in self.changes)]
        parts += [f"{name} {layout}" for name, layout in self.layouts.items()]
        parts += ["normaliser none"] if self.normaliser == "none" else []
        parts += [name for name in ("sinks", "lse", "weights", "scores_used") if getattr(self, name)]
        parts += self.readings
        parts += [x for x in (f"scores {self.scores_of}", f"values {self.values_of}")
                  if not x.endswith("normal")]
        return "; ".join(parts)


def choose(rng: random.Random, weighted: dict):
    return rng.choices(list(weighted), list(weighted.values()))[0]


def random_spec(seed: int) -> Spec:
    rng = random.Random(seed)
    one = rng.choice(("f32", "f32", "f32", "f64", "f16", "bf16"))
    mixed = [rng.choice(("f32", "f16", "bf16", "f64")) for _ in range(4)]
    elements = tuple(mixed) if rng.random() < 0.15 else (one,) * 3 + (mixed[3] if rng.random() < 0.2 else one,)

    def extent() -> int:
        return 0 if rng.random() < 0.02 else rng.choice(EXTENTS)

    nq, nkv = extent(), extent()
    if rng.random() < 0.06:  # enough to be split
        nkv = rng.choice((1000, 1025, 2048, 4100))
    if nq * nkv > 10000:  # NumPy has to keep up
        nq = rng.choice((1, 3, 9, 40) if nkv < 1000 else (1, 2, 5))
    batch = tuple(0 if rng.random() < 0.02 else rng.choice((1, 2, 3, 4))
                  for _ in range(rng.choices((0, 1, 2, 3), (3, 4, 4, 1))[0]))
    kv_batch = list(batch)
    for position, n in enumerate(batch):
        if rng.random() < 0.2:
            kv_batch[position] = 1
    if batch and batch[-1] == 4 and rng.random() < 0.5:
        kv_batch[-1] = 2
    feature = lambda: 0 if rng.random() < 0.02 else rng.choice(FEATURES)
    changes = [(choose(rng, CHANGES), rng.randrange(1 << 30), ())
               for _ in range(rng.choices((0, 1, 2, 3, 4), (3, 6, 4, 2, 1))[0])]
    layouts = {name: layout for name in "qkvo" if (layout := choose(rng, LAYOUTS)) != "plain"}
    weights_are_scores = rng.random() < 0.1
    scores_of = rng.choices(("normal", "large", "equal"), (7, 1, 1))[0]
    values_of = rng.choices(("normal", "not finite"), (8, 1))[0]
    if weights_are_scores:  # of which one that is 0 may be tiny by rounding, and large ones overflow
        scores_of = values_of = "normal"
    spec = Spec(
        seed, elements, batch, tuple(kv_batch), nq, nkv, feature(), feature(),
        dynamic=rng.choice(("all", "some", "none")), score=choose(rng, SCORES), changes=changes,
        layouts=layouts, normaliser="none" if weights_are_scores else "softmax",
        sinks=rng.random() < 0.15 and not weights_are_scores, lse=rng.random() < 0.5 and not weights_are_scores,
        weights=rng.random() < 0.15, scores_of=scores_of, values_of=values_of)
    chances = {f"top_k {rng.choice((1, 2, 3, 8, 16))}": 0.15, "entropy": 0.1, "column_mass": 0.1}
    if weights_are_scores:  # those near 0 have an entropy on one side of it only
        del chances["entropy"]
    spec.readings = tuple(name for name, chance in chances.items() if rng.random() < chance)
    if rng.random() < 0.05:
        spec.score = "memory"
    spec.scores_used = rng.random() < 0.05
    return spec
