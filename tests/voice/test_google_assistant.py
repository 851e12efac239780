"""The doors through Google Assistant, as Google's servers ask."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.common import PANEL, Json, wait_for_state
from tests.simulator_process import SimulatedPdk

FRONT = "lock.front_door"
PIN = "4711"


class Google:
    """Google's servers."""

    def __init__(self, hass: HomeAssistant, clients: ClientSessionGenerator) -> None:
        """Know where Home Assistant is."""
        self._hass = hass
        self._clients = clients

    async def link(self, **options: object) -> None:
        """Set the integration up, as its documentation says."""
        config = {"google_assistant": {"project_id": "project"} | options}
        assert await async_setup_component(self._hass, "homeassistant", {})
        assert await async_setup_component(self._hass, "google_assistant", config)
        await self._hass.async_block_till_done()
        self._client = await self._clients()

    async def ask(self, intent: str, payload: Json | None = None) -> Json:
        """Ask, and return the payload of the answer."""
        request = {"intent": f"action.devices.{intent}", "payload": payload or {}}
        response = await self._client.post(
            "/api/google_assistant", json={"requestId": "1", "inputs": [request]}
        )
        answer: Json = (await response.json())["payload"]
        return answer

    async def devices(self) -> dict[str, Json]:
        """Return what there is."""
        return {each["id"]: each for each in (await self.ask("SYNC"))["devices"]}

    async def state(self, entity_id: str = FRONT) -> Json:
        """Return what is said of a device."""
        answer = await self.ask("QUERY", {"devices": [{"id": entity_id}]})
        state: Json = answer["devices"][entity_id]
        return state

    async def execute(self, *, lock: bool, pin: str | None = None) -> Json:
        """Lock or unlock; return what became of it."""
        execution: dict[str, Any] = {
            "command": "action.devices.commands.LockUnlock",
            "params": {"lock": lock},
        }
        if pin:
            execution["challenge"] = {"pin": pin}
        command = {"devices": [{"id": FRONT}], "execution": [execution]}
        answer = await self.ask("EXECUTE", {"commands": [command]})
        if "errorCode" in answer:
            return answer
        (result,) = answer["commands"]
        assert result["ids"] == [FRONT]
        return dict(result)


@pytest.fixture
def google(
    hass: HomeAssistant, panel: SimulatedPdk, hass_client: ClientSessionGenerator
) -> Google:
    """Return Google, not linked yet."""
    return Google(hass, hass_client)


async def topics(panel: SimulatedPdk) -> list[str]:
    """Return what the panel was told to do."""
    return [each["topic"] for each in await panel.commands(PANEL, wait=0)]


async def test_sync(google: Google) -> None:
    """Each door is a lock that is locked and unlocked, and no more than that."""
    await google.link()
    devices = await google.devices()
    front = devices[FRONT]
    assert front["type"] == "action.devices.types.LOCK"
    assert front["traits"] == ["action.devices.traits.LockUnlock"]
    assert front["name"]["name"] == "Front door"
    assert front["deviceInfo"]["manufacturer"] == "ProdataKey"
    locks = {entity_id for entity_id in devices if entity_id.startswith("lock.")}
    assert len(locks) == 5
    assert not any(each.startswith(("button.", "event.")) for each in devices)


async def test_query(hass: HomeAssistant, panel: SimulatedPdk, google: Google) -> None:
    """A door of which the panel has told nothing passes for unlocked."""
    await google.link()
    assert await google.state() == {"online": True, "isLocked": False}
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 1, "lock")
    await wait_for_state(hass, FRONT, "locked")
    assert await google.state() == {"online": True, "isLocked": True}
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    assert await google.state() == {"online": True, "isLocked": False}


async def test_an_outage(
    hass: HomeAssistant, panel: SimulatedPdk, google: Google, short_back_off: None
) -> None:
    """A panel that is not there is offline."""
    await google.link()
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, FRONT, "unavailable")
    assert (await google.state())["online"] is False


async def test_unlock_asks_for_the_pin(panel: SimulatedPdk, google: Google) -> None:
    """A missing or wrong one opens nothing; locking needs none."""
    await google.link(secure_devices_pin=PIN)
    missing = await google.execute(lock=False)
    assert missing["errorCode"] == "challengeNeeded"
    assert missing["challengeNeeded"] == {"type": "pinNeeded"}
    wrong = await google.execute(lock=False, pin="0000")
    assert wrong["challengeNeeded"] == {"type": "challengeFailedPinNeeded"}
    assert await topics(panel) == []
    unlocked = await google.execute(lock=False, pin=PIN)
    assert unlocked["status"] == "SUCCESS"
    assert unlocked["states"] == {"online": True, "isLocked": False}
    locked = await google.execute(lock=True)
    assert locked["states"] == {"online": True, "isLocked": True}
    assert await topics(panel) == ["door.actuate.open", "door.actuate.close"]


async def test_no_pin_no_unlock(panel: SimulatedPdk, google: Google) -> None:
    """Without a PIN in Home Assistant's configuration no door opens."""
    await google.link()
    refused = await google.execute(lock=False)
    assert refused["status"] == "ERROR"
    assert refused["errorCode"] == "challengeFailedNotSetup"
    assert await topics(panel) == []


@pytest.mark.parametrize("lock", [True, False])
async def test_a_refusal(panel: SimulatedPdk, google: Google, lock: bool) -> None:
    """Google is told that it failed, however long the panel takes; not why."""
    await google.link(secure_devices_pin=PIN)
    await panel.faults(commands={"refuse": "Not now."}, command_delay=0.5)
    answer = await google.execute(lock=lock, pin=PIN)
    assert answer == {"errorCode": "unknownError"}


async def test_a_refusal_where_states_are_reported(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    google: Google,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant does not wait for the panel then: it reports the state later."""
    await google.link(secure_devices_pin=PIN)
    config = "homeassistant.components.google_assistant.http.GoogleConfig"
    monkeypatch.setattr(f"{config}.should_report_state", True)
    await panel.faults(commands={"refuse": "Not now."}, command_delay=0.5)
    answer = await google.execute(lock=False, pin=PIN)
    assert answer["status"] == "SUCCESS"
    assert answer["states"]["isLocked"] is True
    await wait_for_state(hass, FRONT, "unknown")
