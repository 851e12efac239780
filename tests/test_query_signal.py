"""A user queries the signal of a wireless endpoint by its device."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er

from .common import (
    ENDPOINT,
    FRONT,
    PANEL,
    SIGNAL,
    ask,
    raises_error,
    sent,
    setup_integration,
    wait_for_state,
)
from .simulator_process import SimulatedPdk


@pytest.fixture
async def device_id(hass: HomeAssistant, panel: SimulatedPdk) -> str:
    """Discover the endpoints; return the device of the meeting room's."""
    await ask(hass, "discover_endpoints", wait=1)
    entity = er.async_get(hass).async_get(SIGNAL)
    assert entity and entity.device_id
    return entity.device_id


async def test_device(hass: HomeAssistant, device_id: str) -> None:
    """Only this endpoint is queried, and its sensor updated."""
    (signal,) = await ask(hass, "query_signal", endpoint=device_id)
    assert (signal["io_link_id"], signal["address"]) == (1, ENDPOINT)
    await wait_for_state(hass, SIGNAL, str(signal["db_gain"]))


async def test_rejected(
    hass: HomeAssistant, panel: SimulatedPdk, device_id: str
) -> None:
    """The error names the endpoint as the user does."""
    await panel.faults(PANEL, commands={"refuse": "No."})
    with raises_error("command_rejected", name="Endpoint Meeting room", reason="No."):
        await ask(hass, "query_signal", endpoint=device_id)
    dr.async_get(hass).async_update_device(device_id, name_by_user="Radio")
    with raises_error("command_rejected", name="Radio"):
        await ask(hass, "query_signal", endpoint=device_id)


async def test_address_of_an_unknown_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk
) -> None:
    """The error has its address."""
    await panel.faults(PANEL, commands={"refuse": "No."})
    with raises_error("command_rejected", name="0013a200400affff"):
        await ask(hass, "query_signal", io_link_id=1, address="0013a200400affff")


async def test_not_an_endpoint(
    hass: HomeAssistant, panel: SimulatedPdk, device_id: str
) -> None:
    """A door, and a device that does not exist, cannot be queried."""
    door = er.async_get(hass).async_get(FRONT)
    assert door and door.device_id
    for other in (door.device_id, "gone"):
        with raises_error("unknown_endpoint", panel="Headquarters"):
            await ask(hass, "query_signal", endpoint=other)
    assert await sent(panel) == ["endpoint.discover"]


async def test_device_and_address(
    hass: HomeAssistant, panel: SimulatedPdk, device_id: str
) -> None:
    """It is one or the other."""
    with raises_error("endpoint_incomplete"):
        await ask(hass, "query_signal", endpoint=device_id, address=ENDPOINT)


async def test_restart(
    hass: HomeAssistant, entry: MockConfigEntry, device_id: str
) -> None:
    """The endpoint is known without another discovery."""
    await setup_integration(hass, entry)
    (signal,) = await ask(hass, "query_signal", endpoint=device_id)
    assert signal["address"] == ENDPOINT
