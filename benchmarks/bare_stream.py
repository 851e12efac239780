"""The floor: a websocket, a JSON parser, and an entity that writes its state."""

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from homeassistant.core import HomeAssistant

from .feeder import panel_id
from .home import add_entry

FLOOR = panel_id(998, 1)
BARE_SENSOR = "binary_sensor.bare_door_1_of_1"
BARE_LOCK = "lock.bare_door_lock"

type Take = Callable[[str, Any], None]


class BareStream:
    """A panel's stream without anything that makes it last."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        panel: str,
        take: Take | None = None,
    ) -> None:
        """Know where to connect, and whom to tell."""
        self._session = session
        self._url = url
        self._panel = panel
        self.take = take
        self._result: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Connect, and read from then on."""
        path = f"api/panels/{self._panel}/token"
        async with self._session.post(f"{self._url}/{path}") as response:
            token = (await response.json())["token"]
        query = f"EIO=3&transport=websocket&token={token}"
        self._websocket = await self._session.ws_connect(
            f"{self._url}/socket.io/?{query}"
        )
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        """Disconnect."""
        await self._websocket.close()
        await self._reading

    async def send_command(self) -> None:
        """Send a command and wait for its result."""
        self._result = asyncio.get_running_loop().create_future()
        command = {
            "id": str(uuid4()),
            "topic": "door.actuate.open",
            "body": {"doorId": 1},
        }
        await self._websocket.send_str(
            f"42{orjson.dumps(['command', command]).decode()}"
        )
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
            elif self.take:
                self.take(topic, event)


async def async_add_bare_lock(hass: HomeAssistant, stream: BareStream) -> None:
    """Add a bare lock that sends on a stream."""
    entry = await add_entry(hass, "bare", {"entities": [_entity("lock", "lock")]})
    entry.runtime_data["lock"].unlocker = stream.send_command


async def async_add_bare_sensors(
    hass: HomeAssistant, stream: BareStream, doors: int
) -> None:
    """Add a bare sensor for each door of a stream."""
    names = {door: f"{door} of {doors}" for door in range(1, doors + 1)}
    listed = [_entity("binary_sensor", name) for name in names.values()]
    entry = await add_entry(hass, "bare", {"panel_id": f"{doors}", "entities": listed})
    sensors = {door: entry.runtime_data[name] for door, name in names.items()}

    def take(topic: str, event: Any) -> None:
        sensor = sensors[event["body"]["doorId"]]
        sensor._attr_is_on = topic == "door.input.dps.opened"
        sensor.async_write_ha_state()

    stream.take = take


def _entity(platform: str, name: str) -> dict[str, Any]:
    """Return one bare entity as an entry lists it."""
    return {
        "platform": platform,
        "unique_id": name,
        "name": name,
        "device": "Bare door",
        "enabled": True,
    }
