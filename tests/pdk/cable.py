"""A network cable that can be cut: nothing arrives any more, and nothing closes."""

import asyncio
from types import TracebackType
from typing import Self, override
from urllib.parse import urlsplit


class Cable:
    """A way to a server. What was sent into a cut one arrives when it is mended.

    A reset overtakes what was sent before it, as the sender's own kernel throws that
    away.
    """

    def __init__(self, uri: str) -> None:
        """Lead to a server."""
        self._far = urlsplit(uri)
        self._whole = asyncio.Event()
        self._whole.set()
        self._server: asyncio.Server | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._near: list[asyncio.StreamReader] = []
        self.holds_back = False

    async def __aenter__(self) -> Self:
        """Plug it in."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Pull it out."""
        assert self._server
        self._server.close()
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._carrying, return_exceptions=True)

    @property
    def uri(self) -> str:
        """Return the address of its near end."""
        assert self._server
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    def cut(self) -> None:
        """Let nothing through."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._whole.set()

    @property
    def was_reset(self) -> bool:
        """Return whether a reset has come from the near end."""
        return any(reader.exception() is not None for reader in self._near)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._near.append(reader)
        far = await asyncio.open_connection(self._far.hostname, self._far.port)
        self._carrying |= {
            asyncio.create_task(self._one_way(reader, far[1])),
            asyncio.create_task(self._back(far[0], writer)),
        }

    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await self._one_way(reader, writer)

    async def _one_way(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            while data := await reader.read(65536):
                self.holds_back = not self._whole.is_set()
                await self._whole.wait()
                if reader.exception() is not None:
                    break
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


class CableCutOneWay(Cable):
    """A cable of which only the way there is cut."""

    @override
    async def _back(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()
