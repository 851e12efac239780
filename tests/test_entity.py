"""What entities there are."""

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    snapshot_platform,
)
from syrupy.assertion import SnapshotAssertion

from custom_components.prodatakey import PLATFORMS
from homeassistant.const import MAJOR_VERSION, MINOR_VERSION, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .common import CONNECTION, wait_until


@pytest.mark.skipif(
    (MAJOR_VERSION, MINOR_VERSION) < (2026, 11),
    reason="Home Assistant itself describes entities in another way then",
)
@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.usefixtures("pdk")
async def test_entities(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
    snapshot: SnapshotAssertion,
    monkeypatch: pytest.MonkeyPatch,
    platform: Platform,
) -> None:
    """Names, classes, categories and unique ids of all, also of what is disabled."""
    enabled = "homeassistant.helpers.entity.Entity.entity_registry_enabled_default"
    monkeypatch.setattr(enabled, True)
    monkeypatch.setattr("custom_components.prodatakey.PLATFORMS", [platform])
    await hass.config_entries.async_setup(entry.entry_id)
    await wait_until(lambda: not hass.states.is_state(CONNECTION, "unknown"))
    await snapshot_platform(hass, entity_registry, snapshot, entry.entry_id)
