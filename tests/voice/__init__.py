"""The doors by voice: through Home Assistant's own assistants."""
