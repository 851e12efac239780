"""Home Assistant with a panel, and what users, doors and automations do there."""

import asyncio
from collections.abc import Callable, Iterator
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

from .simulator_process import SimulatedPdk

type Json = dict[str, Any]

PROJECT = Path(__file__).parent.parent
COMPONENT = PROJECT / "custom_components" / DOMAIN
TEXTS: Json = json.loads((COMPONENT / "translations" / "en.json").read_text("utf-8"))

PANEL = "1070ABC"
OTHER_PANEL = "2080DEF"
# The built-in site of PDK 2.0, and its system.
WORKSHOP = "3090GHI"
WORKSHOP_SYSTEM = "5b7e6a0c-64f1-4c0e-9a3d-1f0d2c8b7e55"
CREDENTIALS = {"client_id": "demo", "client_secret": "demo-secret"}
# No id in hex, no time and no port can hold it.
PIN = "48#1516"

CONNECTION = "binary_sensor.headquarters_connection"
FRONT = "lock.front_door"
FRONT_ACCESS = "event.front_door_access"
ENDPOINT = "0013a200400a393b"
SIGNAL = "sensor.endpoint_meeting_room_signal"
OTHER_SIGNAL = "sensor.endpoint_warehouse_gate_signal"

# Where the integration keeps what tests shorten or lower.
_OURS = "custom_components.prodatakey"
ANSWER_TIMEOUT = f"{_OURS}.pdk.commands.ANSWER_TIMEOUT"
CONFIRM_REJECTION_AFTER = f"{_OURS}.pdk.client.CONFIRM_REJECTION_AFTER"
CONFIRMATION_TIMEOUT = f"{_OURS}.switch.CONFIRMATION_TIMEOUT"
OPENING_TIMEOUT = f"{_OURS}.lock.OPENING_TIMEOUT"
SETTLE_TIME = f"{_OURS}.switch.SETTLE_TIME"
CONNECT_TIMEOUT = f"{_OURS}.pdk.connection.CONNECT_TIMEOUT"
MAX_DOORS = f"{_OURS}.coordinator.MAX_DOORS"
MIN_READ_INTERVAL = f"{_OURS}.coordinator.MIN_READ_INTERVAL"
MIN_RETRY_AFTER = f"{_OURS}.pdk.http.MIN_RETRY_AFTER"
MIN_TOKEN_LIFE = f"{_OURS}.pdk.reconnect.MIN_TOKEN_LIFETIME"
VALIDATION_TIME = f"{_OURS}.pdk.v2.stream.VALIDATION_TIME"
WRITES_PER_SECOND = f"{_OURS}.pdk.client.WRITES_PER_SECOND"
SIGNAL_TIMEOUT = f"{_OURS}.pdk.panel.SIGNAL_TIMEOUT"

# --- waiting


async def wait_until(condition: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something to become true, for so long at the most."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


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


async def wait_for_attribute(
    hass: HomeAssistant, entity_id: str, name: str, value: object
) -> State:
    """Wait until an entity has an attribute with this value, and return it."""
    await wait_until(lambda: state_of(hass, entity_id).attributes.get(name) == value)
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


def device_of(
    hass: HomeAssistant, entry: ConfigEntry, part: object = ""
) -> dr.DeviceEntry | None:
    """Return the device of a panel, or of a door or endpoint of it."""
    identifier = f"{PANEL}_{part}" if part else PANEL
    return dr.async_get(hass).async_get_device_by_identifier(
        (DOMAIN, identifier), entry.entry_id
    )


async def discover(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Discover both endpoints, without the second that the action would wait."""
    await entry.runtime_data.panel.discover_endpoints(0)
    for signal in (SIGNAL, OTHER_SIGNAL):
        await wait_for_state(hass, signal, "unknown")


# --- what happens at the panel


async def emit(pdk: SimulatedPdk, topic: str, door: object = 1, **event: Any) -> None:
    """Emit an event of a door, with more or another body if given."""
    await pdk.emit(PANEL, topic, {"body": {"doorId": door}, **event})


async def emit_all(pdk: SimulatedPdk, *events: Json) -> None:
    """Emit several events at once."""
    await pdk.control("POST", f"panels/{PANEL}/emit", {"events": list(events)})


def deliver(entry: ConfigEntry, topic: str, payload: Json) -> None:
    """Hand an event to the panel's stream at once, as if it had just arrived."""
    entry.runtime_data.stream._dispatch(topic, payload)


def held_back(entry: ConfigEntry) -> bool:
    """Return whether the panel delays events, as its token has expired."""
    delayed: bool = entry.runtime_data.stream._renewer.rejected.is_set()
    return delayed


async def drop_connection(pdk: SimulatedPdk) -> None:
    """Drop the connections to the panel; new ones work."""
    await pdk.control("POST", f"panels/{PANEL}/kick", {"how": "abort"})


async def set_online(pdk: SimulatedPdk, online: bool) -> None:
    """Take the panel off the network, or put it back."""
    await pdk.control("POST", f"panels/{PANEL}/{'online' if online else 'offline'}")


async def sent(pdk: SimulatedPdk) -> list[str]:
    """Return the topics of the commands that the panel has received so far."""
    return [command["topic"] for command in await pdk.commands(PANEL, wait=0)]


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


async def ask(
    hass: HomeAssistant, action: str, context: Context | None = None, **data: Any
) -> list[Json]:
    """Call an action that asks the panel, and return the endpoints of its response."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    response: Any = await hass.services.async_call(
        DOMAIN,
        action,
        {"config_entry_id": entry.entry_id, **data},
        blocking=True,
        context=context,
        return_response=True,
    )
    endpoints: list[Json] = response["endpoints"]
    return endpoints


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

    def __init__(self, hass: HomeAssistant, pdk: SimulatedPdk) -> None:
        """Subscribe to the event entity."""
        self._hass = hass
        self._pdk = pdk
        self._received: list[Json] = []
        hass.bus.async_listen("state_changed", self._handle_state)

    @callback
    def _handle_state(self, event: Event[Any]) -> None:
        new = event.data["new_state"]
        if event.data["entity_id"] == FRONT_ACCESS and new.state != "unavailable":
            self._received.append(dict(new.attributes))

    async def received(self) -> list[Json]:
        """Return the attributes of those that the panel has emitted so far."""
        # Events are handled in order: after these two there is none left.
        for topic, state in (("on", "unlocked"), ("off", "locked")):
            await emit(self._pdk, f"door.input.relay.{topic}", 4)
            await wait_for_state(self._hass, "lock.meeting_room", state)
        return self._received

    async def people(self) -> list[str | None]:
        """Return the people of those events."""
        return [attributes["person"] for attributes in await self.received()]
