"""Adds the stand-in phone when Home Assistant starts."""

from typing import Any

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult

from .const import DOMAIN, PHONE


class DemoPhoneFlow(ConfigFlow, domain=DOMAIN):
    """Handle the import of the only phone."""

    async def async_step_import(self, _: dict[str, Any] | None) -> ConfigFlowResult:
        """Create the entry."""
        return self.async_create_entry(title=PHONE, data={})
