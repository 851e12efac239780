"""A simulated system of PDK 2.0, and a stream of one of its cloud nodes."""

from typing import Any, Self

import aiohttp

from custom_components.prodatakey.pdk.v2.client import CloudNodeClient, get_cloud_nodes
from simulator.scenario import device_id
from tests.pdk.common import account_client
from tests.simulator_process import SimulatedPdk

SYSTEM = "b7e83c7d-2ff0-4b94-9275-08b31ee04fc0"
NODE = "7d829ff4-53e8-4d76-8762-1022ccdeae39"
OTHER_NODE = "91c2a7b7-28e9-4dec-e1f7-9966b1d3ca55"
SERIAL = "2070XYZ"
OTHER_SERIAL = "2070ZZZ"
LOBBY = device_id(SERIAL, 1)
STOCK = device_id(SERIAL, 2)
OTHER_DOOR = device_id(OTHER_SERIAL, 1)

SCENARIO = {
    "panels": [
        {
            "id": SERIAL,
            "name": "Warehouse",
            "generation": 2,
            "system": {"id": SYSTEM, "cloud_node": NODE},
            "doors": [
                {"id": 1, "name": "Lobby", "dps": True, "dwell": 10},
                {"id": 2, "name": "Stock", "forcedAlarm": True},
            ],
        },
        {
            "id": OTHER_SERIAL,
            "name": "Office",
            "generation": 2,
            "system": {"id": SYSTEM, "cloud_node": OTHER_NODE},
            "doors": [{"id": 1, "name": "Office door"}],
        },
    ]
}


class SimulatedSystem:
    """A system with two sites, seen from the first."""

    def __init__(self, pdk: SimulatedPdk) -> None:
        """Initialize for the simulated pdk.io that has it."""
        self.pdk = pdk

    async def create(self, **switches: Any) -> Self:
        """Create the system anew."""
        await self.pdk.reset(SCENARIO)
        await self.switch(**switches)
        return self

    async def switch(self, **switches: Any) -> None:
        """Set switches."""
        await self.pdk.switches(SERIAL, **switches)

    async def state(self) -> Any:
        """Return what the system has received."""
        return await self.pdk.system(SERIAL)

    async def commands(self) -> list[Any]:
        """Return the commands that the site has received."""
        received = await self.pdk.commands(SERIAL, wait=0)
        return [
            {
                "device": each["body"].pop("deviceId"),
                "action": each["topic"],
                "body": each["body"],
            }
            for each in received
        ]

    async def emit(
        self,
        topic: str,
        device: str | None = LOBBY,
        site: str = SERIAL,
        times: int = 1,
        **more: Any,
    ) -> None:
        """Emit an event of a device, or of the site; or any payload."""
        event = {"topic": topic, "times": times, **more}
        if "payload" not in more:
            event["content"] = more.get("body", {})
            if device is not None:
                event["content"] = {"doorId": device, **event["content"]}
        await self.pdk.control("POST", f"panels/{site}/emit", event)

    async def kick(self) -> None:
        """Close the connections of all clients."""
        await self.pdk.kick(SERIAL)

    async def expire(self) -> None:
        """Invalidate all tokens."""
        await self.pdk.revoke(SERIAL)

    async def set_online(self, online: bool, *, event: bool = True) -> None:
        """Take the site offline or online."""
        await self.pdk.set_online(SERIAL, online, event=event)

    async def wait_for_subscriptions(self, count: int) -> None:
        """Wait until clients have subscribed so often."""
        await self.pdk.subscriptions(SERIAL, count)

    async def wait_for_sockets(self, count: int) -> None:
        """Wait until so many clients are connected."""
        await self.pdk.sockets(SERIAL, count, wait=10)


async def cloud_node_client(
    session: aiohttp.ClientSession, pdk: SimulatedPdk, **options: Any
) -> CloudNodeClient:
    """Return a client of the simulated cloud node, found as the set-up does it."""
    account = account_client(session, pdk.accounts_url)
    nodes = {node.id: node for node in await get_cloud_nodes(account)}
    return CloudNodeClient(session, account, nodes[SERIAL], **options)
