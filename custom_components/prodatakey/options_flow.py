"""The form of the options."""

from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_CODE

from .forms import OPTIONS_SCHEMA


class PanelOptionsFlow(OptionsFlow):
    """Handle the options."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Handle the options."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if CONF_CODE in user_input:
                user_input[CONF_CODE] = user_input[CONF_CODE].strip()
            if user_input.get(CONF_CODE) == "":
                errors[CONF_CODE] = "blank_code"
            else:
                return self.async_create_entry(data=user_input)
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(
                OPTIONS_SCHEMA, user_input or self.config_entry.options
            ),
            errors=errors,
        )
