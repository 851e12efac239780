"""Tests of the integration while the network, a server or this machine fails."""
