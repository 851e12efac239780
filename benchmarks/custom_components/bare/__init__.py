"""The floor: a websocket, a JSON parser, and entities that write their state."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

type BareConfigEntry = ConfigEntry[Bare]


class Bare:
    """The entities of an entry, and a stream without anything that keeps it connected."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        """Initialize without entities and without a connection."""
        self.sensors: dict[int, Any] = {}
        self._session = session
        self._result: asyncio.Future[None] | None = None

    async def open(self, url: str, panel: str) -> None:
        """Connect, and read from then on."""
        async with self._session.post(f"{url}/api/panels/{panel}/token") as response:
            token = (await response.json())["token"]
        query = f"EIO=3&transport=websocket&token={token}"
        self._websocket = await self._session.ws_connect(f"{url}/socket.io/?{query}")
        self._reading = asyncio.create_task(self._read())

    async def send_command(self) -> None:
        """Send a command and wait for its result."""
        self._result = asyncio.get_running_loop().create_future()
        topic, body = "door.actuate.open", {"doorId": 1}
        command = {"id": str(uuid4()), "topic": topic, "body": body}
        packet = orjson.dumps(["command", command]).decode()
        await self._websocket.send_str(f"42{packet}")
        await self._result

    async def _read(self) -> None:
        """Read events until the end."""
        async for message in self._websocket:
            if not message.data.startswith("42"):
                continue
            topic, event = orjson.loads(message.data[2:])
            if topic == "command.result.succeed":
                assert self._result
                self._result.set_result(None)
            else:
                self._write_state(topic, event)

    def _write_state(self, topic: str, event: Any) -> None:
        """Write the state of the sensor of the event's door."""
        sensor = self.sensors[event["body"]["doorId"]]
        sensor._attr_is_on = topic == "door.input.dps.opened"
        sensor.async_write_ha_state()


class BareEntity(Entity):
    """A bare entity."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, entry: BareConfigEntry, listed: Mapping[str, Any]) -> None:
        """Initialize with what the entry lists."""
        self._bare = entry.runtime_data
        self._attr_unique_id = listed["unique_id"]
        self._attr_name = listed["name"]
        self._attr_entity_registry_enabled_default = listed["enabled"]
        if door := listed.get("door"):
            self._bare.sensors[door] = self
        device = listed["device"]
        self._attr_device_info = DeviceInfo(identifiers={("bare", device)}, name=device)


def set_up(
    platform: str, base: type[Entity], **attributes: object
) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return the function that sets up a platform of bare entities."""
    bare = type(f"Bare{base.__name__}", (BareEntity, base), attributes)

    async def async_setup_entry(
        hass: HomeAssistant,
        entry: BareConfigEntry,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Add the entities of this platform."""
        async_add_entities(
            bare(entry, listed)
            for listed in entry.data["entities"]
            if listed["platform"] == platform
        )

    return async_setup_entry


async def async_setup_entry(hass: HomeAssistant, entry: BareConfigEntry) -> bool:
    """Set up the entities that the entry lists, and its stream where it names one."""
    entry.runtime_data = Bare(async_get_clientsession(hass))
    platforms = {listed["platform"] for listed in entry.data["entities"]}
    await hass.config_entries.async_forward_entry_setups(entry, platforms)
    if "url" in entry.data:
        await entry.runtime_data.open(entry.data["url"], entry.data["panel_id"])
    return True
