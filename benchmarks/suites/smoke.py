"""Cases so small that only their correctness says anything: for the test suite."""

import numpy as np

from harness.case import Case

LENGTHS = """  %m = attention.mask_scores %s
      sets(affine_set<(b, h, i, j)[n] : (n - 1 - j >= 0)>[%lengths : tensor<2xi32>])
    : {scores}
"""
EVERYTHING = """  %n = attention.modify_scores %s (%x: f32, %b: index, %h: index, %i: index, %j: index) {{
    %y = math.tanh %x : f32
    attention.yield %y : f32
  }} : {scores}
  %m = attention.mask_scores %n keep(%keep : tensor<1x1x{queries}x{keys}xi1>)
      bias(%bias : tensor<1x{heads}x{queries}x{keys}xf32>)
    : {scores}
"""


def data(case, rng) -> dict:
    return {"bias": rng.standard_normal((1, case.heads, case.queries, case.key_count), np.float32),
            "keep": rng.random((1, 1, case.queries, case.key_count)) < 0.5,
            "sinks": rng.standard_normal(case.heads, np.float32)}


CASES = [
    Case("smoke", batch=2, heads=2, queries=24, head_dim=16, causal=True),
    Case("smoke", heads=2, queries=5, keys=9, head_dim=8, value_dim=4),
    Case("smoke", heads=2, queries=9, head_dim=8, layout="bshd", causal=True),
    Case("smoke", heads=1, queries=7, head_dim=8, dynamic=True, causal=True),
    Case("smoke", batch=2, heads=2, queries=11, head_dim=8, label="lengths", changes=LENGTHS,
         allowed=lambda xp, x, b, h, i, j: j < x["lengths"][b],
         extra_inputs=lambda case, rng: {"lengths": np.array([3, 8], np.int32)},
         reference=Case("smoke", heads=2, queries=11, head_dim=8), reference_by="operations"),
    Case("smoke", heads=2, queries=10, head_dim=8, label="everything", changes=EVERYTHING, extra_inputs=data,
         modify=lambda xp, x, s, b, h, i, j: xp.tanh(s), bias="bias", keep="keep", sinks="sinks",
         outputs=("context", "lse", "weights", "top_weights", "top_keys", "entropy", "column_mass"), reference=Case("smoke", heads=2, queries=10, head_dim=8)),
    Case("smoke", heads=1, queries=12, head_dim=8, measure="memory"),
    Case("smoke", heads=1, queries=13, head_dim=8, measure="compile"),
]
