"""The doors through Alexa's smart home skill, as Amazon's servers ask."""

import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from tests.common import PANEL, Json, wait_for_state
from tests.simulator_process import SimulatedPdk

FRONT = "lock.front_door"


class Alexa:
    """Amazon's servers."""

    def __init__(self, hass: HomeAssistant, clients: ClientSessionGenerator) -> None:
        """Know where Home Assistant is."""
        self._hass = hass
        self._clients = clients

    async def link(self, **options: object) -> None:
        """Set the integration up, as its documentation says."""
        config = {"alexa": {"smart_home": options}}
        assert await async_setup_component(self._hass, "homeassistant", {})
        assert await async_setup_component(self._hass, "alexa", config)
        await self._hass.async_block_till_done()
        self._client = await self._clients()

    async def ask(self, namespace: str, name: str, door: str | None = FRONT) -> Json:
        """Send a directive, and return the answer."""
        header = {
            "namespace": namespace,
            "name": name,
            "messageId": "1",
            "correlationToken": "1",
            "payloadVersion": "3",
        }
        directive: Json = {"header": header, "payload": {}}
        if door:
            directive["endpoint"] = {"endpointId": door.replace(".", "#"), "scope": {}}
        response = await self._client.post(
            "/api/alexa/smart_home", json={"directive": directive}
        )
        answer: Json = await response.json()
        return answer

    async def state(self) -> dict[str, object]:
        """Return what is said of the door."""
        return properties(await self.ask("Alexa", "ReportState"))


def properties(answer: Json) -> dict[str, object]:
    """Return the properties in an answer."""
    return {each["name"]: each["value"] for each in answer["context"]["properties"]}


@pytest.fixture
def alexa(
    hass: HomeAssistant, panel: SimulatedPdk, hass_client: ClientSessionGenerator
) -> Alexa:
    """Return Alexa, not linked yet."""
    return Alexa(hass, hass_client)


async def test_discovery(alexa: Alexa) -> None:
    """A door is a smart lock: that is what makes Alexa ask for a PIN, on Amazon's side."""
    await alexa.link()
    answer = await alexa.ask("Alexa.Discovery", "Discover", None)
    endpoints = {
        each["endpointId"]: each for each in answer["event"]["payload"]["endpoints"]
    }
    front = endpoints["lock#front_door"]
    assert front["displayCategories"] == ["SMARTLOCK"]
    assert front["friendlyName"] == "Front door"
    assert "Alexa.LockController" in {
        each["interface"] for each in front["capabilities"]
    }


async def test_state(hass: HomeAssistant, panel: SimulatedPdk, alexa: Alexa) -> None:
    """A door of which the panel has told nothing passes for jammed."""
    await alexa.link()
    assert (await alexa.state())["lockState"] == "JAMMED"
    await panel.act(PANEL, 1, "hold")
    await wait_for_state(hass, FRONT, "unlocked")
    assert (await alexa.state())["lockState"] == "UNLOCKED"
    await panel.act(PANEL, 1, "lock")
    await wait_for_state(hass, FRONT, "locked")
    assert (await alexa.state())["lockState"] == "LOCKED"


async def test_an_outage(
    hass: HomeAssistant, panel: SimulatedPdk, alexa: Alexa, short_back_off: None
) -> None:
    """A panel that is not there is out of reach."""
    await alexa.link()
    await panel.control("POST", f"panels/{PANEL}/offline")
    await wait_for_state(hass, FRONT, "unavailable")
    assert (await alexa.state())["connectivity"] == {"value": "UNREACHABLE"}


@pytest.mark.parametrize(
    ("name", "lock_state", "state", "topic"),
    [
        ("Lock", "LOCKED", "locked", "door.actuate.close"),
        ("Unlock", "UNLOCKED", "unlocked", "door.actuate.open"),
    ],
)
async def test_commands(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    alexa: Alexa,
    name: str,
    lock_state: str,
    state: str,
    topic: str,
) -> None:
    """Home Assistant asks for no PIN: by then Amazon has."""
    await alexa.link()
    answer = await alexa.ask("Alexa.LockController", name)
    assert answer["event"]["header"]["name"] == "Response"
    assert properties(answer)["lockState"] == lock_state
    await wait_for_state(hass, FRONT, state)
    (command,) = await panel.commands(PANEL)
    assert command["topic"] == topic


async def test_a_refusal_is_not_told(
    hass: HomeAssistant, panel: SimulatedPdk, alexa: Alexa
) -> None:
    """Home Assistant answers Alexa before the panel has; the state tells the truth."""
    await alexa.link()
    await panel.act(PANEL, 1, "hold")
    await panel.act(PANEL, 1, "lock")
    await wait_for_state(hass, FRONT, "locked")
    await panel.faults(commands={"refuse": "Not now."})
    answer = await alexa.ask("Alexa.LockController", "Unlock")
    assert answer["event"]["header"]["name"] == "Response"
    assert properties(answer)["lockState"] == "UNLOCKED"
    await panel.commands(PANEL)
    await wait_for_state(hass, FRONT, "locked")
    assert (await alexa.state())["lockState"] == "LOCKED"
