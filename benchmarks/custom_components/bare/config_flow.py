"""Home Assistant requires a flow where there are entries; benchmarks add theirs themselves."""

from homeassistant.config_entries import ConfigFlow


class BareConfigFlow(ConfigFlow, domain="bare"):
    """A flow without steps."""
