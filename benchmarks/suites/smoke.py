"""Cases so small that only their correctness says anything: for the test suite."""

from harness.case import Case

CASES = [
    Case("smoke", batch=2, heads=2, queries=24, head_dim=16, causal=True),
    Case("smoke", heads=2, queries=5, keys=9, head_dim=8, value_dim=4),
    Case("smoke", heads=2, queries=9, head_dim=8, layout="bshd", causal=True),
    Case("smoke", heads=1, queries=7, head_dim=8, dynamic=True, causal=True),
    Case("smoke", heads=1, queries=12, head_dim=8, measure="memory"),
    Case("smoke", heads=1, queries=13, head_dim=8, measure="compile"),
]
