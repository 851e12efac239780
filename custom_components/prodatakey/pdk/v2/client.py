"""REST client for a cloud node of PDK 2.0; also provides the tokens for its stream."""

# ruff: noqa: TID252 - a part of the package, beside what both generations share

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
import logging
import time

import aiohttp

from .. import commands
from ..client import (
    ACCOUNT_ERRORS,
    ACCOUNTS_URL,
    MAX_ORGANIZATIONS,
    MAX_PAGES,
    MAX_SECRETS,
    MIN_REMAINING,
    PANEL_ERRORS,
    PER_PAGE,
    AccountClient,
    quoted,
    required_str,
    total_count,
)
from ..errors import (
    CannotConnectError,
    CommandRejectedError,
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
)
from ..http import Response, Token, abort, jwt_lifetime, request, scrub
from ..models import DoorId, DoorInfo, PanelInfo
from ..parser import Json, as_dict, as_list, as_name, non_empty_str
from .parser import DEVICE_KEYS, parse_device

_LOGGER = logging.getLogger(__name__)

SYSTEMS_URL = "https://systems.pdk.io"


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
        system = _SystemClient(session, account, system_id)
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


def _parse_cloud_node(node: Json, system: _SystemClient) -> CloudNodeInfo | None:
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


class _SystemClient:
    """Requests to one system, with its token."""

    def __init__(
        self, session: aiohttp.ClientSession, account: AccountClient, system_id: str
    ) -> None:
        """Initialize the client; a simulated account has its systems beside it."""
        self.session = session
        self.account = account
        self.system_id = system_id
        url = SYSTEMS_URL if account.url == ACCOUNTS_URL else account.url
        self.uri = f"{url}/{quoted(system_id)}/"
        self.tokens = deque[str](maxlen=MAX_SECRETS)
        self.on_token: Callable[[], None] | None = None
        self._token: Token | None = None

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible."""
        token = self._token
        if token is None or token.seconds_to_renewal < MIN_REMAINING * token.lifetime:
            token = await self.renew_token()
        return token

    async def renew_token(self) -> Token:
        """Return a new token."""
        path = f"/api/systems/{quoted(self.system_id)}/token"
        response = await self.account.request("POST", path, PANEL_ERRORS)
        value = required_str(response.body, "token")
        self._token = Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )
        self.tokens.append(value)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def discard_token(self) -> None:
        """Do not use the present token again."""
        self._token = None

    async def get_all(self, path: str) -> list[object]:
        """Return a whole list, whether the server pages it or not."""
        items: list[object] = []
        for page in range(MAX_PAGES):
            response = await self._get(f"{path}?page={page}&per_page={PER_PAGE}")
            if not isinstance(response.body, list):
                raise CannotConnectError(f"the list of {path} is not a list")
            new = [item for item in response.body if item not in items]
            items += new
            if len(new) < PER_PAGE or len(items) >= total_count(response):
                break
        return items

    async def _get(self, path: str) -> Response:
        """Read from the system, with a new token if the present one is stale."""
        try:
            return await self._request(path, await self.get_token())
        except _TokenRejectedError:
            return await self._request(path, await self.renew_token())

    async def _request(self, path: str, token: Token) -> Response:
        """Send one request to the system."""
        return await request(
            self.session,
            "GET",
            self.uri + path,
            authorization=token.bearer,
            status_errors={401: _TokenRejectedError, 403: PermissionMissingError},
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
        self._system = _SystemClient(session, account, info.system_id)
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
        token = await _within_answer_timeout(self.get_token())
        status = await _post(self.session, url, token, body)
        if status == 401:
            # rejected before it was executed, so it may be sent again
            token = await _within_answer_timeout(self.renew_token())
            status = await _post(self.session, url, token, body)
        if status >= 500:
            # a gateway may have passed it on
            raise CommandUnansweredError
        if not 200 <= status < 300:
            raise CommandRejectedError(f"HTTP {status}")

    async def _read_node(self) -> Json:
        """Return the cloud node of the system's list, and update its name."""
        for node in map(as_dict, await self._system.get_all("cloud-nodes")):
            if node.get("id") == self.node.cloud_node_id:
                if name := as_name(node.get("name")):
                    self.info = replace(self.node, name=name)
                return node
        raise PermissionMissingError("the system has no such cloud node any more")


class _TokenRejectedError(CannotConnectError):
    """The system rejects the token."""


async def _within_answer_timeout(getting: Awaitable[Token]) -> Token:
    """Return the token of a command: without one, nothing was sent.

    Raises CommandRejectedError and NotConnectedError.
    """
    try:
        async with asyncio.timeout(commands.ANSWER_TIMEOUT):
            return await getting
    except (InvalidAuthError, PermissionMissingError) as err:
        raise CommandRejectedError(str(err)) from err
    except (PdkError, TimeoutError) as err:
        raise NotConnectedError from err


async def _post(
    session: aiohttp.ClientSession, url: str, token: Token, body: Json | None
) -> int:
    """Send a command and return the HTTP status of the answer.

    Raises NotConnectedError if it cannot have been sent, else CommandUnansweredError.
    """
    used: list[asyncio.WriteTransport] = []

    class Request(aiohttp.ClientRequest):
        """A request whose connection can be reset."""

        async def send(
            self, conn: aiohttp.connector.Connection
        ) -> aiohttp.ClientResponse:
            if conn.transport is not None:
                used.append(conn.transport)
            return await super().send(conn)

    async def post() -> int:
        async with http.post(
            url,
            headers={"Authorization": token.bearer},
            json=body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(),
        ) as response:
            return response.status

    async with aiohttp.ClientSession(
        connector=session.connector,
        connector_owner=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=session.headers,
        request_class=Request,
    ) as http:
        posting = asyncio.create_task(post())
        try:
            await asyncio.wait({posting}, timeout=commands.ANSWER_TIMEOUT)
            if not posting.done():
                # before aiohttp closes it in good order: the network may be down, and
                # the command must not arrive once it is up again
                for transport in used:
                    abort(transport)
                raise CommandUnansweredError if used else NotConnectedError
            return posting.result()
        except aiohttp.ClientError, OSError:
            # from None: aiohttp's errors contain the request, and the request the token
            raise (CommandUnansweredError if used else NotConnectedError) from None
        finally:
            posting.cancel()
            await asyncio.wait({posting})
