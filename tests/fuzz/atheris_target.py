"""Atheris on packets and events: `python -m tests.fuzz.atheris_target -max_total_time=30`.

Half of the input is what follows the `4` of a message, half is an event's JSON, told of
one door while another watches.
"""

import asyncio
import logging
import sys

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

with atheris.instrument_imports(
    include=["custom_components.prodatakey", "socketio.packet"]
):
    from custom_components.prodatakey.pdk import parse, socketio2
    from custom_components.prodatakey.pdk.doors import DoorState, apply
    from custom_components.prodatakey.pdk.events import DoorEvent

import aiohttp
import orjson

TOPICS = sorted(parse.TOPICS)


class Doors:
    """Two doors: events are only ever told of the first."""

    def __init__(self) -> None:
        """Know nothing of either."""
        self.states = {1: DoorState(), 2: DoorState()}

    def take(self, topic: str, payload: object) -> None:
        """Take an event as the stream and the coordinator do."""
        try:
            event = parse.parse(topic, payload)
        except parse.MalformedEventError:
            return
        repr(event)
        if isinstance(event, DoorEvent) and event.door_id in self.states:
            state = self.states[event.door_id]
            self.states[event.door_id] = apply(state, event.aspect, event.value)


class Target:
    """What is fuzzed."""

    def __init__(self) -> None:
        """Prepare a loop and a session that connects nowhere."""
        self._loop = asyncio.new_event_loop()
        self._session = self._loop.run_until_complete(self._make_session())

    @staticmethod
    async def _make_session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def __call__(self, data: bytes) -> None:
        """Try one input."""
        provider = atheris.FuzzedDataProvider(data)
        if provider.ConsumeBool():
            text = provider.ConsumeUnicode(sys.maxsize)
            self._loop.run_until_complete(self._packet(text))
        else:
            self._event(provider)

    async def _packet(self, text: str) -> None:
        doors = Doors()
        socket = socketio2.Socket(self._session, lambda _: None, doors.take)
        await socket._handle_eio_message(text)

    def _event(self, provider: atheris.FuzzedDataProvider) -> None:
        topic = TOPICS[provider.ConsumeIntInRange(0, len(TOPICS) - 1)]
        try:
            payload = orjson.loads(provider.ConsumeBytes(sys.maxsize))
        except ValueError:
            return
        if isinstance(payload, dict) and isinstance(payload.get("body"), dict):
            payload["body"]["doorId"] = 1
        doors = Doors()
        doors.take(topic, payload)
        other = doors.states[2]
        if other != DoorState() and not _is_about(payload, 2):
            raise AssertionError("another door has changed")


def _is_about(payload: object, door: int) -> bool:
    """Return whether an event names a door."""
    body = payload.get("body") if isinstance(payload, dict) else None
    return isinstance(body, dict) and body.get("doorId") in (door, str(door))


def main() -> None:
    """Fuzz until the time is up."""
    logging.disable(logging.CRITICAL)
    atheris.Setup(sys.argv, Target())
    atheris.Fuzz()


if __name__ == "__main__":
    main()
