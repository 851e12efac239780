"""What a developer runs: set-up, tests and a demo with a simulated panel."""
