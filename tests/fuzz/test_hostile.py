"""Nothing that a peer sends holds the event loop for long, or ends the stream."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
import json
import os

import aiohttp
import pytest

from custom_components.prodatakey.activity import Activity
from custom_components.prodatakey.pdk import transport, websocket
from custom_components.prodatakey.pdk.errors import PdkError
from custom_components.prodatakey.pdk.events import DoorEvent, LiveEvent, PdkEvent
from custom_components.prodatakey.pdk.generations import Client
from custom_components.prodatakey.pdk.panel import MAX_SKIPPED, Panel
from custom_components.prodatakey.pdk.scrub import CUT
from custom_components.prodatakey.pdk.stream import (
    MAX_REASON_LENGTH,
    MAX_UNKNOWN_TOPICS,
)
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient
from tests.common import wait_until
from tests.pdk.common import LocalTokens, node_client, panel_client, set_constants
from tests.pdk.running_stream import RunningStream

from .hostile import PING, Hostile, Server, frame, generate, measured_loop

SEED = int(os.environ.get("FUZZ_SEED", "19"))
COUNT = int(os.environ.get("FUZZ_INPUTS", "1000"))
MARKER = "PDK-MARKER"
LONG = "a" * 400_000
MAX_DOORS = 900


@pytest.fixture(autouse=True)
def use_sockets(socket_enabled: None) -> None:
    """Let the library reach 127.0.0.1."""


class Site(RunningStream):
    """A stream whose events go to a panel, as in Home Assistant."""

    def __init__(self, client: Client, server: Server) -> None:
        """Initialize."""
        super().__init__(client)
        self.client = client
        self.panel = Panel(
            client.info, self.stream.send, on_change=lambda: None, max_doors=MAX_DOORS
        )
        self.seen = -1
        self._server = server

    def on_event(self, event: PdkEvent) -> None:
        """Handle an event as the coordinator does."""
        if isinstance(event, DoorEvent):
            if event.door_name and event.door_name.startswith(MARKER):
                self.seen = int(event.door_name.removeprefix(MARKER))
                return
            self.panel.handle_report(event, held_since=self.stream.held_since)
        elif isinstance(event, LiveEvent):
            Activity.from_event(event)
        else:
            self.panel.handle_event(event, held_since=self.stream.held_since)

    async def receive(self, each: Hostile | None, number: int) -> None:
        """Receive an input, and then the marker."""
        prefix = "device" if isinstance(self.client, CloudNodeClient) else "door"
        event = {
            "body": {f"{prefix}Id": 1},
            "metadata": {f"{prefix}Name": f"{MARKER}{number}"},
        }
        marker = json.dumps([f"{prefix}.input.relay.on", event])
        await self._server.send(each, f"42{marker}")
        if each is not None and each.place == "rest":
            with suppress(PdkError):
                self.panel.update_doors(await self.client.get_doors())
        await wait_until(lambda: self.seen == number, 60)


@asynccontextmanager
async def hostile_site(make_client: Callable[..., Client]) -> AsyncIterator[Site]:
    """Return a site whose server is hostile."""
    async with (
        Server(namespaces=make_client is node_client) as server,
        aiohttp.ClientSession() as session,
    ):
        client = make_client(session, LocalTokens(session), server.uri)
        if isinstance(client, CloudNodeClient):
            client.device_ids = {1}
        async with Site(client, server) as site:
            yield site


def _shorten_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reconnect at once."""
    set_constants(
        monkeypatch, backoff_delays=(0.02,), max_backoff=0.02, connect_timeout=0.6
    )
    monkeypatch.setattr(websocket, "CLOSE_TIMEOUT", 0.05)


def _flood(event: str, count: int) -> bytes:
    """Return many events."""
    return b"".join(
        frame(event.replace("#", str(number)).encode()) for number in range(count)
    )


# Without their bounds the first two take minutes, each.
WORST = (
    Hostile(
        "rejection",
        "event",
        frame(f'42["serverError",{{"message":"{LONG}"}}]'.encode()),
    ),
    Hostile("refusal", "refusal", frame(f'44{{"message":"{LONG}"}}'.encode())),
    Hostile("topics", "event", _flood('42["topic.#",{}]', 500)),
    Hostile(
        "endpoints",
        "event",
        _flood('42["endpoint.discovered",{"body":{"ioLinkId":1,"address":"#"}}]', 1000),
    ),
    Hostile(
        "doors", "event", _flood('42["door.input.rex.on",{"body":{"doorId":#}}]', 2000)
    ),
    Hostile("empty packets", "event", _flood("3", 5000)),
    Hostile("pings", "event", frame(b"", PING) * 5000),
    Hostile("compressed", "event", frame(b"\xaa" * 100, flags=0xC0)),
    Hostile("large", "event", frame(b"42" + b" " * websocket.MAX_FRAME_SIZE)),
)


async def test_worst_inputs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Test that the worst inputs are bounded, and that events arrive after them."""
    _shorten_waits(monkeypatch)
    monkeypatch.setattr(transport, "MAX_SLICE", 0.0)
    turns: Counter[str] = Counter()

    async def count_turns(name: str) -> None:
        while True:
            turns[name] += 1
            await asyncio.sleep(0)

    async with hostile_site(panel_client) as site:
        for number, each in enumerate(WORST):
            counting = asyncio.create_task(count_turns(each.name))
            try:
                await site.receive(each, number)
            finally:
                counting.cancel()
        stats, panel = site.stream.stats, site.panel
        ends = {end.text for end in stats.ends}
        assert {"not a websocket", transport.FRAME_TOO_LARGE} <= ends
        # a text of letters only may be a token
        refusals = [str(error) for error in site.errors]
        assert refusals == [CUT]
        assert max(map(len, ends)) <= MAX_REASON_LENGTH
        assert len(panel.endpoints) == len(panel.doors) == MAX_DOORS
        assert len(panel.skipped) == MAX_SKIPPED
        assert len(stats.unknown_topics) <= MAX_UNKNOWN_TOPICS + 1
    ignored = [each for each in caplog.messages if "wireless endpoints" in each]
    assert ignored == [f"Ignored more than {MAX_DOORS} wireless endpoints of Panel"]
    # they come in one piece, which does not hold the loop until all of it is handled
    assert min(turns["empty packets"], turns["pings"]) > 500


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("make_client", [panel_client, node_client], ids=["1", "2"])
async def test_longest_pause(
    make_client: Callable[..., Client],
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    """Measure the longest pause of the event loop in a thousand inputs."""
    _shorten_waits(monkeypatch)
    worst: dict[str, float] = {}
    async with hostile_site(make_client) as site:
        for number, each in enumerate(generate(SEED, COUNT // 2)):
            with measured_loop(monkeypatch) as longest:
                await site.receive(each, number)
            worst[f"{each.name} ({each.place})"] = longest.seconds
    slowest = sorted(worst.items(), key=lambda item: -item[1])[:10]
    for name, seconds in slowest:
        record_property(name, f"{seconds * 1000:.1f} ms")
    assert slowest[0][1] < 0.05
