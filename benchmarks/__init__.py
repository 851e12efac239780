"""Measure what the integration costs: `python -m benchmarks`, or scripts/bench."""
