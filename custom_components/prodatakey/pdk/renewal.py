"""The token of a connection, renewed for as long as that lives."""

import asyncio

from .back_off import BackOff
from .errors import NotConnectedError, PdkError, StreamRefusedError
from .history import StreamHistory
from .panel import PanelAccess
from .socketio2 import Socket
from .tokens import Token

# For so long after a renewal, complaints of the old token may still be on their way.
RENEWAL_ECHO = 5.0
SHORTEST_TOKEN_LIFE = 1.0
# So many tokens in a row may be refused without any event in between.
MOST_IN_VAIN = 3


class Renewal:
    """The renewal of a panel's tokens. Section "Renewing the panel token".

    `refused` is set from the panel's complaint until what it held back has come;
    `in_vain` counts complaints, and whoever hears an event sets it back.
    """

    def __init__(
        self, access: PanelAccess, back_off: BackOff, history: StreamHistory
    ) -> None:
        """Renew nothing yet; attempts to reconnect go on with the same back-off."""
        self.refused = asyncio.Event()
        self.in_vain = 0
        self._access = access
        self._back_off = back_off
        self._history = history

    async def keep(self, socket: Socket, token: Token) -> None:
        """Renew the token ahead of time, or when the panel says that it is too late.

        Returns when the connection has ended. Raises what Accounts.panel_token raises
        once the old token is of no use, and StreamRefusedError when the new ones are of
        none either: a stream that tells nothing is not connected.
        """
        self.in_vain = 0
        while not socket.ended.done():
            refused = await self._refused_within(token.seconds_to_renewal)
            self.in_vain += refused
            if self.in_vain > MOST_IN_VAIN:
                raise StreamRefusedError("the panel takes no token")
            token = await self._renewed(token, refused=refused)
            self._history.renewals += 1
            try:
                await socket.send_event("renewedToken", {"token": token.value})
            except NotConnectedError:
                return
            await asyncio.sleep(min(RENEWAL_ECHO, token.lifetime / 10))
            self.refused.clear()

    async def _refused_within(self, seconds: float) -> bool:
        """Wait for the time of renewal; return True if the panel was faster."""
        try:
            async with asyncio.timeout(max(seconds, SHORTEST_TOKEN_LIFE)):
                return await self.refused.wait()
        except TimeoutError:
            return False

    async def _renewed(self, token: Token, *, refused: bool) -> Token:
        """Return a new token, trying again while the old one lives."""
        self._back_off.begin_anew()
        # this attempt is what the first short wait is for
        self._back_off.after(None)
        while True:
            try:
                return await self._access.renewed_token()
            except PdkError as err:
                if refused or token.has_expired:
                    raise
                wait = self._back_off.after(err)
                await asyncio.sleep(min(wait, token.seconds_to_end))
                if token.has_expired:
                    raise
