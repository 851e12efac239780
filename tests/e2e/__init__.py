"""A user in a browser, with a whole Home Assistant and the simulated panel."""
