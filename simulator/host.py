"""A panel on the network, with an address of its own."""

from aiohttp import web

from .engine import How
from .panel import Panel
from .rest import Rest
from .stream import Stream

LOOPBACK = "127.0.0.1"


class Host:
    """A panel's server, which can be switched off and on."""

    def __init__(self, panel: Panel) -> None:
        """Prepare the server."""
        self.panel = panel
        self.stream = Stream(panel)
        self._port = 0
        app = web.Application()
        app.router.add_get("/api/devices", Rest(panel).devices)
        app.router.add_route("*", "/socket.io/", self.stream.handle)
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1
        )
        self._site: web.TCPSite | None = None

    @property
    def uri(self) -> str:
        """Return the panel's address."""
        return f"http://{LOOPBACK}:{self._port}/"

    @property
    def told_uri(self) -> str:
        """Return the address that the accounts service tells, right or wrong."""
        return self.panel.faults.get("uri") or self.uri

    async def start(self, port: int) -> None:
        """Begin to listen; a panel that is offline only takes its port."""
        await self._runner.setup()
        self._port = port
        await self.online()
        self._port = self._runner.addresses[0][1]
        if not self.panel.online:
            await self.offline()

    async def online(self) -> None:
        """Listen."""
        if self._site is None:
            self._site = web.TCPSite(self._runner, LOOPBACK, self._port)
            await self._site.start()

    async def offline(self) -> None:
        """Stop listening and drop every connection."""
        if self._site:
            await self._site.stop()
            self._site = None
        await self.kick("abort")
        self._abort_requests()

    async def kick(self, how: How) -> None:
        """Drop the stream's connections only."""
        await self.stream.kick(how)

    async def stop(self) -> None:
        """End for good."""
        await self.offline()
        self.panel.stop()
        self.stream.stop()
        await self._runner.cleanup()

    def _abort_requests(self) -> None:
        for connection in (
            self._runner.server.connections if self._runner.server else ()
        ):
            if connection.transport:
                connection.transport.abort()
