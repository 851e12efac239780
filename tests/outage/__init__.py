"""A cable that is pulled while a whole Home Assistant sends commands."""
