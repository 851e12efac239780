"""The stream: transports, tokens, and events in the shapes of the page."""

from datetime import UTC, datetime
import json

import aiohttp

from .wire import PANEL, Wire


async def test_the_server_opens_and_connects(wire: Wire) -> None:
    """The open packet has the ping settings, `40` comes by itself, pings are answered."""
    opened = await wire.connect()
    assert (opened["pingInterval"], opened["pingTimeout"]) == (25000, 20000)
    assert opened["upgrades"] == []
    assert await wire.is_silent()


async def test_a_client_without_pings_is_closed(wire: Wire) -> None:
    """After ping interval and timeout."""
    await wire.pdk.faults(ping_interval=0.3, ping_timeout=0.2)
    await wire.connect()
    closed = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
    assert (await wire.message()).type in closed
    await wire.pdk.sockets(PANEL, 0)


async def test_event_of_a_door(wire: Wire) -> None:
    """It has the keys of the page, no id and no metadata."""
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "hold")
    topic, event = await wire.event()
    assert topic == event["topic"] == "door.input.relay.on"
    assert list(event) == ["topic", "body", "occurred"]
    assert json.dumps(event["body"]["door"], separators=(",", ":")) == (
        '{"id":1,"name":"Front door","connection":1,"port":1,"partitions":[0],'
        '"metadata":{}}'
    )


async def test_access_is_allowed(wire: Wire) -> None:
    """The request, its live event, and the relay."""
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "badge", person=3, factor="PIN_ONLY")
    topic, event = await wire.event()
    assert topic == "door.request.allowed"
    assert list(event) == ["id", "topic", "body", "occurred", "metadata"]
    assert " ".join(event["body"]) == "doorId personId requestFactor person door"
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


async def test_access_is_denied(wire: Wire) -> None:
    """By a rule, or explicitly by do not disturb."""
    await wire.connect()
    await wire.pdk.act(PANEL, 3, "badge", person=5)
    _, event = await wire.event()
    assert list(event["body"])[3] == "explicit"
    assert event["body"]["explicit"] is False
    await wire.event()
    await wire.pdk.act(PANEL, 3, "dnd")
    assert await wire.topics(1) == ["door.forceclose.on"]
    await wire.pdk.act(PANEL, 3, "badge", person=1)
    _, event = await wire.event()
    assert event["body"]["explicit"] is True
    assert (await wire.event())[1]["topic"] == "door.request.denied"
    assert await wire.is_silent()


async def test_a_credential_is_unknown(wire: Wire) -> None:
    """An unknown PIN is in the event; a known one is a person's."""
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "badge", pin="1234")
    topic, event = await wire.event()
    assert topic == "door.request.unknown"
    assert list(event) == ["id", "topic", "body", "metadata", "occurred"]
    assert list(event["body"]) == ["doorId", "pin", "door"]
    assert event["body"]["pin"] == "1234"
    await wire.event()
    await wire.pdk.act(PANEL, 1, "badge", pin="1357")
    body = (await wire.event())[1]["body"]
    assert (body["personId"], body["requestFactor"]) == (2, "PIN_ONLY")


async def test_an_additional_reader_opens_its_door(wire: Wire) -> None:
    """The request names the reader, the relay its door."""
    await wire.connect()
    await wire.pdk.act(PANEL, 7, "badge", person=1)
    assert (await wire.event())[1]["body"]["doorId"] == 7
    await wire.event()
    topic, event = await wire.event()
    assert (topic, event["body"]["doorId"]) == ("door.input.relay.on", 1)


async def test_sensors_and_alarms(wire: Wire) -> None:
    """A door is opened in time, forced and propped; simulated time passes faster."""
    door = {"id": 1, "dps": True, "rex": True, "forcedAlarm": True, "propAlarm": True}
    people = [{"id": 1, "firstName": "Amelia"}]
    panel = {"id": PANEL, "doors": [door | {"propDelay": 5}], "people": people}
    await wire.pdk.reset({"panels": [panel], "speed": 20})
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "badge", person=1, walk=True)
    assert (await wire.topics(6))[2:] == [
        "door.input.relay.on",
        "door.input.dps.opened",
        "door.input.relay.off",
        "door.input.dps.closed",
    ]
    await wire.pdk.act(PANEL, 1, "rex", seconds=1)
    assert await wire.topics(4) == [
        "door.input.rex.on",
        "door.input.relay.on",
        "door.input.rex.off",
        "door.input.relay.off",
    ]
    await wire.pdk.act(PANEL, 1, "force")
    topics = await wire.topics(3)
    assert topics[:2] == ["door.input.dps.opened", "door.alarm.forced"]
    assert topics[2] == "door.alarm.propped.on"
    await wire.pdk.act(PANEL, 1, "close")
    assert await wire.topics(2) == ["door.input.dps.closed", "door.alarm.propped.off"]


async def test_occurred_is_local_time(wire: Wire) -> None:
    """The string is seven hours behind the number; the panel's clock may be wrong."""
    await wire.pdk.faults(PANEL, clock_offset=-3600)
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "badge", person=1)
    _, event = await wire.event()
    occurred = event["metadata"]["occurred"] / 1000
    string = datetime.fromisoformat(event["occurred"]).replace(tzinfo=UTC)
    assert string.timestamp() == int(occurred) - 7 * 3600
    assert 3600 <= datetime.now(UTC).timestamp() - occurred < 3660


async def test_events_wait_for_a_new_token(wire: Wire) -> None:
    """`invalidToken` replaces them; after the renewal they come in order."""
    await wire.pdk.faults(stale_token="accept", panel_token_lifetime=0)
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "hold")
    await wire.command("door.actuate.close", doorId=1)
    for _ in range(3):
        assert await wire.event() == ["invalidToken"]
    await wire.emit("renewedToken", {"token": "not.a.token"})
    assert await wire.is_silent()
    await wire.pdk.faults(panel_token_lifetime=None)
    await wire.emit("renewedToken", {"token": await wire.panel_token()})
    assert await wire.topics(3) == [
        "door.input.relay.on",
        "command.result.succeed",
        "door.input.relay.off",
    ]
    assert (await wire.pdk.requests())["renewed"] == 1


async def test_a_token_is_revoked_after_a_renewal(wire: Wire) -> None:
    """Whatever its `exp` says; the next renewal counts again."""
    await wire.connect()
    await wire.emit("renewedToken", {"token": await wire.panel_token()})
    assert await wire.is_silent()
    await wire.pdk.control("POST", f"panels/{PANEL}/revoke")
    await wire.pdk.act(PANEL, 1, "hold")
    assert await wire.event() == ["invalidToken"]
    await wire.emit("renewedToken", {"token": await wire.panel_token()})
    assert await wire.topics(1) == ["door.input.relay.on"]


async def test_migration(wire: Wire) -> None:
    """`migration.started` has no argument; the others have their fields."""
    await wire.connect()
    await wire.pdk.control("POST", f"panels/{PANEL}/migrate", {"stage": "started"})
    assert await wire.frame() == '42["migration.started"]'
    body = {"stage": "task.started", "task": "CREATE_SYSTEM"}
    await wire.pdk.control("POST", f"panels/{PANEL}/migrate", body)
    assert await wire.event() == ["migration.task.started", {"task": "CREATE_SYSTEM"}]


async def test_any_event_can_be_emitted(wire: Wire) -> None:
    """Without an argument, with null, and several at once."""
    await wire.connect()
    await wire.pdk.emit(PANEL, "a")
    await wire.pdk.emit(PANEL, "b", None)
    events = [{"topic": "c", "payload": 1}, {"topic": "d", "payload": "ø"}]
    await wire.pdk.control("POST", f"panels/{PANEL}/emit", {"events": events})
    frames = [await wire.frame() for _ in range(4)]
    assert frames == ['42["a"]', '42["b",null]', '42["c",1]', '42["d","ø"]']
