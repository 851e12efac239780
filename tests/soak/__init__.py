"""Tests of what is left after very many events, reconnects, renewals and reloads."""
