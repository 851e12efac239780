"""Client for the REST API of a site, with a token that the account gives."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from itertools import islice
import logging
import math
import re
from typing import ClassVar

import aiohttp

from .account import MAX_SECRETS, AccountClient, SharedRenewal
from .errors import CannotConnectError, PermissionMissingError
from .http import Response, Token, request
from .models import DoorId, DoorInfo, Feature, PanelInfo
from .parser import Json, as_dict, parse_door_id
from .scrub import scrub

_LOGGER = logging.getLogger(__name__)

# More than any panel has; a server that ignores `page` must not be asked for ever.
MAX_PAGES = 100
PER_PAGE = 100
# More doors than any panel has; the rest of a list is left out.
MAX_ITEMS = 5000
# All answers to one question have at most so many characters.
MAX_TOTAL_SIZE = 8 * 1024 * 1024
# A token is fresh during the first tenth of its lifetime: then this part of it is left
# until its renewal.
MIN_REMAINING = 0.8

MAX_UNKNOWN_KEYS = 100
_FIELD_NAME = re.compile(r"([a-z_]\w{0,39}\.)?[a-z_]\w{0,39}", re.ASCII | re.IGNORECASE)


class RestClient:
    """REST client with a token of its own, which the accounts service issues."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        token_path: str,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        self.session = session
        self.account = account
        self.on_token: Callable[[], None] | None = None
        """Called with each new token: the credentials have permission."""
        self._token_path = token_path
        self._token: Token | None = None
        self._renewal = SharedRenewal()
        self._more_secrets = tuple(secrets)
        self._old_secrets: tuple[str, ...] = ()
        self._tokens = deque[str](maxlen=MAX_SECRETS)

    @property
    def token(self) -> Token | None:
        """Return the present token, None before the first and after a rejection."""
        return self._token

    async def get_token(self) -> Token:
        """Return a fresh token, the present one if possible.

        Raises PdkError.
        """
        token = self._token
        if token is None or token.seconds_to_renewal < MIN_REMAINING * token.lifetime:
            token = await self.renew_token()
        return token

    async def get_shared_token(self, rejected: Token | None = None) -> Token:
        """Return the present token, or a new one for all callers if it is due.

        A connection needs a fresh one, a single request does not. Raises PdkError.
        """
        if rejected is not None:
            self.discard_token(rejected)
        return await self._renewal.run(lambda: self._token, self.renew_token, rejected)

    async def renew_token(self) -> Token:
        """Return a new token. Raises PdkError."""
        self._token = await self.account.get_token(self._token_path)
        self._tokens.append(self._token.value)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def set_account(self, account: AccountClient) -> None:
        """Get tokens from another account from now on."""
        if account is not self.account:
            # the server may still name them
            self._old_secrets = tuple(self.account.secrets)
            self.account = account

    def set_secrets(self, secrets: Iterable[str]) -> None:
        """Set what is removed from texts of the network, besides credentials and tokens."""
        self._more_secrets = tuple(secrets)

    def discard_token(self, token: Token | None = None) -> None:
        """Do not use a token again: it was rejected. By default that is the present one."""
        if token is None or token is self._token:
            self._token = None

    def scrub(self, text: str) -> str:
        """Return a text of the network without secrets."""
        secrets = (*self.account.secrets, *self._old_secrets, *self._more_secrets)
        return scrub(text, (*secrets, *self._tokens))

    async def get_list(self, url: str) -> list[Json]:
        """Return a whole list, whether the server divides it into pages or not.

        Items without a usable id, and those after the first MAX_ITEMS, are left out.
        Raises CannotConnectError, PermissionMissingError, RateLimitedError and what
        `get_token` raises.
        """
        items: dict[DoorId, Json] = {}
        read = size = ignored = 0
        for page in range(MAX_PAGES):
            response = await self._get(f"{url}?page={page}&per_page={PER_PAGE}")
            if not isinstance(response.body, list):
                raise CannotConnectError("the list is not a list")
            size = add_size(size, response)
            known = len(items)
            for item in map(as_dict, response.body[: MAX_ITEMS - known]):
                if (item_id := parse_door_id(item.get("id"))) is not None:
                    items[item_id] = item
                else:
                    ignored += 1
            read += len(response.body)
            if len(items) == known or read >= _total_count(response):
                break
        if ignored:
            _LOGGER.debug("Ignored %d items without a usable id", ignored)
        return list(items.values())

    async def accepts(self, url: str, token: Token) -> bool:
        """Return whether the server lets a token read.

        Raises CannotConnectError and RateLimitedError.
        """
        try:
            await self._request(url, token)
        except _TokenRejectedError, PermissionMissingError:
            return False
        return True

    async def _get(self, url: str) -> Response:
        """Read, with a new token if the present one is stale."""
        token = await self.get_shared_token()
        try:
            return await self._request(url, token)
        except _TokenRejectedError:
            return await self._request(url, await self.get_shared_token(rejected=token))

    async def _request(self, url: str, token: Token) -> Response:
        """Send one request."""
        return await request(
            self.session,
            "GET",
            url,
            authorization=token.bearer,
            status_errors={401: _TokenRejectedError, 403: PermissionMissingError},
        )


class SiteClient(RestClient, ABC):
    """REST client for one site; also provides the tokens for its stream."""

    features: ClassVar[frozenset[Feature]]

    def __init__(
        self,
        session: aiohttp.ClientSession,
        account: AccountClient,
        info: PanelInfo,
        token_path: str,
        secrets: Iterable[str] = (),
    ) -> None:
        """Initialize the client; `secrets` are removed from texts of the network too."""
        super().__init__(session, account, token_path, secrets)
        self.info = info
        self.unknown_keys: set[str] = set()
        """Names of fields that nobody reads yet."""

    def add_unknown_keys(self, keys: Iterable[str]) -> None:
        """Add names of fields; what is no name may be a secret and is left out."""
        if (left := MAX_UNKNOWN_KEYS - len(self.unknown_keys)) > 0:
            new = set(islice(keys, MAX_UNKNOWN_KEYS)) - self.unknown_keys
            names = sorted(filter(_FIELD_NAME.fullmatch, new))
            self.unknown_keys.update(names[:left])

    @abstractmethod
    async def get_doors(self) -> list[DoorInfo]:
        """Return all doors of the site. Raises PdkError."""

    @abstractmethod
    def use_stored(self, door_ids: Iterable[DoorId]) -> None:
        """Begin with the address and the doors that were stored of the site."""


class _TokenRejectedError(CannotConnectError):
    """The server rejects the token."""


def add_size(size: int, response: Response) -> int:
    """Return the size of several answers. Raises CannotConnectError if it is too large."""
    if (total := size + response.size) > MAX_TOTAL_SIZE:
        raise CannotConnectError("the answers are too large")
    return total


def _total_count(response: Response) -> float:
    """Return the number of devices, or infinity if it is not reported."""
    try:
        count = int(response.headers["X-Total-Count"])
    except KeyError, ValueError:
        return math.inf
    return count if count >= 0 else math.inf
