"""The most memory that a call takes beyond its inputs, at 16384 tokens."""

from harness.case import Case

CASES = [Case("memory", heads=1, queries=16384, head_dim=64, causal=causal, measure="memory")
         for causal in (False, True)]
