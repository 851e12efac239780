"""Faults: what the control API makes fail."""

from typing import Any

import aiohttp
import pytest

from .wire import PANEL, Wire


@pytest.mark.parametrize(
    ("kind", "method", "path"),
    [
        ("ous", "GET", "ous/mine"),
        ("panel", "GET", f"panels/{PANEL}"),
        ("panel_token", "POST", f"panels/{PANEL}/token"),
    ],
)
async def test_a_request_fails_once(
    wire: Wire, kind: str, method: str, path: str
) -> None:
    """As often as `count` says."""
    headers = {"Retry-After": "3"}
    fault: Any = {"status": 503, "body": "html", "headers": headers, "count": 1}
    await wire.pdk.faults(None, **{kind: fault})
    status, answered, body = await wire.accounts(method, path)
    assert (status, answered["Retry-After"]) == (503, "3")
    assert body.startswith("<html>")
    assert (await wire.accounts(method, path))[0] == 200


@pytest.mark.parametrize("status", [400, 401])
async def test_credentials_are_rejected_once(wire: Wire, status: int) -> None:
    """The next request gets a token."""
    await wire.pdk.faults(token={"status": status, "count": 1})
    assert (await wire.log_in())[0] == status
    assert (await wire.log_in())[0] == 200


async def test_a_request_is_aborted_or_hangs(wire: Wire) -> None:
    """The connection is reset, or there is no response."""
    await wire.pdk.faults(ous={"abort": True})
    with pytest.raises(aiohttp.ClientError):
        await wire.accounts("GET", "ous/mine")
    await wire.pdk.faults(ous={"hang": True})
    url = f"{wire.pdk.accounts_url}/api/ous/mine"
    with pytest.raises(TimeoutError):
        await wire.request("GET", url, timeout=aiohttp.ClientTimeout(total=0.2))


async def test_texts_repeat_the_token(wire: Wire) -> None:
    """`{token}` stands for it in bodies, messages and refusals."""
    token = await wire.panel_token()
    await wire.pdk.faults(PANEL, devices={"status": 403, "body": {"x": "{token}"}})
    assert (await wire.devices(token=token))[2] == {"x": token}
    fault = {"mode": "error44", "message": "Bad {token}", "count": 1}
    await wire.pdk.faults(PANEL, handshake=fault, commands={"refuse": "No, {token}."})
    await wire.open(token)
    await wire.expect(f'44"Bad {token}"')
    await wire.connect(token)
    await wire.command("door.try.open", doorId=1)
    assert await wire.event() == ["serverError", {"message": f"No, {token}."}]


async def test_a_panel_moves(wire: Wire) -> None:
    """The accounts service gives its new address, and the old one is dead."""
    await wire.connect()
    former = wire.pdk.panel_url(PANEL)
    moved = await wire.pdk.control("POST", f"panels/{PANEL}/move")
    await wire.expect(None)
    assert moved["uri"] != former
    _, _, panel = await wire.accounts("GET", f"panels/{PANEL}")
    assert panel["uri"] == moved["uri"]
    with pytest.raises(aiohttp.ClientConnectorError):
        await wire.connect()
    assert (await wire.request("GET", f"{moved['uri']}api/devices"))[0] == 401


async def test_the_accounts_service_gives_another_address(wire: Wire) -> None:
    """In the tree and for the panel, though the panel is where it was."""
    elsewhere = "https://elsewhere.example/"
    await wire.pdk.faults(PANEL, uri=elsewhere)
    _, _, panel = await wire.accounts("GET", f"panels/{PANEL}")
    _, _, unit = await wire.accounts("GET", "ous/mine")
    assert panel["uri"] == unit["panels"][0]["uri"] == elsewhere
    assert (await wire.pdk.state())["panels"][PANEL]["uri"] != elsewhere


async def test_a_panel_has_its_own_faults(wire: Wire) -> None:
    """They have priority; unknown ones are an error."""
    await wire.pdk.faults(ping_interval=10)
    await wire.pdk.faults(PANEL, ping_interval=5)
    panels = (await wire.pdk.state())["panels"]
    assert panels[PANEL]["faults"]["ping_interval"] == 5
    assert panels["2080DEF"]["faults"]["ping_interval"] == 10
    assert (await wire.pdk.faults(PANEL, ping_interval=None))["ping_interval"] == 10
    with pytest.raises(AssertionError, match="UnknownFault"):
        await wire.pdk.faults(tokn=None)


_REJECTION = '44"Authorization has failed."'


@pytest.mark.parametrize(
    ("mode", "frames"),
    [
        ("error44", [_REJECTION]),
        ("no_connect", []),
        ("kick", ["40", None]),
        ("disconnect", ["40", "41"]),
    ],
)
async def test_a_connection_is_rejected(
    wire: Wire, mode: str, frames: list[str | None]
) -> None:
    """After the websocket is open."""
    await wire.pdk.faults(PANEL, handshake={"mode": mode})
    await wire.open()
    for frame in frames:
        await wire.expect(frame)
    assert None in frames or await wire.is_silent()


@pytest.mark.parametrize(("mode", "frame"), [("accept", "40"), ("error44", _REJECTION)])
async def test_a_stale_token(wire: Wire, mode: str, frame: str) -> None:
    """It is accepted, or rejected in one of several ways."""
    await wire.pdk.faults(stale_token=mode)
    await wire.open("bad.token")
    await wire.expect(frame)


# aiohttp itself tries an aborted connection a second time.
@pytest.mark.parametrize(
    "fault",
    [
        {"stale_token": "http"},
        {"handshake": {"mode": "http", "status": 400, "count": 1}},
        {"handshake": {"mode": "abort", "count": 2}},
    ],
)
async def test_a_websocket_is_rejected(wire: Wire, fault: dict[str, Any]) -> None:
    """By an HTTP status, or a reset."""
    await wire.pdk.faults(PANEL, **fault)
    with pytest.raises(aiohttp.ClientError):
        await wire.open("bad.token")
    await wire.connect()


async def test_pings_are_not_answered(wire: Wire) -> None:
    """Events still come."""
    await wire.pdk.faults(pong=False)
    await wire.connect()
    await wire.send("2")
    await wire.pdk.act(PANEL, 1, "hold")
    assert (await wire.event())[0] == "door.input.relay.on"


_RESULT, _RELAY_ON = "command.result.succeed", "door.input.relay.on"


@pytest.mark.parametrize(
    ("fault", "topics"),
    [
        ({"commands": "silent"}, [_RELAY_ON]),
        ({"commands": "ignored"}, []),
        ({"commands": {"refuse": "No."}}, ["serverError"]),
        ({"commands": {"refuse": "No.", "topics": ["x"]}}, [_RESULT, _RELAY_ON]),
        ({"commands": {"refuse": "No.", "doors": [2]}}, [_RESULT, _RELAY_ON]),
        ({"result_first": False}, [_RELAY_ON, _RESULT]),
        ({"command_delay": 0.05}, [_RESULT, _RELAY_ON]),
    ],
)
async def test_commands_fail(
    wire: Wire, fault: dict[str, Any], topics: list[str]
) -> None:
    """They are rejected, ignored, without a result, or late."""
    await wire.pdk.faults(PANEL, **fault)
    await wire.connect()
    await wire.command("door.actuate.open", doorId=1)
    assert await wire.topics(len(topics)) == topics
    assert await wire.is_silent()


async def test_one_topic_is_delayed(wire: Wire) -> None:
    """A command of another topic is executed meanwhile; a rejection counts."""
    refusal = {"refuse": "No.", "topics": ["door.try.open"], "count": 1}
    delay = {"door.actuate.dnd": 0.1}
    await wire.pdk.faults(PANEL, command_delay=delay, commands=refusal)
    await wire.connect()
    await wire.command("door.actuate.dnd", doorId=1)
    for topic in ("door.try.open", "door.try.open"):
        await wire.command(topic, doorId=2)
    assert await wire.topics(3) == ["serverError", _RESULT, _RELAY_ON]
    assert await wire.topics(2) == [_RESULT, "door.forceclose.on"]


@pytest.mark.parametrize("frame", ["41", '44"x"', "1", "garbage"])
async def test_any_frame_can_be_sent(wire: Wire, frame: str) -> None:
    """Valid or not."""
    await wire.connect()
    await wire.pdk.control("POST", f"panels/{PANEL}/raw", {"frame": frame})
    assert await wire.frame() == frame


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_clients_are_kicked(wire: Wire, how: str) -> None:
    """Without a closing handshake."""
    await wire.connect()
    await wire.pdk.control("POST", f"panels/{PANEL}/kick", {"how": how})
    await wire.expect(None)
    await wire.pdk.sockets(PANEL, 0)
    await wire.connect()


async def test_a_panel_goes_offline(wire: Wire) -> None:
    """It comes back at the same address."""
    await wire.connect()
    await wire.pdk.control("POST", f"panels/{PANEL}/offline")
    await wire.expect(None)
    with pytest.raises(aiohttp.ClientConnectorError):
        await wire.open()
    assert (await wire.accounts("GET", f"panels/{PANEL}"))[2]["online"] is False
    await wire.pdk.control("POST", f"panels/{PANEL}/online")
    await wire.connect()


async def test_a_reset_restores_everything(wire: Wire) -> None:
    """Clients, tokens, faults, doors and commands."""
    await wire.connect()
    await wire.pdk.faults(ping_interval=7)
    await wire.command("door.actuate.open", doorId=1)
    await wire.pdk.commands(PANEL)
    await wire.pdk.reset()
    state = await wire.pdk.state()
    assert state["faults"]["ping_interval"] == 25
    assert state["tokens"] == {"id": 0}
    assert state["panels"][PANEL]["sockets"] == 0
    assert state["panels"][PANEL]["doors"]["1"]["relay"] is False
    assert await wire.pdk.commands(PANEL, wait=0) == []
