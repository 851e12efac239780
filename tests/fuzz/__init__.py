"""Tests with random and hostile input."""
