"""Faults: what the control API makes fail."""

from typing import Any

import aiohttp
import pytest

from .wire import PANEL, Wire, client

_REJECTION = '44"Authorization has failed."'
_RESULT, _RELAY_ON = "command.result.succeed", "door.input.relay.on"


async def test_a_request_fails_once(wire: Wire) -> None:
    """As often as `count` says; the next one is answered."""
    fault: Any = {"status": 503, "body": "html", "headers": {"A": "b"}, "count": 1}
    for kind, method, path in (
        ("ous", "GET", "ous/mine"),
        ("panel", "GET", f"panels/{PANEL}"),
        ("panel_token", "POST", f"panels/{PANEL}/token"),
    ):
        await wire.pdk.faults(None, **{kind: fault})
        status, headers, body = await wire.accounts(method, path)
        assert (status, headers["A"], body[:6]) == (503, "b", "<html>")
        assert (await wire.accounts(method, path))[0] == 200
    for rejection in (400, 401):
        await wire.pdk.faults(token={"status": rejection, "count": 1})
        assert [(await wire.log_in())[0] for _ in range(2)] == [rejection, 200]


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
    """The accounts service gives its new address, or any other; the old one is dead."""
    await wire.connect()
    former = wire.pdk.panel_url(PANEL)
    uri = (await wire.pdk.control("POST", f"panels/{PANEL}/move"))["uri"]
    await wire.expect(None)
    assert uri != former
    assert (await wire.accounts("GET", f"panels/{PANEL}"))[2]["uri"] == uri
    with pytest.raises(aiohttp.ClientConnectorError):
        await wire.connect()
    assert (await wire.request("GET", f"{uri}api/devices"))[0] == 401
    await wire.pdk.faults(PANEL, uri="https://elsewhere.example/")
    unit = (await wire.accounts("GET", "ous/mine"))[2]
    assert unit["panels"][0]["uri"] == "https://elsewhere.example/"


async def test_a_panel_has_its_own_faults(wire: Wire) -> None:
    """They have priority; unknown ones are an error."""
    await wire.pdk.faults(ping_interval=10)
    assert (await wire.pdk.faults(PANEL, ping_interval=5))["ping_interval"] == 5
    other = (await wire.pdk.state())["panels"]["2080DEF"]["faults"]
    assert other["ping_interval"] == 10
    assert (await wire.pdk.faults(PANEL, ping_interval=None))["ping_interval"] == 10
    with pytest.raises(AssertionError, match="UnknownFault"):
        await wire.pdk.faults(tokn=None)


async def test_a_connection_is_rejected(wire: Wire) -> None:
    """After the websocket is open; a stale token may be accepted, too."""
    cases: list[tuple[dict[str, Any], str | None, list[str | None]]] = [
        ({"handshake": {"mode": "error44"}}, None, [_REJECTION]),
        ({"handshake": {"mode": "no_connect"}}, None, []),
        ({"handshake": {"mode": "kick"}}, None, ["40", None]),
        ({"handshake": {"mode": "disconnect"}}, None, ["40", "41"]),
        ({"handshake": None, "stale_token": "accept"}, "bad.token", ["40"]),
        ({"handshake": None, "stale_token": "error44"}, "bad.token", [_REJECTION]),
    ]
    for faults, token, frames in cases:
        await wire.pdk.faults(PANEL, **faults)
        async with client(wire.pdk) as other:
            await other.open(token)
            for frame in frames:
                await other.expect(frame)
            assert None in frames or await other.is_silent()


async def test_a_websocket_is_rejected(wire: Wire) -> None:
    """By an HTTP status, or a reset; aiohttp itself tries that a second time."""
    for fault in (
        {"stale_token": "http"},
        {"handshake": {"mode": "http", "status": 400, "count": 1}},
        {"handshake": {"mode": "abort", "count": 2}},
    ):
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
    assert (await wire.event())[0] == _RELAY_ON


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
async def test_commands_fail(wire: Wire, fault: dict[str, Any], topics: Any) -> None:
    """They are rejected, ignored, without a result, or late."""
    await wire.pdk.faults(PANEL, **fault)
    await wire.connect()
    await wire.command("door.actuate.open", doorId=1)
    assert await wire.topics(len(topics)) == topics
    assert await wire.is_silent()


async def test_one_topic_is_delayed(wire: Wire) -> None:
    """Other commands are executed meanwhile; a rejection may be for once."""
    refusal = {"refuse": "No.", "topics": ["door.try.open"], "count": 1}
    delay = {"door.actuate.dnd": 0.1}
    await wire.pdk.faults(PANEL, command_delay=delay, commands=refusal)
    await wire.connect()
    await wire.command("door.actuate.dnd", doorId=1)
    for _ in range(2):
        await wire.command("door.try.open", doorId=2)
    assert await wire.topics(3) == ["serverError", _RESULT, _RELAY_ON]
    assert await wire.topics(2) == [_RESULT, "door.forceclose.on"]


async def test_clients_are_kicked(wire: Wire) -> None:
    """After any frame, and without a closing handshake."""
    for how, frame in (("close", "41"), ("abort", '44"x"'), ("close", "garbage")):
        await wire.connect()
        await wire.pdk.control("POST", f"panels/{PANEL}/raw", {"frame": frame})
        await wire.expect(frame)
        await wire.pdk.control("POST", f"panels/{PANEL}/kick", {"how": how})
        await wire.expect(None)
        await wire.pdk.sockets(PANEL, 0)


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
