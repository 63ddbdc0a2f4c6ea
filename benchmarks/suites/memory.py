"""The most memory that a call takes beyond its inputs, at 4096 and 16384 tokens."""

from harness.case import Case

CASES = [Case("memory", heads=1, queries=n, head_dim=64, causal=causal, measure="memory")
         for n in (4096, 16384) for causal in (False, True)]
