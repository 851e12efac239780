"""The blueprints, run by Home Assistant against the simulated panel."""
