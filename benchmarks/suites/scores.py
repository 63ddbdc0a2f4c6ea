"""Score functions: additive, distances, bilinear; elements are pairs times features."""

from harness.case import Case, Score


def additive_inputs(case, rng) -> dict:
    """Projections that keep the variance, and a last layer for scores of order 1."""
    features = case.head_dim
    normal = lambda *shape: rng.standard_normal(shape, "float32")
    return {"wq": normal(features, features) / features**0.5, "wk": normal(features, features) / features**0.5,
            "wv": normal(features) / features**0.5}


def additive_program(case) -> str:
    square, vector = f"tensor<{case.head_dim}x{case.head_dim}xf32>", f"tensor<{case.head_dim}xf32>"
    return ("  %s = attention.additive_score {q}, {k}, %wq, %wk, %wv\n"
            f"     : {{tq}}, {{tk}}, {square}, {square}, {vector} -> {{scores}}\n")


def additive(xp, x, q, k):
    hidden = (q @ x["wq"].T)[..., :, None, :] + (k @ x["wk"].T)[..., None, :, :]
    return xp.tanh(hidden) @ x["wv"]


def combine(body: str):
    return lambda case: ("  %s = attention.score {q}, {k} combine (%a: f32, %b: f32) {{\n" + body
                         + "  }} : {tq}, {tk} -> {scores}\n")


MANHATTAN = """    %d = arith.subf %a, %b : f32
    %n = math.absf %d : f32
    %r = arith.negf %n : f32
    attention.yield %r : f32
"""
SQUARED = """    %d = arith.subf %a, %b : f32
    %n = arith.mulf %d, %d : f32
    %r = arith.negf %n : f32
    attention.yield %r : f32
"""


def manhattan(xp, x, q, k):
    return -xp.sum(xp.abs(q[..., :, None, :] - k[..., None, :, :]), -1)


def squared(xp, x, q, k):
    """By the product, as everybody would who has a fast one."""
    return (2 * (q @ k.swapaxes(-1, -2)) - xp.sum(q * q, -1)[..., :, None] - xp.sum(k * k, -1)[..., None, :])


def bilinear_inputs(case, rng) -> dict:
    shape = case.head_dim, case.head_dim
    return {"w": rng.standard_normal(shape, "float32") / case.head_dim}


BILINEAR = Score(
    lambda case: ("  %s = attention.bilinear_score {q}, {k}, %w\n"
                  f"     : {{tq}}, {{tk}}, tensor<{case.head_dim}x{case.head_dim}xf32> -> {{scores}}\n"),
    lambda xp, x, q, k: q @ x["w"] @ k.swapaxes(-1, -2),
    project=lambda xp, x, q: xp.matmul(q, x["w"]))
ADDITIVE = Score(additive_program, additive)


def plain(heads: int, queries: int, head_dim: int) -> Case:
    return Case("scores", heads=heads, queries=queries, head_dim=head_dim)


# A distance of 64 features is about 70 or 130: rounding alone makes an error of 1e-5 of it.
CASES = [
    plain(8, 1024, 64),
    *(Case("scores", heads=1, queries=n, head_dim=d, label="additive", score=ADDITIVE, extra_inputs=additive_inputs)
      for n, d in ((512, 64), (2048, 128))),
    Case("scores", heads=1, queries=1024, head_dim=64, label="manhattan", score=Score(combine(MANHATTAN), manhattan),
         tolerance=3e-4),
    Case("scores", heads=8, queries=1024, head_dim=64, label="squared", score=Score(combine(SQUARED), squared),
         tolerance=3e-4, reference=plain(8, 1024, 64)),
    *(Case("scores", heads=8, queries=1024, head_dim=d, label="bilinear", score=BILINEAR, extra_inputs=bilinear_inputs,
           reference=plain(8, 1024, d)) for d in (64, 128)),
]
