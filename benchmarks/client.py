"""A Socket.IO client that counts events: `... ours|floor 3|4 URL COUNT`.

The number is the protocol of Engine.IO: 3 for PDK 1.0, 4 for PDK 2.0.
"""

import asyncio
import json
import sys
import time

import aiohttp
import orjson

from .ours import open_socket


class Stopwatch:
    """Measure from the first of a number of events to the last."""

    def __init__(self, count: int) -> None:
        """Initialize for so many events."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.seconds = self.cpu = 0.0
        self._left = count

    def count(self, *_: object) -> None:
        """Count one event."""
        if not self.seconds:
            self.seconds, self.cpu = time.perf_counter(), time.process_time()
        self._left -= 1
        if self._left == 0:
            self.seconds = time.perf_counter() - self.seconds
            self.cpu = time.process_time() - self.cpu
            self.done.set_result(None)


async def _floor(
    session: aiohttp.ClientSession, protocol: str, url: str, watch: Stopwatch
) -> None:
    """Receive with nothing but a websocket and a JSON parser."""
    address = f"{url}/socket.io/?EIO={protocol}&transport=websocket"
    async with session.ws_connect(address) as websocket:
        if protocol == "4":
            await websocket.send_str("40")
        async for message in websocket:
            if message.data.startswith("42"):
                watch.count(*orjson.loads(message.data[2:]))
            if watch.done.done():
                return


async def _main(name: str, protocol: str, url: str, count: str) -> None:
    watch = Stopwatch(int(count))
    async with aiohttp.ClientSession() as session:
        if name == "floor":
            await _floor(session, protocol, url, watch)
        else:
            socket = await open_socket(session, protocol, url, watch.count)
            await watch.done
            await socket.close()
    print(json.dumps({"seconds": watch.seconds, "cpu": watch.cpu}))


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
