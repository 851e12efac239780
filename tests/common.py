"""Home Assistant with a panel, and what users, doors and automations do there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
import json
from pathlib import Path
import time
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
)

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import Context, Event, HomeAssistant, State, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util

from .simulator_process import (
    CREDENTIALS,
    OTHER_PANEL,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    SimulatedPdk,
)
from .waiting import wait_until

# Tests of the integration import these from here, too.
__all__ = [
    "CREDENTIALS",
    "OTHER_PANEL",
    "PANEL",
    "WORKSHOP",
    "WORKSHOP_SYSTEM",
    "wait_until",
]

type Json = dict[str, Any]

PROJECT = Path(__file__).parent.parent
COMPONENT = PROJECT / "custom_components" / DOMAIN
TEXTS: Json = json.loads((COMPONENT / "translations" / "en.json").read_text("utf-8"))

# No id in hex, no time and no port can hold it.
PIN = "48#1516"

CONNECTION = "binary_sensor.headquarters_connection"
FRONT = "lock.front_door"
FRONT_ACCESS = "event.front_door_access"
ENTRIES = "sensor.front_door_entries"
ENDPOINT = "0013a200400a393b"
SIGNAL = "sensor.endpoint_meeting_room_signal"
OTHER_SIGNAL = "sensor.endpoint_warehouse_gate_signal"

# Where the integration keeps what tests shorten or lower.
_OURS = "custom_components.prodatakey"
ANSWER_TIMEOUT = f"{_OURS}.pdk.commands.ANSWER_TIMEOUT"
CONFIRM_REJECTION_AFTER = f"{_OURS}.pdk.account.CONFIRM_REJECTION_AFTER"
CONFIRMATION_TIMEOUT = f"{_OURS}.pdk.do_not_disturb.CONFIRMATION_TIMEOUT"
ENTRIES_SAVE_INTERVAL = f"{_OURS}.entries.SAVE_INTERVAL"
OPENING_TIMEOUT = f"{_OURS}.lock.OPENING_TIMEOUT"
DOOR_CODE_NOW = f"{_OURS}.door_code.now"
CONNECT_TIMEOUT = f"{_OURS}.pdk.connection.CONNECT_TIMEOUT"
MAX_BACKOFF = f"{_OURS}.pdk.reconnect.MAX_BACKOFF"
MAX_DOORS = f"{_OURS}.coordinator.MAX_DOORS"
MIN_READ_INTERVAL = f"{_OURS}.pdk.site.MIN_READ_INTERVAL"
MIN_RETRY_AFTER = f"{_OURS}.pdk.http.MIN_RETRY_AFTER"
MIN_TOKEN_LIFE = f"{_OURS}.pdk.reconnect.MIN_TOKEN_LIFETIME"
STEP_TIMEOUT = f"{_OURS}.config_flow.STEP_TIMEOUT"
SIGNAL_TIMEOUT = f"{_OURS}.pdk.endpoints.SIGNAL_TIMEOUT"

# --- waiting


async def wait_for_state(
    hass: HomeAssistant, entity_id: str, state: str, seconds: float = 10
) -> State:
    """Wait until an entity has a state, and return it."""
    try:
        await wait_until(lambda: hass.states.is_state(entity_id, state), seconds)
    except TimeoutError:
        raise AssertionError(
            f"{entity_id} is {hass.states.get(entity_id)}, not {state}"
        ) from None
    return state_of(hass, entity_id)


def state_of(hass: HomeAssistant, entity_id: str) -> State:
    """Return an entity that must exist."""
    state = hass.states.get(entity_id)
    assert state, f"no {entity_id} among {sorted(hass.states.async_entity_ids())}"
    return state


def let_pass(hass: HomeAssistant, **duration: float) -> None:
    """Let Home Assistant's timers find that so much time has passed."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(**duration))


# --- the panel in Home Assistant


def add_entry(
    hass: HomeAssistant, panel_id: str, title: str = "", **data: str
) -> MockConfigEntry:
    """Add the entry of a panel, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title or panel_id,
        unique_id=panel_id,
        data={**CREDENTIALS, "panel_id": panel_id, **data},
    )
    entry.add_to_hass(hass)
    return entry


async def setup_integration(
    hass: HomeAssistant, entry: ConfigEntry, **options: Any
) -> None:
    """Set up a panel, or reload it, with these options; wait for its connection."""
    hass.config_entries.async_update_entry(entry, options=options)
    if entry.state is ConfigEntryState.LOADED:
        await hass.config_entries.async_reload(entry.entry_id)
    else:
        await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    await wait_for_connection(hass, entry)


async def wait_for_connection(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Wait until the panel of an entry is connected."""
    entity_id = er.async_get(hass).async_get_entity_id(
        "binary_sensor", DOMAIN, f"{entry.unique_id}_connection"
    )
    assert entity_id
    await wait_for_state(hass, entity_id, "on")


# --- what users do


async def act(
    hass: HomeAssistant,
    action: str,
    entity_id: str | list[str] = FRONT,
    context: Context | None = None,
    **data: Any,
) -> None:
    """Call an action for an entity."""
    domain, service = action.split(".")
    await hass.services.async_call(
        domain, service, {"entity_id": entity_id, **data}, True, context
    )


@contextmanager
def raises_error(key: str, **placeholders: str) -> Iterator[None]:
    """Expect an error of Home Assistant whose text has all that it names."""
    with pytest.raises(HomeAssistantError) as raised:
        yield
    given = raised.value.translation_placeholders or {}
    assert (raised.value.translation_domain, raised.value.translation_key) == (
        DOMAIN,
        key,
    )
    assert TEXTS["exceptions"][key]["message"].format(**given)
    assert placeholders.items() <= given.items()


# --- a panel and Home Assistant


class Site:
    """A panel in Home Assistant: its entry, and the pdk.io that it belongs to."""

    def __init__(
        self, hass: HomeAssistant, entry: MockConfigEntry, pdk: SimulatedPdk
    ) -> None:
        """Initialize with an entry, set up or not."""
        self.hass = hass
        self.entry = entry
        self.pdk = pdk
        self.panel_id = str(entry.unique_id)

    # Home Assistant's side

    async def set_up(self, **options: Any) -> None:
        """Set up the panel, or reload it, with these options."""
        await setup_integration(self.hass, self.entry, **options)

    async def act(
        self,
        action: str,
        entity_id: str | list[str] = FRONT,
        context: Context | None = None,
        **data: Any,
    ) -> None:
        """Call an action for an entity."""
        await act(self.hass, action, entity_id, context, **data)

    async def ask(
        self, action: str, context: Context | None = None, **data: Any
    ) -> list[Json]:
        """Call an action that asks the panel; return the endpoints of its response."""
        response: Any = await self.hass.services.async_call(
            DOMAIN,
            action,
            {"config_entry_id": self.entry.entry_id, **data},
            blocking=True,
            context=context,
            return_response=True,
        )
        endpoints: list[Json] = response["endpoints"]
        return endpoints

    async def discover(self) -> None:
        """Discover both endpoints, without the second that the action would wait."""
        await self.entry.runtime_data.panel.endpoints.discover(0)
        for signal in (SIGNAL, OTHER_SIGNAL):
            await self.wait_for_state(signal, "unknown")

    def state(self, entity_id: str) -> State:
        """Return an entity that must exist."""
        return state_of(self.hass, entity_id)

    async def wait_for_state(self, entity_id: str, state: str) -> State:
        """Wait until an entity has a state, and return it."""
        return await wait_for_state(self.hass, entity_id, state)

    async def wait_for_attribute(
        self, entity_id: str, name: str, value: object
    ) -> State:
        """Wait until an entity has an attribute with this value, and return it."""
        await wait_until(lambda: self.state(entity_id).attributes.get(name) == value)
        return self.state(entity_id)

    def device(self, part: object = "") -> dr.DeviceEntry | None:
        """Return the device of the panel, or of a door or endpoint of it."""
        identifier = f"{self.panel_id}_{part}" if part else self.panel_id
        return dr.async_get(self.hass).async_get_device_by_identifier(
            (DOMAIN, identifier), self.entry.entry_id
        )

    # the panel's side

    async def happen(self, door: int | str, act: str, **body: Any) -> None:
        """Let something happen at a door."""
        await self.pdk.act(self.panel_id, door, act, **body)

    async def emit(self, topic: str, door: object = 1, **event: Any) -> None:
        """Emit an event of a door, with more or another body if given."""
        await self.pdk.emit(self.panel_id, topic, {"body": {"doorId": door}, **event})

    async def emit_all(self, *events: Json) -> None:
        """Emit several events at once."""
        body = {"events": list(events)}
        await self.pdk.control("POST", f"panels/{self.panel_id}/emit", body)

    def deliver(self, topic: str, payload: Json) -> None:
        """Hand an event to the panel's stream at once, as if it had just arrived."""
        stream = self.entry.runtime_data.site.stream
        stream._dispatch(stream._socket, topic, payload)

    async def commands(self, after: int = 0, wait: float = 5) -> list[Json]:
        """Wait for at least one more command; return those after so many."""
        return await self.pdk.commands(self.panel_id, after, wait)

    async def sent(self) -> list[str]:
        """Return the topics of the commands that the panel has received so far."""
        return [command["topic"] for command in await self.commands(wait=0)]

    async def carry_out(self, command: Json) -> None:
        """Emit the result of a command."""
        await self.pdk.carry_out(self.panel_id, command)

    async def faults(self, **faults: Any) -> None:
        """Set faults of the panel."""
        await self.pdk.faults(self.panel_id, **faults)

    async def drop_connection(self) -> None:
        """Drop the connections to the panel; new ones work."""
        await self.pdk.kick(self.panel_id, "abort")

    async def set_online(self, online: bool) -> None:
        """Take the panel off the network, or put it back."""
        await self.pdk.set_online(self.panel_id, online)


# --- access at the front door


def access_granted(person: str, seconds_ago: float = 0, **event: Any) -> Json:
    """Return the panel's event that a person was granted access at the front door."""
    occurred = round((time.time() - seconds_ago) * 1000)
    return {
        "topic": "door.request.allowed",
        "payload": {
            "body": {"doorId": 1, "personId": 9},
            "metadata": {"occurred": occurred, "personName": person},
            **event,
        },
    }


class AccessEvents:
    """The access events of the front door, as an automation receives them."""

    def __init__(self, site: Site) -> None:
        """Subscribe to the event entity."""
        self._site = site
        self._received: list[Json] = []
        site.hass.bus.async_listen("state_changed", self._handle_state)

    @callback
    def _handle_state(self, event: Event[Any]) -> None:
        new = event.data["new_state"]
        if event.data["entity_id"] == FRONT_ACCESS and new.state != "unavailable":
            self._received.append(dict(new.attributes))

    async def received(self) -> list[Json]:
        """Return the attributes of those that the panel has emitted so far."""
        # Events are handled in order: after these two there is none left.
        for topic, state in (("on", "unlocked"), ("off", "locked")):
            await self._site.emit(f"door.input.relay.{topic}", 4)
            await self._site.wait_for_state("lock.meeting_room", state)
        return self._received

    async def people(self) -> list[str | None]:
        """Return the people of those events."""
        return [attributes["person"] for attributes in await self.received()]
