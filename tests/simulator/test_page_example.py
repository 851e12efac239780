"""The example of the Streaming API page, with npm's socket.io-client 2.5.0."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.common import PANEL
from tests.pdk.socketio_server import start_node

from .wire import Wire


async def _read_until(output: asyncio.StreamReader, name: str) -> dict[str, Any]:
    """Return the events up to one, by their names in order."""
    events: dict[str, Any] = {}
    async with asyncio.timeout(10):
        while name not in events:
            line = json.loads(await output.readline())
            events[line[0]] = line[1]
    return events


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_the_example_works(wire: Wire, transport: str) -> None:
    """The example renews its token, opens the door, and receives an access request."""
    await wire.pdk.faults(stale_token="accept", panel_token_lifetime=0)
    script = Path(__file__).with_name("page_example.js")
    node = await start_node(script, wire.pdk.accounts_url, PANEL, transport)
    assert node.stdout
    try:
        await wire.pdk.sockets(PANEL, 1)
        await wire.pdk.faults(panel_token_lifetime=None)
        assert list(await _read_until(node.stdout, "door.input.relay.off")) == [
            "connect",
            "invalidToken",
            "command.result.succeed",
            "door.input.relay.on",
            "door.input.relay.off",
        ]
        assert (await wire.pdk.requests())["renewed"] >= 1
        await wire.pdk.act(PANEL, 1, "badge", person=3)
        events = await _read_until(node.stdout, "door.request.allowed")
        person = events["door.request.allowed"]["body"]["person"]
        assert person["firstName"] == "Søren"
    finally:
        node.kill()
        await node.wait()
