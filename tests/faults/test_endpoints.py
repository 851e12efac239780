"""Wireless endpoints whose addresses look like something else."""

from homeassistant.helpers import device_registry as dr
from tests.common import PANEL, Json, wait_for_state
from tests.pdk.common import emit

from .site import OTHER_LOCK, Site


def discovered(io_link_id: int, address: str) -> Json:
    """Return the event of an endpoint."""
    link = {"id": io_link_id, "type": "wirelessCoordinator", "name": "wimac"}
    body = {
        "ioLinkId": io_link_id,
        "address": address,
        "ioLink": link,
        "doors": [{"id": 4, "port": 1, "name": "Meeting room"}],
    }
    return {"topic": "endpoint.discovered", "payload": {"body": body}}


async def test_address_that_is_also_a_door(direct: Site) -> None:
    """Test that door 1 stays, and that one address on two links is two endpoints."""
    await direct.set_up()
    await emit(direct.pdk, discovered(1, "1"), discovered(2, "1"))
    await direct.report(4, "relay.on")
    await wait_for_state(direct.hass, OTHER_LOCK, "unlocked")
    devices = dr.async_entries_for_config_entry(
        dr.async_get(direct.hass), direct.entry.entry_id
    )
    names = {
        identifier: device.name
        for device in devices
        for _, identifier in device.identifiers
    }
    assert names[f"{PANEL}_1"] == "Front door"
    assert {f"{PANEL}_endpoint_1_1", f"{PANEL}_endpoint_2_1"} <= set(names)
