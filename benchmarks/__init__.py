"""What the integration costs, measured: `python -m benchmarks`, or scripts/bench."""
