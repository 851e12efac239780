"""The doors through Assist, and as the servers of Alexa and Google ask."""

from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.components.homeassistant.exposed_entities import async_expose_entity
from homeassistant.setup import async_setup_component
from tests.blueprints.test_voice import say
from tests.common import FRONT, Json, Site

PIN = "4711"


async def test_alexa(site: Site, hass_client: ClientSessionGenerator) -> None:
    """Alexa locks and unlocks; the PIN is asked for by Amazon, before that."""
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(
        site.hass, "alexa", {"alexa": {"smart_home": {}}}
    )
    await site.hass.async_block_till_done()
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
        await site.wait_for_state(FRONT, state)
        assert await ask("Alexa", "ReportState") == said
    assert await site.sent() == ["door.actuate.open", "door.actuate.close"]


async def test_google_assistant(
    site: Site, hass_client: ClientSessionGenerator
) -> None:
    """Google unlocks with Home Assistant's PIN only, and locks without."""
    google = {"project_id": "project", "secure_devices_pin": PIN}
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(
        site.hass, "google_assistant", {"google_assistant": google}
    )
    await site.hass.async_block_till_done()
    client = await hass_client()

    async def execute(lock: bool, **challenge: str) -> Json:
        execution: Json = {
            "command": "action.devices.commands.LockUnlock",
            "params": {"lock": lock},
            "challenge": challenge,
        }
        command = {"devices": [{"id": FRONT}], "execution": [execution]}
        inputs = {
            "intent": "action.devices.EXECUTE",
            "payload": {"commands": [command]},
        }
        response = await client.post(
            "/api/google_assistant", json={"requestId": "1", "inputs": [inputs]}
        )
        result: Json = (await response.json())["payload"]["commands"][0]
        return result

    assert (await execute(lock=False))["challengeNeeded"] == {"type": "pinNeeded"}
    wrong = await execute(lock=False, pin="0000")
    assert wrong["challengeNeeded"] == {"type": "challengeFailedPinNeeded"}
    assert await site.sent() == []
    unlocked = await execute(lock=False, pin=PIN)
    assert unlocked["states"] == {"online": True, "isLocked": False}
    await site.wait_for_state(FRONT, "unlocked")
    locked = await execute(lock=True)
    assert locked["states"] == {"online": True, "isLocked": True}
    assert await site.sent() == ["door.actuate.open", "door.actuate.close"]


async def test_assist(site: Site) -> None:
    """Assist says what is known, and that a command failed, though not why."""
    assert await async_setup_component(site.hass, "homeassistant", {})
    assert await async_setup_component(site.hass, "conversation", {})
    async_expose_entity(site.hass, "conversation", FRONT, True)
    assert await say(site, "is the front door locked?") == "No, unknown"
    assert await say(site, "lock the front door") == "Locking"
    assert await say(site, "is the front door locked?") == "Yes"
    assert await say(site, "unlock the front door") == "Unlocking"
    assert await say(site, "is any door unlocked?") == "Yes, Front door"
    assert await site.sent() == ["door.actuate.close", "door.actuate.open"]
    await site.pdk.faults(commands={"refuse": "The door is in do not disturb."})
    assert await say(site, "lock the front door") == "An unexpected error occurred"
