"""Somebody stands at the front door, and Home Assistant rings."""

import time
from typing import Any

from homeassistant.core import Event, HomeAssistant, callback

from .common import PANEL, Json, wait_for_state
from .simulator_process import SimulatedPdk

ACCESS = "event.front_door_access"
FRONT = "lock.front_door"
HOURS = 3600.0
REFUSED = {"topic": "invalidToken", "payload": None}


class Rings:
    """What rings at the front door, as an automation on its event would hear it."""

    def __init__(self, hass: HomeAssistant, panel: SimulatedPdk) -> None:
        """Listen."""
        self._hass = hass
        self._panel = panel
        self.heard: list[Json] = []
        hass.bus.async_listen("state_changed", self._take)

    @callback
    def _take(self, event: Event[Any]) -> None:
        new = event.data["new_state"]
        if event.data["entity_id"] == ACCESS and new and new.state != "unavailable":
            self.heard.append(dict(new.attributes))

    @property
    def people(self) -> list[str | None]:
        """Return who rang."""
        return [attributes["person"] for attributes in self.heard]

    async def settle(self) -> None:
        """Return when all that the panel has emitted so far was taken: it is in order."""
        for topic, state in (("on", "unlocked"), ("off", "locked")):
            event = {"body": {"doorId": 4}}
            await self._panel.emit(PANEL, f"door.input.relay.{topic}", event)
            await wait_for_state(self._hass, "lock.meeting_room", state)


def let_in(person: str, seconds_ago: float = 0, **event: Any) -> Json:
    """Return the panel's event that a person was let in at the front door."""
    occurred = round((time.time() - seconds_ago) * 1000)
    return {
        "topic": "door.request.allowed",
        "payload": {
            "body": {"doorId": 1, "personId": 9},
            "metadata": {"occurred": occurred, "personName": person},
            **event,
        },
    }


async def emit(panel: SimulatedPdk, *events: Json) -> None:
    """Let the panel emit several events at once."""
    await panel.control("POST", f"panels/{PANEL}/emit", {"events": list(events)})
