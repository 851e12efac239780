"""A simulated system of PDK 2.0, and a stream of one of its cloud nodes."""

import asyncio
from typing import Any, Self

import aiohttp

from custom_components.prodatakey.pdk.commands import Command, run_to_completion
from custom_components.prodatakey.pdk.errors import PdkError
from custom_components.prodatakey.pdk.models import AccessEvent, DoorEvent, PdkEvent
from custom_components.prodatakey.pdk.stream import StreamStatus
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient, get_cloud_nodes
from custom_components.prodatakey.pdk.v2.stream import CloudNodeStream
from tests.common import wait_until
from tests.pdk.common import account_client
from tests.simulator_process import SimulatedPdk

SYSTEM = "b7e83c7d-2ff0-4b94-9275-08b31ee04fc0"
NODE = "7d829ff4-53e8-4d76-8762-1022ccdeae39"
OTHER_NODE = "91c2a7b7-28e9-4dec-e1f7-9966b1d3ca55"
SERIAL = "2070XYZ"
LOBBY = "35347d04-a99c-4a58-ab32-1317b832507a"
STOCK = "1bf7a641-4b1b-4d6c-9c57-818e7515575d"
OTHER_DOOR = "5d0a7f0e-9b2e-4a4c-8f63-3d9c2f1a7b11"

DESCRIPTION = {
    "cloud_nodes": [
        {
            "id": NODE,
            "name": "Warehouse",
            "serial": SERIAL,
            "devices": [
                {"id": LOBBY, "name": "Lobby", "dps": True, "dwell": 10},
                {"id": STOCK, "name": "Stock", "forcedAlarm": True},
            ],
        },
        {
            "id": OTHER_NODE,
            "name": "Office",
            "serial": "2070ZZZ",
            "devices": [{"id": OTHER_DOOR, "name": "Office door"}],
        },
    ]
}


class SimulatedSystem:
    """The control API of one system."""

    def __init__(self, pdk: SimulatedPdk) -> None:
        """Initialize for the simulated pdk.io that has it."""
        self.pdk = pdk

    async def create(self, **switches: Any) -> Self:
        """Create the system anew."""
        description = {**DESCRIPTION, "switches": switches}
        await self.control("PUT", "", description)
        return self

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Call the control API of the system."""
        return await self.pdk.control(method, f"systems/{SYSTEM}{path}", body)

    async def switch(self, **switches: Any) -> None:
        """Set switches."""
        await self.control("PUT", "/switches", switches)

    async def state(self) -> Any:
        """Return what the system has received."""
        return await self.control("GET", "")

    async def emit(
        self, topic: str, device: str | None = LOBBY, node: str = NODE, **more: Any
    ) -> None:
        """Emit an event of a device, or of the cloud node."""
        event = {"topic": topic, "node": node, **more}
        if device is not None:
            event["device"] = device
        await self.control("POST", "/emit", event)

    async def wait_for_subscriptions(self, count: int) -> None:
        """Wait until clients have subscribed so often."""
        async with asyncio.timeout(10):
            while len((await self.state())["subscriptions"]) < count:
                pass

    async def wait_for_sockets(self, count: int) -> None:
        """Wait until so many clients are connected."""
        async with asyncio.timeout(10):
            while (await self.state())["sockets"] != count:
                pass


async def cloud_node_client(
    session: aiohttp.ClientSession, pdk: SimulatedPdk, **options: Any
) -> CloudNodeClient:
    """Return a client of the simulated cloud node, found as the set-up does it."""
    account = account_client(session, pdk.accounts_url)
    nodes = {node.id: node for node in await get_cloud_nodes(account)}
    return CloudNodeClient(session, account, nodes[SERIAL], **options)


class RunningStream:
    """A stream that runs, with its events and statuses."""

    def __init__(self, client: CloudNodeClient) -> None:
        """Initialize; entering waits for the first connection."""
        self.events: list[PdkEvent] = []
        self.delayed: list[bool] = []
        self.statuses: list[StreamStatus] = []
        self.errors: list[PdkError] = []
        self.stream = CloudNodeStream(
            client, on_event=self._handle_event, on_status=self._handle_status
        )

    async def __aenter__(self) -> Self:
        """Run."""
        self.task = asyncio.create_task(self.stream.run())
        await self.wait_connected()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop; until then `run` must not have ended."""
        ended = self.task.done()
        self.task.cancel()
        await asyncio.wait({self.task})
        assert not ended

    def _handle_event(self, event: PdkEvent) -> None:
        self.events.append(event)
        self.delayed.append(self.stream.maybe_delayed)

    def _handle_status(self, status: StreamStatus, error: PdkError | None) -> None:
        self.statuses.append(status)
        if error:
            self.errors.append(error)

    async def send(self, command: Command) -> None:
        """Send a command."""
        await run_to_completion(self.stream.send(command))

    async def wait_connected(self, times: int = 1) -> None:
        """Wait until the stream has connected so often."""
        await wait_until(
            lambda: self.statuses.count(StreamStatus.CONNECTED) >= times, 15
        )

    async def wait_for_events(self, count: int) -> None:
        """Wait until so many events have arrived."""
        await wait_until(lambda: len(self.events) >= count)

    @property
    def topics(self) -> list[str]:
        """Return the topics of the events of doors."""
        return [e.topic for e in self.events if isinstance(e, DoorEvent | AccessEvent)]
