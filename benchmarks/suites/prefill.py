"""Whole sequences, 8 heads: 128 to 4096 tokens, 64 and 128 features, full and causal."""

from harness.case import Case

CASES = [Case("prefill", heads=8, queries=n, head_dim=d, causal=causal, quick=n == 2048 or (n, d, causal) == (512, 64, False))
         for n in (128, 512, 2048, 4096) for d in (64, 128) for causal in (False, True)]
