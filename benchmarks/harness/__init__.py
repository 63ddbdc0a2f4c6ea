"""The machinery of benchmarks/run and benchmarks/sweep."""
