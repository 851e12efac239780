"""The stream against npm's genuine socket.io 2.5.1."""

import asyncio
from collections.abc import AsyncIterator
import json
import time

import aiohttp
import pytest

from custom_components.prodatakey.pdk.commands import TryDwellOpen, TryOpen
from custom_components.prodatakey.pdk.errors import (
    CommandRefusedError,
    CommandUnansweredError,
    NotConnectedError,
    StreamRefusedError,
)
from custom_components.prodatakey.pdk.events import DoorEvent
from custom_components.prodatakey.pdk.parse import parse
from custom_components.prodatakey.pdk.stream import StreamStatus, prove

from .common import SAMPLES, listening, wait_for
from .genuine import GenuinePanel, MintedTokens, access_to, genuine_panel

CONNECTED, DROPPED, DOWN = (
    StreamStatus.CONNECTED,
    StreamStatus.DROPPED,
    StreamStatus.DOWN,
)


@pytest.fixture
async def panel() -> AsyncIterator[GenuinePanel]:
    """Return a genuine server with its usual times."""
    async with genuine_panel() as panel:
        yield panel


@pytest.fixture
def tokens(session: aiohttp.ClientSession) -> MintedTokens:
    """Return the account whose tokens it gets."""
    return MintedTokens(session)


async def test_connects_once_with_the_token(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """The server sends `40` by itself: a client that does so too connects twice."""
    async with listening(access_to(panel, tokens)) as stream:
        await panel.do("emit", "serverError", {"message": "a sign of life"})
        await stream.heard(1)
    await wait_for(lambda: panel.all("disconnect"))
    assert panel.all("connection") == ["token-1"]
    assert panel.frames("40") == []
    assert stream.statuses == [CONNECTED, DROPPED]


async def test_every_event_of_the_page_arrives(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """Each of the page's samples goes through, `migration.started` without a body."""
    async with listening(access_to(panel, tokens)) as stream:
        for topic, payload in SAMPLES["events"].items():
            await panel.do("emit", topic, *([payload] if payload else []))
        await stream.heard(len(SAMPLES["events"]))
    assert stream.events == [parse(*sample) for sample in SAMPLES["events"].items()]


async def test_thousands_of_events_keep_their_order(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """A busy site: nothing is lost, nothing overtakes."""
    async with listening(access_to(panel, tokens)) as stream:
        await panel.do("doors", 5000)
        await stream.heard(5000)
    doors = [event.door_id for event in stream.events if isinstance(event, DoorEvent)]
    assert doors == list(range(1, 5001))


async def test_command_is_sent_once_and_byte_for_byte(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """The frame is what npm's client would send, and the result finds its command."""
    async with listening(access_to(panel, tokens)) as stream:
        await stream.stream.send(TryDwellOpen(door_id=6, dwell=30))
    (frame,) = panel.frames("42")
    command_id = json.loads(frame[2:])[1]["id"]
    assert frame == (
        f'42["command",{{"id":"{command_id}","topic":"door.try.dwellopen",'
        '"body":{"doorId":6,"dwell":30}}]'
    )


async def test_commands_at_once_find_their_own_results(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """Somebody opens ten doors with one button."""
    async with listening(access_to(panel, tokens)) as stream:
        await asyncio.gather(
            *(stream.stream.send(TryOpen(door_id=each)) for each in range(10))
        )
    frames = [json.loads(frame[2:])[1] for frame in panel.frames("42")]
    assert [frame["body"]["doorId"] for frame in frames] == list(range(10))
    assert len({frame["id"] for frame in frames}) == 10


async def test_refused_command_fails_with_the_panels_words(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """`serverError` names no command; with one under way it is that one."""
    await panel.do("answer", "Command is not supported.")
    async with listening(access_to(panel, tokens)) as stream:
        with pytest.raises(CommandRefusedError, match=r"^Command is not supported\.$"):
            await stream.stream.send(TryOpen(door_id=1))


@pytest.mark.parametrize("ending", ["disconnect", "closePacket", "hangUp"])
async def test_connects_again_when_the_server_ends_it(
    panel: GenuinePanel, tokens: MintedTokens, short_back_off: None, ending: str
) -> None:
    """Packet `41`, the engine's packet `1` and a closed websocket."""
    async with listening(access_to(panel, tokens)) as stream:
        await panel.do(ending)
        await stream.connected(2)
        await panel.do("emit", *list(SAMPLES["events"].items())[1])
        await stream.heard(1)
        assert stream.statuses == [CONNECTED, DROPPED, CONNECTED]


@pytest.mark.parametrize("how", ["http", "middleware"])
async def test_refused_token_is_replaced(
    panel: GenuinePanel, tokens: MintedTokens, short_back_off: None, how: str
) -> None:
    """HTTP 403 at the handshake, or `44`: each attempt takes a token of its own."""
    await panel.do("refuse", how)
    async with listening(access_to(panel, tokens), connected=False) as stream:
        await wait_for(lambda: len(panel.all("refused")) >= 3)
        assert set(stream.statuses) == {DOWN}
        assert all(isinstance(error, StreamRefusedError) for _, error in stream.told)
        with pytest.raises(NotConnectedError):
            await stream.stream.send(TryOpen(door_id=1))
        await panel.do("refuse", None)
        await stream.connected()
    assert panel.all("connection") == [f"token-{tokens.minted}"]
    assert tokens.minted >= 4


async def test_prove_tells_why_a_panel_refuses(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """The words of the middleware's error arrive."""
    await panel.do("refuse", "middleware")
    with pytest.raises(StreamRefusedError, match=r"^Authorization has failed\.$"):
        await prove(access_to(panel, tokens))


async def test_invalid_token_is_renewed_once(
    panel: GenuinePanel, tokens: MintedTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One discovery on an expired token causes many complaints, but one renewal."""
    monkeypatch.setattr("custom_components.prodatakey.pdk.renewal.RENEWAL_ECHO", 0.3)
    async with listening(access_to(panel, tokens)) as stream:
        for _ in range(5):
            await panel.do("emit", "invalidToken")
        await wait_for(lambda: panel.frames("42"))
        await panel.do("emit", "invalidToken")
        await stream.heard(6)
        await wait_for(lambda: not stream.stream.holds_back)
        assert panel.frames("42") == ['42["renewedToken",{"token":"token-2"}]']

        await panel.do("emit", "invalidToken")
        await wait_for(lambda: len(panel.frames("42")) == 2)
    assert panel.frames("42")[1] == '42["renewedToken",{"token":"token-3"}]'
    assert stream.statuses == [CONNECTED, DROPPED]


async def test_token_is_renewed_ahead_of_time(
    panel: GenuinePanel, tokens: MintedTokens
) -> None:
    """A quiet stream must not hold a dead token."""
    tokens.lifetime = 2.0
    async with listening(access_to(panel, tokens)):
        began = time.monotonic()
        await wait_for(lambda: panel.frames("42"), 3)
        assert time.monotonic() - began < tokens.lifetime
    assert panel.frames("42")[0] == '42["renewedToken",{"token":"token-2"}]'
    assert panel.all("connection") == ["token-1"]


async def test_quiet_connection_is_kept_by_pings(tokens: MintedTokens) -> None:
    """Nothing happens at the site: the client's pings keep the connection."""
    async with (
        genuine_panel(ping_interval=0.3, ping_timeout=0.3) as panel,
        listening(access_to(panel, tokens)) as stream,
    ):
        # more than three intervals: by then the server would have closed it
        await wait_for(lambda: panel.frames("2").count("2") >= 4)
        assert stream.statuses == [CONNECTED]
        assert panel.all("disconnect") == []


async def test_frozen_server_is_noticed(
    tokens: MintedTokens, short_back_off: None
) -> None:
    """Nothing arrives and nothing closes: only the missing pongs tell."""
    async with (
        genuine_panel(ping_interval=0.5, ping_timeout=0.5) as panel,
        listening(access_to(panel, tokens)) as stream,
    ):
        panel.freeze()
        await stream.until(DROPPED, 0.5 + 0.5 + 1)
        panel.thaw()
        await stream.connected(2)


async def test_killed_server_is_found_again(
    panel: GenuinePanel, tokens: MintedTokens, short_back_off: None
) -> None:
    """The panel loses power with a command under way, which is not sent again."""
    await panel.do("answer", "silent")
    async with listening(access_to(panel, tokens)) as stream:
        opening = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
        await wait_for(lambda: panel.frames("42"))
        await panel.kill()
        with pytest.raises(CommandUnansweredError):
            await opening
        await stream.until(DOWN)
        await panel.start()
        await stream.connected(2)
        await stream.stream.send(TryOpen(door_id=2))
    doors = [json.loads(frame[2:])[1]["body"] for frame in panel.frames("42")]
    assert doors == [{"doorId": 1}, {"doorId": 2}]
