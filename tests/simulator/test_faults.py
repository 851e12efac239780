"""Faults: what the control API makes fail."""

from typing import Any

import aiohttp
import pytest

from .wire import PANEL, Wire, client

_REJECTION = '44"Authorization has failed."'
_RESULT, _RELAY_ON = "command.result.succeed", "door.input.relay.on"


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
