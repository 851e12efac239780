"""Home Assistant with a panel, and an automation that is made from a blueprint."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
import re
from typing import Any

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
from tests.common import PANEL, PROJECT, Json, act, state_of, wait_until
from tests.simulator_process import SimulatedPdk

BLUEPRINTS = sorted((PROJECT / "blueprints").rglob("*.yaml"))
# Only Home Assistant's clock could be put forward, and not that of the panel.
PAUSE = re.compile(r"(- delay:\s+)minutes: 1$", re.MULTILINE)
SHORT_PAUSE = r"\1milliseconds: 50"


def notify(message: str) -> list[Json]:
    """Return actions that notify everybody."""
    return [{"action": "notify.everybody", "data": {"message": message}}]


class Home:
    """A home with a panel, where everybody can be notified."""

    def __init__(self, hass: HomeAssistant, pdk: SimulatedPdk, folder: Path) -> None:
        """Initialize the home with a folder that has the blueprints."""
        self.hass = hass
        self.pdk = pdk
        self._folder = str(folder)
        self._calls = async_mock_service(hass, "notify", "everybody")

    async def automate(self, blueprint: str, **inputs: object) -> None:
        """Set up an automation, with a blueprint's pauses of a minute made short."""
        self.hass.config.config_dir = self._folder
        use = {"path": f"prodatakey/{blueprint}.yaml", "input": inputs}
        config: Json = {AUTOMATION: {"alias": "Ours", "use_blueprint": use}}
        assert await async_setup_component(self.hass, AUTOMATION, config)
        await self.hass.async_block_till_done()
        assert state_of(self.hass, "automation.ours").state == STATE_ON

    @property
    def messages(self) -> list[str]:
        """Return the messages that everybody has received."""
        return [call.data["message"] for call in self._calls]

    async def message(self, count: int = 1) -> str:
        """Wait for so many messages, and return the last one."""
        await wait_until(lambda: len(self._calls) >= count)
        assert len(self._calls) == count
        return self.messages[-1]

    async def commands(self) -> list[tuple[str, int]]:
        """Return topic and door of each command that the panel has received."""
        received = await self.pdk.commands(PANEL, wait=0)
        return [(each["topic"], each["body"]["doorId"]) for each in received]

    def rename(self, entity_id: str, name: str) -> None:
        """Give the device of an entity another name, as a user does."""
        entity = er.async_get(self.hass).async_get(entity_id)
        assert entity and entity.device_id
        registry = dr.async_get(self.hass)
        registry.async_update_device(entity.device_id, name_by_user=name)


@pytest.fixture
async def home(
    hass: HomeAssistant, panel: SimulatedPdk, hass_storage: Json, tmp_path: Path
) -> AsyncIterator[Home]:
    """Return a home with the blueprints; turn its automation off at the end."""
    folder = tmp_path / "blueprints" / "automation" / "prodatakey"
    folder.mkdir(parents=True)
    for blueprint in BLUEPRINTS:
        text = PAUSE.sub(SHORT_PAUSE, blueprint.read_text(encoding="utf-8"))
        (folder / blueprint.name).write_text(text, encoding="utf-8")
    yield Home(hass, panel, tmp_path)
    await act(hass, "automation.turn_off", "automation.ours")


@dataclass(frozen=True)
class Phone:
    """A phone with Home Assistant's app."""

    device_id: str
    calls: list[ServiceCall]

    async def notification(self, count: int = 1) -> Any:
        """Wait for so many notifications, and return the last one."""
        await wait_until(lambda: len(self.calls) >= count)
        assert len(self.calls) == count
        return self.calls[-1].data


@pytest.fixture
async def phone(hass: HomeAssistant) -> Phone:
    """Set up a phone with the app."""
    entry = MockConfigEntry(
        domain="mobile_app",
        data={
            "app_data": {"push_token": "token", "push_url": "http://127.0.0.1/push"},
            **dict.fromkeys(("app_id", "app_name", "model", "os_name"), "app"),
            **dict.fromkeys(("app_version", "os_version", "manufacturer"), "1"),
            **dict.fromkeys(("device_id", "webhook_id"), "phone"),
            "device_name": "Amelia's phone",
            "supports_encryption": False,
            "user_id": (await hass.auth.async_create_user("Amelia")).id,
        },
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    calls = async_mock_service(hass, "notify", "mobile_app_amelia_s_phone")
    return Phone(device.id, calls)
