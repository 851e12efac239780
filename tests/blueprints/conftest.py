"""Home Assistant with the blueprints in its configuration folder."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
import re

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_mock_service,
)

from homeassistant.components.automation import DOMAIN as AUTOMATION
from homeassistant.const import STATE_ON
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from tests.common import Json, state_of

BLUEPRINTS = Path(__file__).parents[2] / "blueprints"

# A minute takes so long here, in milliseconds.
MINUTE = 50
PAUSE = re.compile(
    r"((?:delay|timeout):\s+)(minutes: (?P<minutes>[\d.]+)|minutes: .+|seconds: 3)$",
    re.MULTILINE,
)

type Automate = Callable[..., Awaitable[None]]


def rename(hass: HomeAssistant, entity_id: str, name: str) -> None:
    """Rename the device of an entity, as a user does."""
    entity = er.async_get(hass).async_get(entity_id)
    assert entity
    assert entity.device_id
    dr.async_get(hass).async_update_device(entity.device_id, name_by_user=name)


@pytest.fixture
async def automate(hass: HomeAssistant, tmp_path: Path) -> AsyncIterator[Automate]:
    """Return a function that creates an automation from a blueprint.

    Its delays are shortened, as the panel's clock cannot be moved.
    """
    folder = tmp_path / "blueprints" / "automation" / "prodatakey"
    folder.mkdir(parents=True)
    for blueprint in BLUEPRINTS.rglob("*.yaml"):
        text = blueprint.read_text(encoding="utf-8")
        text = PAUSE.sub(
            lambda pause: (
                f"{pause[1]}milliseconds: {MINUTE * float(pause['minutes'] or 1)}"
            ),
            text,
        )
        (folder / blueprint.name).write_text(text, encoding="utf-8")

    async def make(name: str, **inputs: object) -> None:
        """Set up the automation."""
        hass.config.config_dir = str(tmp_path)
        assert await async_setup_component(hass, "persistent_notification", {})
        use = {"path": f"prodatakey/{name}.yaml", "input": inputs}
        config: Json = {AUTOMATION: {"alias": "Ours", "use_blueprint": use}}
        assert await async_setup_component(hass, AUTOMATION, config)
        await hass.async_block_till_done()
        assert state_of(hass, "automation.ours").state == STATE_ON

    yield make
    await hass.services.async_call(
        AUTOMATION, "turn_off", {"entity_id": "automation.ours"}, blocking=True
    )


@pytest.fixture
def notifications(hass: HomeAssistant) -> list[ServiceCall]:
    """Return the calls of the action that the tests give to blueprints."""
    return async_mock_service(hass, "notify", "everybody")


@pytest.fixture
async def phone(hass: HomeAssistant) -> str:
    """Set up a phone with the Home Assistant app; return its device's id."""
    entry = MockConfigEntry(
        domain="mobile_app",
        data={
            "app_data": {"push_token": "token", "push_url": "http://127.0.0.1/push"},
            "app_id": "app",
            "app_name": "Home Assistant",
            "app_version": "1",
            "device_id": "phone",
            "device_name": "Amelia's phone",
            "manufacturer": "Phones",
            "model": "Phone",
            "os_name": "Phone OS",
            "os_version": "1",
            "supports_encryption": False,
            "user_id": (await hass.auth.async_create_user("Amelia")).id,
            "webhook_id": "phone",
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return device.id


@pytest.fixture
def phone_notifications(hass: HomeAssistant, phone: str) -> list[ServiceCall]:
    """Return the notifications of the phone."""
    return async_mock_service(hass, "notify", "mobile_app_amelia_s_phone")
