"""What can be made to go wrong."""

from typing import Any

import aiohttp
import pytest

from tests.simulator_process import SimulatedPdk

from .wire import PANEL, Wire


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("ous", "GET", "ous/mine"),
        ("panel_token", "POST", f"panels/{PANEL}/token"),
    ],
)
async def test_http(
    simulator: SimulatedPdk, wire: Wire, kind: str, method: str, path: str
) -> None:
    """A request fails as told, as often as told."""
    headers = {"Retry-After": "3"}
    fault: Any = {"status": 503, "body": "html", "headers": headers, "count": 1}
    await simulator.faults(None, **{kind: fault})
    status, answered, body = await wire.accounts(method, path)
    assert (status, answered["Retry-After"]) == (503, "3")
    assert body.startswith("<html>")
    status, _, _ = await wire.accounts(method, path)
    assert status == 200


async def test_abort_and_hang(simulator: SimulatedPdk, wire: Wire) -> None:
    """A connection breaks, or nothing comes."""
    await simulator.faults(ous={"abort": True})
    with pytest.raises(aiohttp.ClientError):
        await wire.accounts("GET", "ous/mine")
    await simulator.faults(ous={"hang": True})
    token = await wire.id_token()
    with pytest.raises(TimeoutError):
        await wire.request(
            "GET",
            f"{simulator.accounts_url}/api/ous/mine",
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=0.2),
        )


async def test_another_address(simulator: SimulatedPdk, wire: Wire) -> None:
    """A panel is told to be elsewhere, by both ways of asking."""
    elsewhere = "https://elsewhere.example/"
    await simulator.faults(PANEL, uri=elsewhere)
    _, _, panel = await wire.accounts("GET", f"panels/{PANEL}")
    _, _, unit = await wire.accounts("GET", "ous/mine")
    assert panel["uri"] == elsewhere
    assert [each["uri"] for each in unit["panels"] if each["id"] == PANEL] == [
        elsewhere
    ]
    assert (await simulator.state())["panels"][PANEL]["uri"] != elsewhere


async def test_unknown_fault(simulator: SimulatedPdk) -> None:
    """A fault that does not exist is a mistake of the test."""
    with pytest.raises(AssertionError, match="UnknownFault"):
        await simulator.faults(tokn=None)


async def test_panels_own(simulator: SimulatedPdk) -> None:
    """A panel's faults go before the general ones."""
    await simulator.faults(ping_interval=10)
    await simulator.faults(PANEL, ping_interval=5)
    panels = (await simulator.state())["panels"]
    assert panels[PANEL]["faults"]["ping_interval"] == 5
    assert panels["2080DEF"]["faults"]["ping_interval"] == 10
    assert (await simulator.faults(PANEL, ping_interval=None))["ping_interval"] == 10


# By itself, aiohttp tries once again when a connection breaks.
@pytest.mark.parametrize(("mode", "count"), [("http", 1), ("abort", 2)])
async def test_no_handshake(
    simulator: SimulatedPdk, wire: Wire, mode: str, count: int
) -> None:
    """The websocket does not even open, for a while."""
    fault = {"mode": mode, "status": 400, "count": count}
    await simulator.faults(PANEL, handshake=fault)
    with pytest.raises(aiohttp.ClientError):
        await wire.connect()
    await wire.connected()


@pytest.mark.parametrize(
    ("mode", "frames"),
    [
        ("error44", ['44"Authorization has failed."']),
        ("no_connect", []),
        ("kick", ["40", None]),
    ],
)
async def test_handshake(
    simulator: SimulatedPdk, wire: Wire, mode: str, frames: list[str | None]
) -> None:
    """The websocket opens, but that is all."""
    await simulator.faults(PANEL, handshake={"mode": mode})
    await wire.connect()
    for frame in frames:
        await _expect(wire, frame)
    if None not in frames:
        assert await wire.silence()


@pytest.mark.parametrize(
    ("stale", "frames"),
    [
        ("accept", ["40"]),
        ("error44", ['44"Authorization has failed."']),
        ("disconnect", ["40", "41"]),
    ],
)
async def test_stale_token(
    simulator: SimulatedPdk, wire: Wire, stale: str, frames: list[str]
) -> None:
    """A bad token is answered in any of the known ways."""
    await simulator.faults(stale_token=stale)
    await wire.connect("bad.token")
    for frame in frames:
        await _expect(wire, frame)
    assert await wire.silence()


async def test_stale_token_http(simulator: SimulatedPdk, wire: Wire) -> None:
    """Also by HTTP."""
    await simulator.faults(stale_token="http")
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await wire.connect("bad.token")


async def test_no_pong(simulator: SimulatedPdk, wire: Wire) -> None:
    """A panel may fall silent while the connection stands."""
    await simulator.faults(pong=False)
    await wire.connected()
    await wire.send("2")
    await simulator.act(PANEL, 1, "hold")
    assert (await wire.event())[0] == "door.input.relay.on"


@pytest.mark.parametrize(
    ("fault", "topics"),
    [
        ({"commands": "silent"}, ["door.input.relay.on"]),
        ({"commands": "ignored"}, []),
        ({"commands": {"refuse": "No."}}, ["serverError"]),
        (
            {"commands": {"refuse": "No.", "topics": ["door.try.open"]}},
            ["command.result.succeed", "door.input.relay.on"],
        ),
        (
            {"commands": {"refuse": "No.", "doors": [2]}},
            ["command.result.succeed", "door.input.relay.on"],
        ),
        (
            {"result_first": False},
            ["door.input.relay.on", "command.result.succeed"],
        ),
        ({"command_delay": 0.05}, ["command.result.succeed", "door.input.relay.on"]),
    ],
)
async def test_commands(
    simulator: SimulatedPdk, wire: Wire, fault: dict[str, Any], topics: list[str]
) -> None:
    """Commands are refused, lost, half answered or late."""
    await simulator.faults(PANEL, **fault)
    await wire.connected()
    await wire.command("door.actuate.open", doorId=1)
    assert await wire.topics(len(topics)) == topics
    assert await wire.silence()


async def test_refusal_heals(simulator: SimulatedPdk, wire: Wire) -> None:
    """A refusal may be for once."""
    await simulator.faults(commands={"refuse": "No.", "count": 1})
    await wire.connected()
    for topic in ("serverError", "command.result.succeed"):
        await wire.command("door.actuate.close", doorId=1)
        assert (await wire.event())[0] == topic


@pytest.mark.parametrize("frame", ["41", '44"x"', "1", "garbage"])
async def test_raw(simulator: SimulatedPdk, wire: Wire, frame: str) -> None:
    """Any frame can be sent."""
    await wire.connected()
    await simulator.control("POST", f"panels/{PANEL}/raw", {"frame": frame})
    assert await wire.frame() == frame


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_kick(simulator: SimulatedPdk, wire: Wire, how: str) -> None:
    """A connection ends without a goodbye."""
    await wire.connected()
    await simulator.control("POST", f"panels/{PANEL}/kick", {"how": how})
    await _expect(wire, None)
    await simulator.sockets(PANEL, 0)
    await wire.connected()


async def test_offline(simulator: SimulatedPdk, wire: Wire) -> None:
    """A panel goes and comes back at the same address."""
    await wire.connected()
    await simulator.control("POST", f"panels/{PANEL}/offline")
    await _expect(wire, None)
    with pytest.raises(aiohttp.ClientConnectorError):
        await wire.connected()
    _, _, panel = await wire.accounts("GET", f"panels/{PANEL}")
    assert panel["online"] is False
    await simulator.control("POST", f"panels/{PANEL}/online")
    await wire.connected()


async def test_reset_drops_everything(simulator: SimulatedPdk, wire: Wire) -> None:
    """After a reset nothing of before is left."""
    await wire.connected()
    await simulator.faults(ping_interval=7)
    await wire.command("door.actuate.open", doorId=1)
    await simulator.commands(PANEL)
    await simulator.reset()
    state = await simulator.state()
    assert state["faults"]["ping_interval"] == 25
    assert state["tokens"] == {"id": 0}
    assert state["panels"][PANEL]["sockets"] == 0
    assert state["panels"][PANEL]["doors"]["1"]["relay"] is False
    assert await simulator.commands(PANEL, wait=0) == []


async def _expect(wire: Wire, frame: str | None) -> None:
    """Expect a frame, or an end without the closing handshake."""
    if frame is not None:
        assert await wire.frame() == frame
        return
    while (message := await wire.message()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert message.type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
