"""Tests of the simulated pdk.io."""
