"""REST client for a cloud node of PDK 2.0; also provides the tokens for its stream."""

# ruff: noqa: TID252 - a part of the package, beside what both generations share

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
import logging

import aiohttp

from ..client import ACCOUNT_ERRORS, MAX_ORGANIZATIONS, AccountClient, quoted
from ..errors import PermissionMissingError
from ..http import Token, scrub
from ..models import DoorId, DoorInfo, PanelInfo
from ..parser import Json, as_dict, as_list, as_name, non_empty_str
from .commands import send_command
from .parser import DEVICE_KEYS, parse_device
from .system import SystemClient

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudNodeInfo(PanelInfo):
    """A cloud node of a system; `id` is its serial number, `uri` that of its system."""

    system_id: str
    cloud_node_id: str


async def get_cloud_nodes(
    session: aiohttp.ClientSession, account: AccountClient
) -> list[CloudNodeInfo]:
    """Return the cloud nodes of all systems of an account that the credentials may use.

    Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
    RateLimitedError.
    """
    found: dict[str, CloudNodeInfo] = {}
    for system_id in await _get_system_ids(account):
        system = SystemClient(session, account, system_id)
        try:
            nodes = await system.get_all("cloud-nodes")
        except PermissionMissingError:
            _LOGGER.debug("No permission for a system of the account")
            continue
        for node in map(as_dict, nodes):
            if (info := _parse_cloud_node(node, system)) is not None:
                found[info.id] = info
    return list(found.values())


async def _get_system_ids(account: AccountClient) -> list[str]:
    """Return the systems of the account's organizations and of those below them."""
    found: dict[str, None] = {}
    visited: set[str] = set()
    pending = ["mine"]
    while pending and len(visited) < MAX_ORGANIZATIONS:
        if (organization_id := pending.pop(0)) in visited:
            continue
        visited.add(organization_id)
        path = f"/api/organizations/{quoted(organization_id)}"
        body = (await account.request("GET", path, ORGANIZATION_ERRORS)).body
        # documented as a list by some, and as one object by others
        for organization in map(as_dict, body if isinstance(body, list) else [body]):
            children = list(map(as_dict, as_list(organization.get("children"))))
            for each in (organization, *children):
                if system_id := non_empty_str(each.get("systemId")):
                    found[system_id] = None
            pending += [
                str(child["id"])
                for child in children
                if child.get("id") and not child.get("systemId")
            ]
    return list(found)


ORGANIZATION_ERRORS = {**ACCOUNT_ERRORS, 403: PermissionMissingError}


def _parse_cloud_node(node: Json, system: SystemClient) -> CloudNodeInfo | None:
    """Return a cloud node, or None without an id and a serial number."""
    node_id = non_empty_str(node.get("id"))
    serial = non_empty_str(node.get("serialNumber"))
    if node_id is None or serial is None:
        return None
    return CloudNodeInfo(
        id=serial,
        name=as_name(node.get("name")) or serial,
        uri=system.uri,
        system_id=system.system_id,
        cloud_node_id=node_id,
    )


class CloudNodeClient:
    """REST client for one cloud node; also provides the tokens for its stream."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: CloudNodeInfo,
        secrets: Iterable[str] = (),
        door_ids: Mapping[str, DoorId] | None = None,
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too.

        `door_ids` are the ids that devices had before the site was migrated.
        """
        self.session = session
        self.info: PanelInfo = info
        self.node = info
        self.unknown_keys: set[str] = set()
        """Names of fields of devices and events that nobody reads yet."""
        self.devices: set[DoorId] = set()
        """The devices of the last list, by the ids of PDK 2.0."""
        self._system = SystemClient(session, account, info.system_id)
        self._account = account
        self._more_secrets = tuple(secrets)
        self._door_ids = dict(door_ids or {})
        self._device_ids = {old: new for new, old in self._door_ids.items()}

    @property
    def on_token(self) -> Callable[[], None] | None:
        """Return what is called with each new token."""
        return self._system.on_token

    @on_token.setter
    def on_token(self, callback: Callable[[], None] | None) -> None:
        """Set what is called with each new token."""
        self._system.on_token = callback

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible.

        Raises what AccountClient.request raises.
        """
        return await self._system.get_token()

    async def renew_token(self) -> Token:
        """Return a new token. Raises what AccountClient.request raises."""
        return await self._system.renew_token()

    def discard_token(self) -> None:
        """Do not use the present token again: the system rejected it."""
        self._system.discard_token()

    def scrub(self, text: str) -> str:
        """Return a text of the network without secrets."""
        secrets = (*self._account.secrets, *self._system.tokens, *self._more_secrets)
        return scrub(text, secrets)

    async def update_info(self) -> None:
        """Update the cloud node's name. Raises what `get_doors` raises."""
        await self._read_node()

    async def is_online(self) -> bool | None:
        """Return whether the site is online, None if that is not reported.

        Raises what `get_doors` raises.
        """
        status = as_dict((await self._read_node()).get("connectionStatus"))
        connected = status.get("connected")
        return connected if isinstance(connected, bool) else None

    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the cloud node.

        Raises CannotConnectError, PermissionMissingError, RateLimitedError and what
        AccountClient.request raises.
        """
        path = f"cloud-nodes/{quoted(self.node.cloud_node_id)}/devices"
        raw_devices = await self._system.get_all(path)
        for raw in map(as_dict, raw_devices):
            self.unknown_keys |= raw.keys() - DEVICE_KEYS
        infos = [info for raw in raw_devices if (info := parse_device(raw))]
        if len(infos) < len(raw_devices):
            _LOGGER.debug("Ignored a device without a usable id")
        self.devices = {info.id for info in infos}
        doors = (
            replace(
                info,
                id=self.door_id(info.id),
                primary_reader=self.door_id(info.primary_reader)
                if info.primary_reader is not None
                else None,
            )
            for info in infos
        )
        return list({door.id: door for door in doors}.values())

    def door_id(self, device_id: DoorId) -> DoorId:
        """Return the id that a device has in Home Assistant."""
        return self._door_ids.get(str(device_id), device_id)

    async def send(self, door_id: DoorId, action: str, body: Json | None) -> None:
        """Send one command, once; a 2xx is the answer. Raises CommandError."""
        device_id = str(self._device_ids.get(door_id, door_id))
        url = (
            f"{self.node.uri}cloud-nodes/{quoted(self.node.cloud_node_id)}"
            f"/devices/{quoted(device_id)}/{action}"
        )
        await send_command(self, url, body)

    async def _read_node(self) -> Json:
        """Return the cloud node of the system's list, and update its name."""
        for node in map(as_dict, await self._system.get_all("cloud-nodes")):
            if node.get("id") == self.node.cloud_node_id:
                if name := as_name(node.get("name")):
                    self.info = replace(self.node, name=name)
                return node
        raise PermissionMissingError("the system has no such cloud node any more")
