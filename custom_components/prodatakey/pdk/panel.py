"""A panel's REST: its doors."""

from collections.abc import Callable
import logging

import aiohttp

from .accounts import Accounts, Panel
from .doors import Door, parse_door
from .errors import CannotConnectError, PermissionMissingError
from .rest import Reply, request
from .tokens import Token

_LOGGER = logging.getLogger(__name__)

PER_PAGE = 100
# Far beyond any panel; a server that ignores `page` must not be asked for ever.
MOST_PAGES = 100
# A token counts as fresh while this part of its life is left until its renewal.
FRESH = 0.8


class _TokenRefusedError(CannotConnectError):
    """The panel does not take the token (any more)."""


class PanelAccess:
    """A panel with the token that opens it, renewed when needed."""

    def __init__(
        self, session: aiohttp.ClientSession, accounts: Accounts, panel: Panel
    ) -> None:
        """Know the way to a panel; nothing is asked yet."""
        self.session = session
        self.panel = panel
        self.on_token: Callable[[], None] | None = None
        """Called with each new token: the panel is open to these credentials."""
        self._accounts = accounts
        self._token: Token | None = None

    async def token(self) -> Token:
        """Return a fresh token: the one at hand, or a new one.

        Raises what Accounts.panel_token raises.
        """
        token = self._token
        if token is None or token.seconds_to_renewal < FRESH * token.lifetime:
            token = await self.renewed_token()
        return token

    async def renewed_token(self) -> Token:
        """Return a token that nobody had before.

        Raises what Accounts.panel_token raises.
        """
        self._token = await self._accounts.panel_token(self.panel.id)
        if self.on_token is not None:
            self.on_token()
        return self._token

    def forget_token(self) -> None:
        """Do not use the present token again: the panel refused it."""
        self._token = None

    async def doors(self) -> list[Door]:
        """Return all doors of the panel, page by page.

        Raises CannotConnectError, PermissionMissingError, RateLimitedError and what
        Accounts.panel_token raises.
        """
        doors: dict[object, Door] = {}
        read = 0
        for page in range(MOST_PAGES):
            reply = await self._devices(page)
            if not isinstance(reply.body, list):
                raise CannotConnectError("the list of devices is not a list")
            read += len(reply.body)
            known = len(doors)
            found = [door for raw in reply.body if (door := parse_door(raw))]
            if len(found) < len(reply.body):
                _LOGGER.debug("Left out a device without a usable id")
            doors |= {door.id: door for door in found}
            if len(doors) == known or read >= _total(reply):
                break
        return list(doors.values())

    async def _devices(self, page: int) -> Reply:
        """Return one page of the devices, with a new token if the present is stale."""
        try:
            return await self._get_devices(page, await self.token())
        except _TokenRefusedError:
            return await self._get_devices(page, await self.renewed_token())

    async def _get_devices(self, page: int, token: Token) -> Reply:
        """Ask for one page of the devices."""
        return await request(
            self.session,
            "GET",
            f"{self.panel.uri}api/devices?page={page}&per_page={PER_PAGE}",
            authorization=token.bearer,
            refusals={
                401: _TokenRefusedError,
                403: PermissionMissingError,
            },
        )


def _total(reply: Reply) -> float:
    """Return how many devices there are in all, or infinity where that is not told."""
    try:
        return int(reply.headers["X-Total-Count"])
    except KeyError, ValueError:
        return float("inf")
