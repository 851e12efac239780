"""A stream stays connected, whatever the panel and the network do."""

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from custom_components.prodatakey.pdk import back_off, engineio3
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    CommandUnansweredError,
    NotConnectedError,
    PdkError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from custom_components.prodatakey.pdk.stream import StreamStatus
from tests.simulator_process import SimulatedPdk

from .common import PANEL, Listening, listening, wait_for

CONNECTED, DROPPED, DOWN = (
    StreamStatus.CONNECTED,
    StreamStatus.DROPPED,
    StreamStatus.DOWN,
)


async def _kick(simulator: SimulatedPdk, how: str) -> None:
    await simulator.control("POST", f"panels/{PANEL}/kick", {"how": how})


async def _raw(simulator: SimulatedPdk, frame: str) -> None:
    await simulator.control("POST", f"panels/{PANEL}/raw", {"frame": frame})


@pytest.mark.parametrize(
    "ending",
    ["close", "abort", "41", "1", '44"Authorization has failed."', '44{"message":"x"}'],
)
async def test_connects_again_after_every_kind_of_end(
    access: PanelAccess, simulator: SimulatedPdk, short_back_off: None, ending: str
) -> None:
    """A panel that says good-bye, in each of its ways, is connected again."""
    async with listening(access) as stream:
        if ending in {"close", "abort"}:
            await _kick(simulator, ending)
        else:
            await _raw(simulator, ending)
        await stream.connected(2)
        await simulator.act(PANEL, 1, "relay", on=True)
        await stream.heard(1)
    assert stream.statuses == [CONNECTED, DROPPED, CONNECTED, DROPPED]
    assert [error for _, error in stream.told] == [None] * 4


async def test_pongs_stay_away(
    access: PanelAccess, simulator: SimulatedPdk, short_back_off: None
) -> None:
    """A dead network closes nothing: silence has to be noticed."""
    await simulator.faults(ping_interval=0.3, ping_timeout=0.3)
    async with listening(access) as stream:
        await simulator.faults(pong=False)
        await stream.until(DROPPED, 0.3 + 0.3 + 1)


async def test_panel_without_power(
    access: PanelAccess, simulator: SimulatedPdk, short_back_off: None
) -> None:
    """Dropped, then down for as long as it takes, then connected."""
    async with listening(access) as stream:
        await simulator.control("POST", f"panels/{PANEL}/offline")
        await wait_for(lambda: stream.statuses.count(DOWN) >= 2)
        assert isinstance(stream.told[-1][1], CannotConnectError)
        with pytest.raises(NotConnectedError):
            await stream.stream.send(TryOpen(door_id=1))
        await simulator.control("POST", f"panels/{PANEL}/online")
        await stream.connected(2)
        downs = stream.statuses.count(DOWN)
        assert stream.statuses == [CONNECTED, DROPPED, *[DOWN] * downs, CONNECTED]
    received = await simulator.commands(PANEL, wait=0)
    assert received == []


@pytest.mark.parametrize(
    "frame",
    ["", "4", "42", "42[", "42{}", "42[1]", '42[""]', "451-[{}]", "42/other,[1]", "43"],
)
@pytest.mark.parametrize("more", ["9", "3probe"])
async def test_frames_that_make_no_sense(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    frame: str,
    more: str,
) -> None:
    """Garbage costs at most a connection, and never the stream."""
    async with listening(access) as stream:
        await _raw(simulator, frame)
        await _raw(simulator, more)

        async def heard() -> None:
            while not stream.events:
                await simulator.act(PANEL, 1, "hold")
                await simulator.act(PANEL, 1, "lock")
                await asyncio.sleep(0.02)

        await asyncio.wait_for(heard(), 5)


@pytest.mark.parametrize(("lasting", "begun_anew"), [(60.0, False), (0.0, True)])
async def test_only_a_lasting_connection_resets_the_back_off(
    access: PanelAccess,
    simulator: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    lasting: float,
    begun_anew: bool,
) -> None:
    """A panel that accepts and then kicks is not to be hammered."""
    given: list[int] = []

    def short() -> Iterator[float]:
        for attempt in range(100):
            given.append(attempt)
            yield 0.01

    monkeypatch.setattr(back_off, "waits", short)
    monkeypatch.setattr(back_off, "LASTING", lasting)
    await simulator.faults(PANEL, handshake={"mode": "kick"})
    async with listening(access) as stream:
        await stream.connected(5)
    assert given[:4] == ([0, 0, 0, 0] if begun_anew else [0, 1, 2, 3])


@pytest.mark.parametrize(
    "moment", ["connected", "command", "handshake", "token", "backing off"]
)
async def test_nothing_is_left(
    access: PanelAccess,
    simulator: SimulatedPdk,
    session: aiohttp.ClientSession,
    moment: str,
) -> None:
    """The integration is unloaded, at whatever moment."""
    if moment == "handshake":
        await simulator.faults(PANEL, handshake={"mode": "hang"})
    if moment == "token":
        await simulator.faults(PANEL, panel_token={"hang": True})
    if moment == "backing off":
        await simulator.faults(PANEL, handshake={"mode": "http"})
    await simulator.faults(PANEL, commands="ignored")
    before = asyncio.all_tasks()

    stream = Listening(access)
    running = asyncio.create_task(stream.stream.run())
    sending = None
    if moment in {"connected", "command"}:
        await stream.connected()
    if moment == "command":
        sending = asyncio.create_task(stream.stream.send(TryOpen(door_id=1)))
        await simulator.commands(PANEL)
    if moment == "backing off":
        await stream.until(DOWN)
    if moment in {"handshake", "token"}:
        kind = "panel_token" if moment == "token" else "handshake"
        async with asyncio.timeout(5):
            while not (await simulator.requests())[kind]:
                await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})

    assert running.cancelled()
    if sending:
        with pytest.raises(CommandUnansweredError):
            await sending
    await wait_for(lambda: asyncio.all_tasks() == before)
    assert session.connector is not None
    await wait_for(lambda: not session.connector._acquired)  # type: ignore[union-attr]
    await simulator.sockets(PANEL, 0)


async def test_unloaded_in_the_moment_in_which_the_panel_goes(
    access: PanelAccess, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two ends at once do not wait for each other."""
    listener = Listening(access)
    running = asyncio.create_task(listener.stream.run())
    await listener.connected()
    tidy_up = engineio3.Transport._tidy_up

    async def in_the_same_moment(self: engineio3.Transport) -> None:
        running.cancel()
        await tidy_up(self)

    monkeypatch.setattr(engineio3.Transport, "_tidy_up", in_the_same_moment)
    await _kick(simulator, "close")
    async with asyncio.timeout(5):
        await asyncio.wait({running})
    assert running.cancelled()


async def test_what_is_read_after_the_end(
    access: PanelAccess,
    simulator: SimulatedPdk,
    short_back_off: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would be taken for certain, and that nothing is until the next connection."""
    async with listening(access) as stream:

        def on_status(status: StreamStatus, _: PdkError | None) -> None:
            if status is StreamStatus.DROPPED:
                read = {"body": {"doorId": 1}}
                stream.stream._deliver("door.input.relay.on", read)
            stream.told.append((status, None))

        monkeypatch.setattr(stream.stream, "_on_status", on_status)
        await _kick(simulator, "close")
        await stream.connected(2)
        assert stream.events == []


async def test_many_connections_leave_nothing(
    access: PanelAccess, simulator: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad night: the panel comes and goes, the number of tasks does not grow."""
    monkeypatch.setattr(back_off, "BACK_OFF", (0.01,))
    monkeypatch.setattr(back_off, "LONGEST_BACK_OFF", 0.01)
    async with listening(access) as stream:
        await simulator.sockets(PANEL, 1)
        before = len(asyncio.all_tasks())
        for times in range(20):
            await _kick(simulator, "abort" if times % 2 else "close")
            await stream.connected(times + 2)
        await wait_for(lambda: len(asyncio.all_tasks()) <= before)
        await simulator.sockets(PANEL, 1)
