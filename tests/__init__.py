"""Tests of the ProdataKey integration and of its simulated panel."""
