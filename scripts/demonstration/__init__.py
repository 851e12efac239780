"""The demo: Home Assistant with the integration, on simulated panels. `scripts/demo` runs it."""
