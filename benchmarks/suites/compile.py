"""How long a kernel takes to compile, caches left out."""

from harness.case import Case

CASES = [Case("compile", heads=8, queries=1024, head_dim=64, causal=causal, measure="compile")
         for causal in (False, True)]
