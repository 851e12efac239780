"""Atheris on packets and events: `python -m tests.fuzz.atheris_target -max_total_time=30`.

Half of the input is what follows the `4` of a message, half is an event's JSON.
"""

import asyncio
from contextlib import suppress
import logging
import sys

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(
    include=["custom_components.prodatakey", "socketio.packet"]
):
    from custom_components.prodatakey.pdk.parser import MalformedEventError
    from custom_components.prodatakey.pdk.v1 import parser
    from tests.pdk.common import make_socket, receive_packet

import aiohttp
import orjson

TOPICS = sorted(parser.TOPICS)


def _parse(topic: str, payload: object) -> None:
    """Parse an event as the stream does."""
    with suppress(MalformedEventError):
        repr(parser.parse_event(topic, payload))


class Target:
    """What is fuzzed."""

    def __init__(self) -> None:
        """Initialize a loop and a session that connects nowhere."""
        self._loop = asyncio.new_event_loop()
        self._session = self._loop.run_until_complete(self._make_session())

    @staticmethod
    async def _make_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def __call__(self, data: bytes) -> None:
        """Try one input."""
        provider = atheris.FuzzedDataProvider(data)
        if provider.ConsumeBool():
            packet = provider.ConsumeUnicode(sys.maxsize)
            self._loop.run_until_complete(self._receive(packet))
            return
        topic = TOPICS[provider.ConsumeIntInRange(0, len(TOPICS) - 1)]
        try:
            payload = orjson.loads(provider.ConsumeBytes(sys.maxsize))
        except ValueError:
            return
        _parse(topic, payload)

    async def _receive(self, packet: str) -> None:
        await receive_packet(make_socket(self._session, _parse), packet)


def main() -> None:
    """Fuzz until the time is over."""
    logging.disable(logging.CRITICAL)
    atheris.Setup(sys.argv, Target())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
