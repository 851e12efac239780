"""Cloud nodes of an account's systems, and the REST client for one of them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import override

import aiohttp

from ..account import AccountClient, quoted
from ..client import RestClient, SiteClient
from ..errors import PermissionMissingError
from ..http import Token
from ..listing import MAX_ORGANIZATIONS, Listing, read_each
from ..models import CloudNodeInfo, DoorId, DoorInfo, Feature
from ..parser import Json, as_dict, as_list, as_name, non_empty_str, parse_serial
from .commands import CommandSender, Lost
from .parser import DEVICE_KEYS, parse_device


async def get_cloud_nodes(
    account: AccountClient, organizations: Iterable[Json]
) -> Listing[CloudNodeInfo]:
    """Return the cloud nodes of all systems that the organizations have.

    Raises InvalidAuthError.
    """
    systems = _find_systems(organizations)

    async def read(system_id: str) -> list[CloudNodeInfo]:
        nodes = await get_cloud_nodes_of_system(account, system_id)
        return [replace(node, organization=systems[system_id]) for node in nodes]

    listing = await read_each(systems, read)
    found = {node.id: node for nodes in listing.found for node in nodes}
    return Listing(found=list(found.values()), errors=listing.errors)


async def get_cloud_nodes_of_system(
    account: AccountClient, system_id: str
) -> list[CloudNodeInfo]:
    """Return the cloud nodes of one system. Raises PdkError."""
    client = RestClient(account.session, account, token_path(system_id))
    uri = _system_uri(account, system_id)
    nodes = await client.get_list(f"{uri}cloud-nodes")
    return [info for node in nodes if (info := _parse_node(node, system_id, uri))]


async def get_cloud_node(
    account: AccountClient,
    system_id: str,
    serial: str,
) -> CloudNodeInfo:
    """Return one cloud node of a system, by its serial number.

    Raises PdkError.
    """
    for node in await get_cloud_nodes_of_system(account, system_id):
        if node.id == serial:
            return node
    raise PermissionMissingError("the system has no such cloud node")


def _find_systems(organizations: Iterable[Json]) -> dict[str, str]:
    """Return the systems of organizations and of those below, with their names."""
    found: dict[str, str] = {}
    for organization in organizations:
        children = map(
            as_dict, as_list(organization.get("children"))[:MAX_ORGANIZATIONS]
        )
        for each in (organization, *children):
            if system_id := as_name(each.get("systemId")):
                found.setdefault(system_id, as_name(each.get("name")) or system_id)
    return found


def token_path(system_id: str) -> str:
    """Return the path of the accounts service for the tokens of a system."""
    return f"/api/systems/{quoted(system_id)}/token"


def _system_uri(account: AccountClient, system_id: str) -> str:
    """Return the address of a system."""
    return f"{account.service.systems_url}/{quoted(system_id)}/"


def restore_cloud_node(
    account: AccountClient, system_id: str, stored: Json
) -> CloudNodeInfo | None:
    """Return a cloud node as it was stored, None if it is incomplete."""
    node = {
        "id": stored.get("cloud_node_id"),
        "serialNumber": stored.get("id"),
        "name": stored.get("name"),
    }
    return _parse_node(node, system_id, _system_uri(account, system_id))


def _parse_node(node: Json, system_id: str, uri: str) -> CloudNodeInfo | None:
    """Return a cloud node, or None without an id and a serial number."""
    node_id = non_empty_str(node.get("id"))
    serial = parse_serial(node.get("serialNumber"))
    if node_id is None or serial is None:
        return None
    return CloudNodeInfo(
        id=serial,
        name=as_name(node.get("name")) or serial,
        uri=uri,
        system_id=system_id,
        cloud_node_id=node_id,
    )


class SystemClient(RestClient):
    """The tokens of one system, for its connection and all of its cloud nodes."""

    def __init__(self, account: AccountClient, system_id: str, uri: str) -> None:
        """Initialize without a token."""
        super().__init__(account.session, account, token_path(system_id))
        self.system_id = system_id
        self.uri = uri
        self.nodes: set[CloudNodeClient] = set()
        """Those that use the connection."""
        self.on_token = self._handle_token

    def _handle_token(self) -> None:
        """Tell the cloud nodes of a new token."""
        for node in tuple(self.nodes):
            if self._token is not None:
                node.handle_token(self._token)

    @override
    def scrub(self, text: str) -> str:
        """Return a text of the network without the secrets of any cloud node."""
        text = super().scrub(text)
        for node in self.nodes:
            text = node.scrub(text)
        return text


class CloudNodeClient(SiteClient):
    """REST client for one cloud node; its tokens are those of the whole system."""

    features = frozenset({Feature.DURESS, Feature.SITE_PROBLEMS})
    info: CloudNodeInfo

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: CloudNodeInfo,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        super().__init__(session, account, info, token_path(info.system_id), secrets)
        self._commands = CommandSender(self, info.system_id)
        self.device_ids: set[DoorId] = set()
        """The devices of the last two lists: a door goes once two in a row lack it."""
        self.listed_ids: set[DoorId] = set()
        """The devices of the last list."""
        self._last_token: Token | None = None

    @property
    def system(self) -> SystemClient:
        """Return the client that all cloud nodes of the system share in this account."""
        system_id, uri = self.info.system_id, self.info.uri
        return self.account.share(
            SystemClient, system_id, lambda: SystemClient(self.account, system_id, uri)
        )

    @property
    @override
    def token(self) -> Token | None:
        """Return the present token of the system."""
        return self.system.token

    @override
    async def get_token(self) -> Token:
        """Return a fresh token. Raises PdkError."""
        return self.handle_token(await self.system.get_token())

    @override
    async def get_shared_token(self, rejected: Token | None = None) -> Token:
        """Return the present token, or a new one. Raises PdkError."""
        return self.handle_token(await self.system.get_shared_token(rejected))

    @override
    async def renew_token(self) -> Token:
        """Return a new token. Raises PdkError."""
        return self.handle_token(await self.system.renew_token())

    @override
    def discard_token(self, token: Token | None = None) -> None:
        """Do not use a token again. By default that is the present one."""
        self.system.discard_token(token)

    def handle_token(self, token: Token) -> Token:
        """Handle a token of the system, which may be new here; return it."""
        if token is not self._last_token:
            self._last_token = token
            self._tokens.append(token.value)
            if self.on_token is not None:
                self.on_token()
        return token

    async def is_online(self) -> bool | None:
        """Return whether the site is online, None if that is not reported.

        Raises PdkError.
        """
        status = as_dict((await self._read_node()).get("connectionStatus"))
        connected = status.get("connected")
        return connected if isinstance(connected, bool) else None

    @override
    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the cloud node. Raises PdkError."""
        devices = await self.get_list(f"{self._uri}/devices")
        for device in devices:
            self.add_unknown_keys(device.keys() - DEVICE_KEYS)
        doors = [door for device in devices if (door := parse_device(device))]
        if doors:
            # an empty list is ignored, as the panel does
            listed = {door.id for door in doors}
            self.device_ids, self.listed_ids = listed | self.listed_ids, listed
        return doors

    async def send(
        self, door_id: DoorId, action: str, body: Json | None, lost: Lost
    ) -> None:
        """Send one command, once, unless the connection is lost before its turn.

        A 2xx is the answer. Raises CommandError.
        """
        url = f"{self._uri}/devices/{quoted(str(door_id))}/{action}"
        await self._commands.send(url, body, lost)

    def abort_commands(self) -> None:
        """Reset the connections of all commands that have no answer."""
        self._commands.abort()

    @override
    def use_stored(self, door_ids: Iterable[DoorId]) -> None:
        """Take these devices for those of the cloud node until they are read."""
        self.device_ids = set(door_ids)

    @property
    def _uri(self) -> str:
        """Return the address of the cloud node."""
        return f"{self.info.uri}cloud-nodes/{quoted(self.info.cloud_node_id)}"

    async def _read_node(self) -> Json:
        """Return the cloud node of the system's list, and update its name."""
        for node in await self.get_list(f"{self.info.uri}cloud-nodes"):
            if node.get("id") == self.info.cloud_node_id:
                if name := as_name(node.get("name")):
                    self.info = replace(self.info, name=name)
                return node
        raise PermissionMissingError("the system has no such cloud node any more")
