"""A system: one connection for all of its cloud nodes with the same credentials.

PDK allows one connection a system.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from ..account import AccountClient
from ..errors import PdkError
from ..events import (
    AccessEvent,
    DoorEvent,
    PdkEvent,
    SiteConnection,
    SiteProblemReported,
)
from ..models import DoorId
from ..parser import parse_door_id
from ..recent import RecentIds
from ..stats import ConnectionStats
from ..stream import StreamStatus
from ..tasks import create_task
from .client import CloudNodeClient, SystemClient
from .envelope import Envelope
from .stream import SystemStream


class Node(Protocol):
    """What a system needs of the stream of a cloud node."""

    client: CloudNodeClient
    cloud_node_id: str
    serial: str
    recent_ids: RecentIds
    stats: ConnectionStats
    moved: asyncio.Future[None]

    def handle_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Handle the status of the system's connection."""

    def handle_left(self) -> None:
        """Handle that the system does not serve this cloud node any more."""

    def handle_unclear(self) -> None:
        """Handle that some site went online or offline: it does not say which one."""

    def handle_event(self, event: PdkEvent, held_since: float) -> None:
        """Handle an event of this cloud node."""


def get_system(client: CloudNodeClient) -> System:
    """Return the system of a cloud node, shared in its account."""
    tokens = client.system
    return client.account.share(System, tokens.system_id, lambda: System(tokens))


class System:
    """A system, connected as long as one of its cloud nodes is served."""

    def __init__(self, client: SystemClient) -> None:
        """Initialize without a connection."""
        self.client = client
        self.status = StreamStatus.CONNECTING
        self._error: PdkError | None = None
        self._nodes: dict[str, Node] = {}
        self._start()
        self._running: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    def _start(self) -> None:
        """Begin with a new stream."""
        self.status, self._error = StreamStatus.CONNECTING, None
        self.stream = SystemStream(
            self.client,
            on_event=self._handle_event,
            on_status=self._handle_status,
            on_unknown_keys=self._handle_unknown_keys,
        )

    @property
    def account(self) -> AccountClient:
        """Return the account whose credentials are used."""
        return self.client.account

    async def serve(self, node: Node) -> None:
        """Keep a cloud node connected until cancelled, or until its account is another.

        The last one that is not served any more ends the connection.
        """
        while (ending := self._ending) is not None:
            # one connection at a time
            await asyncio.wait({ending})
            if self._ending is ending:
                self._ending = None
        if self._running is None:
            self._start()
            self._running = create_task(self.stream.run())
        running = self._running
        self._add(node)
        try:
            while self._keeps(node):
                await asyncio.wait(
                    {running, node.moved}, return_when=asyncio.FIRST_COMPLETED
                )
                if running.done():
                    running.result()
        finally:
            await self._remove(node)

    def _add(self, node: Node) -> None:
        """Serve a cloud node, with what it remembers of its events."""
        self._nodes[node.cloud_node_id] = node
        self.client.nodes.add(node.client)
        self.stream.recent_ids.restore(node.recent_ids.to_store())
        node.recent_ids, node.stats = self.stream.recent_ids, self.stream.stats
        if self.status not in (StreamStatus.CONNECTING, StreamStatus.DROPPED):
            node.handle_status(self.status, self._error)

    async def _remove(self, node: Node) -> None:
        """Do not serve a cloud node any more."""
        if self._nodes.get(node.cloud_node_id) is node:
            del self._nodes[node.cloud_node_id]
        self.client.nodes.discard(node.client)
        running = self._running
        if self._nodes or running is None:
            node.handle_left()
            return
        self._running, self._ending = None, running
        running.cancel()
        node.handle_left()
        await asyncio.wait({running})

    def _keeps(self, node: Node) -> bool:
        """Return whether a cloud node stays here with the account that it has now.

        If all of them have another one, the connection goes on with that.
        """
        node.moved = asyncio.get_running_loop().create_future()
        account, key = node.client.account, self.client.system_id
        if account is self.account:
            return True
        if any(each.client.account is not account for each in self._nodes.values()):
            return False
        if get_system(node.client).node_count:
            return False
        account.take_over(self.account, key)
        self.client.set_account(account)
        self.stream.retry()
        return True

    @property
    def node_count(self) -> int:
        """Return how many cloud nodes are served."""
        return len(self._nodes)

    @property
    def is_connected(self) -> bool:
        """Return whether there is a connection with a valid token."""
        return bool(self._nodes) and self.status is StreamStatus.CONNECTED

    def _handle_status(self, status: StreamStatus, err: PdkError | None) -> None:
        """Handle the status of the connection, which is that of each cloud node."""
        self.status, self._error = status, err
        for node in tuple(self._nodes.values()):
            node.handle_status(status, err)

    def _handle_unknown_keys(self, envelope: Envelope) -> None:
        """Let each cloud node know the names of fields that nobody reads yet."""
        for node in self._nodes.values():
            node.client.add_unknown_keys(envelope.unknown_keys)

    def _handle_event(self, event: PdkEvent) -> None:
        """Hand an event to the cloud node that it is about."""
        envelope = self.stream.envelope
        node: Node | None
        if envelope.node_id is not None:
            node = self._nodes.get(envelope.node_id)
        elif envelope.serial is not None:
            node = self._find(lambda each: each.serial == envelope.serial)
        elif isinstance(event, SiteConnection):
            # it does not say which one
            for each in self._nodes.values():
                each.handle_unclear()
            return
        else:
            node = self._find_by_device(event)
        if node is not None and envelope.serial in (None, node.serial):
            node.handle_event(event, self.stream.held_since)

    def _find_by_device(self, event: PdkEvent) -> Node | None:
        """Return the cloud node whose last list, or else the one before, has a device."""
        device: DoorId | None = None
        if isinstance(event, (DoorEvent, AccessEvent)):
            device = event.door_id
        elif isinstance(event, SiteProblemReported):
            # a circuit breaker's source is a device
            device = parse_door_id(event.source)
        return self._find(lambda each: device in each.client.listed_ids) or self._find(
            lambda each: device in each.client.device_ids
        )

    def _find(self, is_meant: Callable[[Node], bool]) -> Node | None:
        """Return the first cloud node that is meant."""
        return next(filter(is_meant, self._nodes.values()), None)
