"""Changes of scores, masks and biases as data, sinks: against the plain kernel's time."""

import numpy as np

from harness.case import Case

CAP = 50.0
SOFTCAP = """  %cap = arith.constant 50.0 : f32
  %m = attention.modify_scores %s (%x: f32, %b: index, %h: index, %i: index, %j: index) {{
    %d = arith.divf %x, %cap : f32
    %t = math.tanh %d : f32
    %y = arith.mulf %t, %cap : f32
    attention.yield %y : f32
  }} : {scores}
"""
ALIBI = """  %m = attention.modify_scores %s (%x: f32, %b: index, %h: index, %i: index, %j: index) {{
    %d = arith.subi %j, %i : index
    %n = arith.index_cast %d : index to i64
    %f = arith.sitofp %n : i64 to f32
    %slope = tensor.extract %slopes[%h] : tensor<8xf32>
    %p = arith.mulf %slope, %f : f32
    %y = arith.addf %x, %p : f32
    attention.yield %y : f32
  }} : {scores}
"""


def changed(head_dim: int, label: str, **fields) -> Case:
    return Case("modifiers", heads=8, queries=2048, head_dim=head_dim, label=label,
                reference=Case("modifiers", heads=8, queries=2048, head_dim=head_dim),
                **fields)


BIAS = """  %m = attention.mask_scores %s bias(%bias : tensor<1x{heads}x{queries}x{keys}xf32>)
    : {scores}
"""
SHARED_BIAS = """  %m = attention.mask_scores %s bias(%bias : tensor<1x1x{queries}x{keys}xf32>)
    : {scores}
"""
SHARED_KEEP = """  %m = attention.mask_scores %s keep(%keep : tensor<1x1x{queries}x{keys}xi1>)
    : {scores}
"""

CASES = [case for d in (64, 128) for case in (
    Case("modifiers", heads=8, queries=2048, head_dim=d),
    changed(d, "softcap", changes=SOFTCAP, modify=lambda xp, x, s, b, h, i, j: CAP * xp.tanh(s / CAP),
         hints={"softcap": CAP}),
    changed(d, "alibi", changes=ALIBI, modify=lambda xp, x, s, b, h, i, j: s + x["slopes"][h] * (j - i), modify_adds=True,
         extra_inputs=lambda c, rng: {"slopes": np.float32(2.0) ** -np.arange(1, 9, dtype=np.float32)}),
    # One for each head, and one for all.
    changed(d, "bias", changes=BIAS, bias="bias",
         extra_inputs=lambda c, rng: {"bias": rng.standard_normal((1, c.heads, c.queries, c.key_count), np.float32)}),
    changed(d, "bias-shared", changes=SHARED_BIAS, bias="bias",
         extra_inputs=lambda c, rng: {"bias": rng.standard_normal((1, 1, c.queries, c.key_count), np.float32)}),
    # Nine of ten pairs, without any order: nothing can be skipped.
    changed(d, "keep", changes=SHARED_KEEP, keep="keep",
         extra_inputs=lambda c, rng: {"keep": rng.random((1, 1, c.queries, c.key_count), np.float32) < 0.9}),
    changed(d, "sinks", sinks="sinks",
         extra_inputs=lambda c, rng: {"sinks": rng.standard_normal(8, np.float32)}),
)]
