"""The accounts service: credentials in, panels and panel tokens out."""

import asyncio
import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
import time
from urllib.parse import quote, urlsplit

import aiohttp

from .errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from .fields import Json, elements, filled_text, mapping
from .rest import Reply, request
from .tokens import Token, jwt_lifetime, lifetime

ACCOUNTS_URL = "https://accounts.pdk.io"
# More than any real account has; a loop among them must not hang the set-up.
MOST_ORGANISATIONS = 1000

# What the service's statuses mean, by what was asked. Its error bodies are not
# documented, so nothing is read from them.
type Refusals = Mapping[int, type[PdkError]]
OF_CREDENTIALS: Refusals = {400: InvalidAuthError, 401: InvalidAuthError}
OF_ID_TOKEN: Refusals = {401: InvalidAuthError}
OF_PANEL: Refusals = {
    401: InvalidAuthError,
    403: PermissionMissingError,
    404: PermissionMissingError,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel (PDK's cloud node) as the accounts service lists it."""

    id: str
    name: str
    uri: str


class Accounts:
    """One account: its ID token is shared by every panel and renewed once for all."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        client_id: str,
        client_secret: str,
        url: str = ACCOUNTS_URL,
    ) -> None:
        """Hold the credentials; nothing is asked yet."""
        self._session = session
        credentials = f"{client_id}:{client_secret}".encode()
        self._basic = f"Basic {base64.b64encode(credentials).decode()}"
        self._url = url.rstrip("/")
        self._id_token: Token | None = None
        self._renewing = asyncio.Lock()
        self._failures = 0
        self._failure: PdkError | None = None
        self._wait_until = 0.0

    async def panels(self) -> list[Panel]:
        """Return every panel of the account, walking its tree of organisations.

        Raises CannotConnectError, InvalidAuthError and RateLimitedError.
        """
        found: dict[str, Panel] = {}
        seen: set[str] = set()
        ahead = ["mine"]
        while ahead and len(seen) < MOST_ORGANISATIONS:
            if (organisation := ahead.pop(0)) in seen:
                continue
            seen.add(organisation)
            reply = await self._ask(
                "GET", f"/api/ous/{_quoted(organisation)}", OF_ID_TOKEN
            )
            body = mapping(reply.body)
            found |= {panel.id: panel for panel in self._panels_of(body)}
            ahead += _children(body)
        return list(found.values())

    async def panel(self, panel_id: str) -> Panel:
        """Return one panel.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        reply = await self._ask("GET", f"/api/panels/{_quoted(panel_id)}", OF_PANEL)
        if (panel := self._parse_panel(reply.body)) is None:
            raise CannotConnectError("the panel's description is incomplete")
        return panel

    async def panel_token(self, panel_id: str) -> Token:
        """Return a new token for a panel; it serves both REST and stream.

        Raises CannotConnectError, InvalidAuthError, PermissionMissingError and
        RateLimitedError.
        """
        path = f"/api/panels/{_quoted(panel_id)}/token"
        reply = await self._ask("POST", path, OF_PANEL)
        value = _required_text(reply.body, "token")
        return Token(
            value=value, received=time.monotonic(), lifetime=jwt_lifetime(value)
        )

    async def _ask(self, method: str, path: str, refusals: Refusals) -> Reply:
        """Send a request with the ID token, and once more if that one was stale."""
        known = self._id_token
        token = await self._valid_id_token()
        try:
            return await self._send(method, path, token.bearer, refusals)
        except InvalidAuthError:
            if token is not known:
                # the next one begins with a token of its own, and does not ask twice
                self._id_token = None
                raise
        token = await self._valid_id_token(stale=token)
        try:
            return await self._send(method, path, token.bearer, refusals)
        except InvalidAuthError:
            self._id_token = None
            raise

    async def _valid_id_token(self, stale: Token | None = None) -> Token:
        """Return the shared ID token; the first of many callers renews it for all."""
        failures = self._failures
        async with self._renewing:
            token = self._id_token
            if token is not None and token is not stale:
                if token.seconds_to_renewal > 0:
                    return token
            if self._failure is not None and self._failures > failures:
                # somebody tried while this caller waited: one attempt serves all
                raise self._failure
            return await self._renew_id_token()

    async def _renew_id_token(self) -> Token:
        """Replace the shared ID token, or remember why that failed."""
        try:
            self._id_token = await self._new_id_token()
        except PdkError as err:
            self._failures += 1
            self._failure = err
            raise
        return self._id_token

    async def _new_id_token(self) -> Token:
        """Trade the credentials for an ID token."""
        reply = await self._send(
            "POST",
            "/oauth2/token",
            self._basic,
            OF_CREDENTIALS,
            {"grant_type": "client_credentials"},
        )
        return Token(
            value=_required_text(reply.body, "id_token"),
            received=time.monotonic(),
            lifetime=lifetime(mapping(reply.body).get("expires_in")),
        )

    async def _send(
        self,
        method: str,
        path: str,
        authorization: str,
        refusals: Refusals,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request, unless the service has asked to wait."""
        if (wait := self._wait_until - time.monotonic()) > 0:
            raise RateLimitedError(wait)
        try:
            return await request(
                self._session,
                method,
                self._url + path,
                authorization=authorization,
                refusals=refusals,
                form=form,
            )
        except RateLimitedError as err:
            self._wait_until = time.monotonic() + err.retry_after
            raise

    def _panels_of(self, organisation: Json) -> Iterator[Panel]:
        """Yield the panels of one organisation that this API can reach."""
        for raw in elements(organisation.get("panels")):
            if (panel := self._parse_panel(raw)) is not None:
                yield panel

    def _parse_panel(self, raw: object) -> Panel | None:
        """Return the panel, or None where its id or a trusted address is missing."""
        match raw:
            case {"id": str(panel_id), "uri": str(uri), **rest} if self._trusts(uri):
                return Panel(
                    id=panel_id,
                    name=filled_text(rest.get("name")) or panel_id,
                    uri=uri.rstrip("/") + "/",
                )
        return None

    def _trusts(self, uri: str) -> bool:
        """Return whether a panel token may be sent to this address."""
        try:
            address = urlsplit(uri)
        except ValueError:
            return False
        if self._url != ACCOUNTS_URL:
            return address.scheme in ("http", "https")
        return address.scheme == "https" and (address.hostname or "").endswith(
            ".pdk.io"
        )


def _children(organisation: Json) -> Iterator[str]:
    """Yield the ids of the organisations below; those on PDK 2.0 have no such panels."""
    for child in map(mapping, elements(organisation.get("children"))):
        if not child.get("systemId") and "id" in child:
            yield str(child["id"])


def _required_text(body: object, key: str) -> str:
    """Return a text that the answer must have."""
    if (text := filled_text(mapping(body).get(key))) is None:
        raise CannotConnectError(f"the answer has no {key}")
    return text


def _quoted(part: str) -> str:
    """Return one part of a path, whatever characters it has."""
    return quote(part, safe="")
