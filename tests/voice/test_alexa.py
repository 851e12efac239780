"""The doors through Alexa's smart home skill, as Amazon's servers ask."""

from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.common import FRONT, Json, sent, wait_for_state
from tests.simulator_process import SimulatedPdk


async def test_lock_and_unlock(
    hass: HomeAssistant, panel: SimulatedPdk, hass_client: ClientSessionGenerator
) -> None:
    """Alexa locks and unlocks; the PIN is asked for by Amazon, before that."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "alexa", {"alexa": {"smart_home": {}}})
    await hass.async_block_till_done()
    client = await hass_client()

    async def ask(namespace: str, name: str) -> object:
        """Send a directive, and return the state of the lock in the answer."""
        header = {
            "namespace": namespace,
            "name": name,
            "messageId": "1",
            "correlationToken": "1",
            "payloadVersion": "3",
        }
        endpoint = {"endpointId": FRONT.replace(".", "#"), "scope": {}}
        directive: Json = {"header": header, "payload": {}, "endpoint": endpoint}
        response = await client.post(
            "/api/alexa/smart_home", json={"directive": directive}
        )
        properties = (await response.json())["context"]["properties"]
        return next(each["value"] for each in properties if each["name"] == "lockState")

    for name, said, state in (
        ("Unlock", "UNLOCKED", "unlocked"),
        ("Lock", "LOCKED", "locked"),
    ):
        assert await ask("Alexa.LockController", name) == said
        await wait_for_state(hass, FRONT, state)
        assert await ask("Alexa", "ReportState") == said
    assert await sent(panel) == ["door.actuate.open", "door.actuate.close"]
