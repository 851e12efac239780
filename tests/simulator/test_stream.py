"""The stream: transports, tokens, and events in the page's shapes."""

from datetime import UTC, datetime
import json

import aiohttp

from tests.simulator_process import SimulatedPdk

from .wire import PANEL, Wire


async def test_open(wire: Wire) -> None:
    """The open packet tells the timing; `40` comes by itself."""
    opened = await wire.connected()
    assert (opened["pingInterval"], opened["pingTimeout"]) == (25000, 20000)
    assert opened["upgrades"] == []


async def test_ping(wire: Wire) -> None:
    """A ping is answered, with what it brought."""
    await wire.connected()
    await wire.send("2")
    assert await wire.frame() == "3"


async def test_silent_client_is_dropped(simulator: SimulatedPdk, wire: Wire) -> None:
    """Who sends no ping for interval and timeout is gone; not before."""
    await simulator.faults(ping_interval=0.3, ping_timeout=0.2)
    await wire.connected()
    await wire.send("2")
    assert await wire.frame() == "3"
    assert (await wire.message()).type in (
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSED,
    )
    await simulator.sockets(PANEL, 0)


async def test_polling(simulator: SimulatedPdk, wire: Wire) -> None:
    """Polling gives the same, in lengths counted by characters."""
    token = await wire.panel_token()
    url = f"{simulator.panel_url(PANEL)}socket.io/?EIO=3&transport=polling&b64=1"
    _, _, opened = await wire.request("GET", f"{url}&token={token}")
    packet = json.loads(opened[opened.index("{") : opened.index("}") + 1])
    assert packet["upgrades"] == ["websocket"]
    assert opened.endswith("2:40")
    await simulator.emit(PANEL, "greeting", "Søren")
    _, _, polled = await wire.request("GET", f"{url}&sid={packet['sid']}")
    length, _, text = polled.partition(":")
    assert int(length) == len(text)
    assert json.loads(text[2:]) == ["greeting", "Søren"]


async def test_door_event(simulator: SimulatedPdk, wire: Wire) -> None:
    """A door's event has the page's keys, no id and no metadata."""
    await wire.connected()
    await simulator.act(PANEL, 1, "hold")
    topic, event = await wire.event()
    assert topic == event["topic"] == "door.input.relay.on"
    assert list(event) == ["topic", "body", "occurred"]
    assert json.dumps(event["body"]["door"], separators=(",", ":")) == (
        '{"id":1,"name":"Front door","connection":1,"port":1,"partitions":[0],'
        '"metadata":{}}'
    )


async def test_allowed(simulator: SimulatedPdk, wire: Wire) -> None:
    """Who may come in is let in."""
    await wire.connected()
    await simulator.act(PANEL, 1, "badge", person=3, factor="PIN_ONLY")
    topic, event = await wire.event()
    assert topic == "door.request.allowed"
    assert list(event) == ["id", "topic", "body", "occurred", "metadata"]
    assert list(event["body"]) == [
        "doorId",
        "personId",
        "requestFactor",
        "person",
        "door",
    ]
    assert list(event["metadata"]) == ["occurred", "doorName", "personName"]
    _, live = await wire.event()
    assert live == {
        "info": 'Person "%s" has requested access to the device "%s". Access allowed.'
        " Person used PIN for requesting access.",
        "occurred": event["occurred"],
        "topic": "door.request.allowed",
        "placeholders": [
            {"text": "Søren Lindqvist", "id": 3, "type": "person"},
            {"text": "Front door", "id": 1, "type": "door"},
        ],
        "photo": None,
    }
    assert (await wire.event())[0] == "door.input.relay.on"


async def test_local_time(simulator: SimulatedPdk, wire: Wire) -> None:
    """Strings are seven hours behind the number, which a wrong clock moves."""
    await simulator.faults(PANEL, clock_offset=-3600)
    await wire.connected()
    await simulator.act(PANEL, 1, "badge", person=1)
    _, event = await wire.event()
    occurred = event["metadata"]["occurred"] / 1000
    string = datetime.fromisoformat(event["occurred"]).replace(tzinfo=UTC)
    assert string.timestamp() == int(occurred) - 7 * 3600
    behind = datetime.now(UTC).timestamp() - occurred
    assert 3600 <= behind < 3660


async def test_denied(simulator: SimulatedPdk, wire: Wire) -> None:
    """A rule denies; do not disturb denies explicitly."""
    await wire.connected()
    await simulator.act(PANEL, 3, "badge", person=5)
    _, event = await wire.event()
    assert list(event["body"])[3] == "explicit"
    assert event["body"]["explicit"] is False
    await wire.event()
    await wire.command("door.actuate.dnd", doorId=3)
    assert await wire.topics(2) == ["command.result.succeed", "door.forceclose.on"]
    await simulator.act(PANEL, 3, "badge", person=1)
    _, event = await wire.event()
    assert event["body"]["explicit"] is True
    assert (await wire.event())[1]["topic"] == "door.request.denied"
    assert await wire.silence()


async def test_unknown(simulator: SimulatedPdk, wire: Wire) -> None:
    """An unknown PIN is told as it was typed; a known one is somebody's."""
    await wire.connected()
    await simulator.act(PANEL, 1, "badge", pin="1234")
    topic, event = await wire.event()
    assert topic == "door.request.unknown"
    assert list(event) == ["id", "topic", "body", "metadata", "occurred"]
    assert list(event["body"]) == ["doorId", "pin", "door"]
    assert event["body"]["pin"] == "1234"
    await wire.event()
    await simulator.act(PANEL, 1, "badge", pin="1357")
    _, event = await wire.event()
    assert (event["body"]["personId"], event["body"]["requestFactor"]) == (
        2,
        "PIN_ONLY",
    )


async def test_second_reader(simulator: SimulatedPdk, wire: Wire) -> None:
    """A second reader names itself, and opens its door's relay."""
    await wire.connected()
    await simulator.act(PANEL, 7, "badge", person=1)
    assert (await wire.event())[1]["body"]["doorId"] == 7
    await wire.event()
    topic, event = await wire.event()
    assert (topic, event["body"]["doorId"]) == ("door.input.relay.on", 1)


async def test_walk(simulator: SimulatedPdk, wire: Wire) -> None:
    """Who walks opens the door and lets it fall shut; quickly, if told so."""
    door = {"id": 1, "dps": True, "forcedAlarm": True, "dwell": 20}
    person = {"id": 1, "firstName": "Amelia", "lastName": "Hartmann"}
    panel = {"id": PANEL, "doors": [door], "people": [person]}
    await simulator.reset({"panels": [panel], "speed": 20})
    await wire.connected()
    await simulator.act(PANEL, 1, "badge", person=1, walk=True)
    assert (await wire.topics(6))[2:] == [
        "door.input.relay.on",
        "door.input.dps.opened",
        "door.input.relay.off",
        "door.input.dps.closed",
    ]


async def test_expiry(simulator: SimulatedPdk, wire: Wire) -> None:
    """Events wait for a new token, then come in order."""
    await simulator.faults(stale_token="accept", panel_token_lifetime=0)
    await wire.connected()
    await simulator.act(PANEL, 1, "hold")
    await wire.command("door.actuate.close", doorId=1)
    for _ in range(3):
        assert await wire.event() == ["invalidToken"]
    await wire.emit("renewedToken", {"token": "not.a.token"})
    assert await wire.silence()
    await simulator.faults(panel_token_lifetime=None)
    await wire.emit("renewedToken", {"token": await wire.panel_token()})
    assert await wire.topics(3) == [
        "door.input.relay.on",
        "command.result.succeed",
        "door.input.relay.off",
    ]
    assert (await simulator.requests())["renewed"] == 1


async def test_renewal_ahead(simulator: SimulatedPdk, wire: Wire) -> None:
    """A token renewed in time interrupts nothing."""
    await simulator.faults(panel_token_lifetime=0.3)
    token = await wire.panel_token()
    await simulator.faults(panel_token_lifetime=300)
    await wire.connected(token)
    await wire.emit("renewedToken", {"token": await wire.panel_token()})
    url = f"{simulator.panel_url(PANEL)}api/devices"
    headers = {"Authorization": f"Bearer {token}"}
    while (await wire.request("GET", url, headers=headers))[0] == 200:
        pass
    await simulator.act(PANEL, 1, "hold")
    assert (await wire.event())[0] == "door.input.relay.on"


async def test_migration(simulator: SimulatedPdk, wire: Wire) -> None:
    """`migration.started` has no argument; the others have what they name."""
    await wire.connected()
    await simulator.control("POST", f"panels/{PANEL}/migrate", {"stage": "started"})
    assert await wire.frame() == '42["migration.started"]'
    body = {"stage": "task.started", "task": "CREATE_SYSTEM"}
    await simulator.control("POST", f"panels/{PANEL}/migrate", body)
    assert await wire.event() == ["migration.task.started", {"task": "CREATE_SYSTEM"}]


async def test_emit(simulator: SimulatedPdk, wire: Wire) -> None:
    """Anything can be emitted: nothing, null, many at once."""
    await wire.connected()
    await simulator.emit(PANEL, "a")
    await simulator.emit(PANEL, "b", None)
    events = [{"topic": "c", "payload": 1}, {"topic": "d", "payload": "ø"}]
    await simulator.control("POST", f"panels/{PANEL}/emit", {"events": events})
    frames = [await wire.frame() for _ in range(4)]
    assert frames == ['42["a"]', '42["b",null]', '42["c",1]', '42["d","ø"]']
