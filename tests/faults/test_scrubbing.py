"""What the panel repeats of a secret is not repeated any further."""

import json
import logging

import pytest

from custom_components.prodatakey.diagnostics import async_get_config_entry_diagnostics
from homeassistant.exceptions import HomeAssistantError
from tests.common import PANEL
from tests.pdk.common import send_frame, set_constants

from .site import Site


@pytest.mark.parametrize("how", ["end of the connection", "rejected command"])
async def test_token_in_a_text_of_the_panel(
    direct: Site, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Test that it is in no log, no error and no diagnostics."""
    caplog.set_level(logging.DEBUG, "custom_components.prodatakey")
    tokens: list[str] = []

    def lifetime(token: str) -> float:
        tokens.append(token)
        return 300.0

    set_constants(direct.monkeypatch, jwt_lifetime=lifetime)
    await direct.set_up()
    text, shown = f"{tokens[-1]} is not valid", ""
    if how == "rejected command":
        await direct.pdk.faults(PANEL, commands={"refuse": text})
        with pytest.raises(HomeAssistantError) as rejected:
            await direct.unlock()
        shown = f"{rejected.value} {rejected.value.translation_placeholders}"
    else:
        await send_frame(direct.pdk, f"44{json.dumps(text)}")
        await direct.wait_disconnected()
        await direct.wait_connected()
    diagnostics = await async_get_config_entry_diagnostics(direct.hass, direct.entry)
    assert tokens[0][:40] not in f"{shown} {json.dumps(diagnostics, default=str)}"
    assert tokens[0][:40] not in caplog.text
