"""The benchmarks as tests."""
