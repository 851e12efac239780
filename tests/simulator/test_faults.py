"""Faults: what the control API makes fail."""

from typing import Any

from .wire import PANEL, Wire, client

_REJECTION = '44"Authorization has failed."'
_RESULT, _RELAY_ON = "command.result.succeed", "door.input.relay.on"


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
