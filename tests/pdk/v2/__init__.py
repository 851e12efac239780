"""Tests of PDK 2.0."""
