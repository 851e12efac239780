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


async def test_events_have_the_keys_of_the_page(wire: Wire) -> None:
    """In its order: allowed, explicitly denied and unknown requests, and the relay."""
    await wire.connect()
    await wire.pdk.act(PANEL, 3, "badge", person=5)
    await wire.pdk.act(PANEL, 3, "dnd")
    await wire.pdk.act(PANEL, 3, "badge", person=1)
    await wire.pdk.act(PANEL, 3, "badge", pin="1234")
    # An additional reader opens the relay of its door; the PIN is a person's.
    await wire.pdk.act(PANEL, 7, "badge", pin="9753")
    denied, _, _, explicit, live, unknown, _, allowed, live_allowed, relay = [
        (await wire.event())[1] for _ in range(10)
    ]
    assert (denied["body"]["explicit"], explicit["body"]["explicit"]) == (False, True)
    assert live["topic"] == "door.request.denied"
    assert list(denied) == ["id", "topic", "body", "occurred", "metadata"]
    assert " ".join(denied["body"]) == (
        "doorId personId requestFactor explicit person door"
    )
    assert list(unknown) == ["id", "topic", "body", "metadata", "occurred"]
    assert list(unknown["body"]) == ["doorId", "pin", "door"]
    assert unknown["body"]["pin"] == "1234"
    assert " ".join(allowed["body"]) == "doorId personId requestFactor person door"
    assert list(allowed["metadata"]) == ["occurred", "doorName", "personName"]
    assert (allowed["body"]["doorId"], allowed["body"]["personId"]) == (7, 3)
    assert live_allowed == {
        "info": 'Person "%s" has requested access to the device "%s". Access allowed.'
        " Person used PIN for requesting access.",
        "occurred": allowed["occurred"],
        "topic": "door.request.allowed",
        "placeholders": [
            {"text": "Søren Lindqvist", "id": 3, "type": "person"},
            {"text": "Front door, inside", "id": 7, "type": "door"},
        ],
        "photo": None,
    }
    assert list(relay) == ["topic", "body", "occurred"]
    assert relay["topic"] == "door.input.relay.on"
    assert json.dumps(relay["body"], separators=(",", ":")) == (
        '{"doorId":1,"door":{"id":1,"name":"Front door","connection":1,"port":1,'
        '"partitions":[0],"metadata":{}}}'
    )


async def test_sensors_and_alarms(wire: Wire) -> None:
    """A door is opened in time, forced and propped; simulated time passes faster."""
    sensors = {"dps": True, "rex": True, "forcedAlarm": True, "propAlarm": True}
    people = [{"id": 1, "firstName": "Amelia"}]
    door = sensors | {"id": 1, "dwell": 20, "propDelay": 5}
    panel = {"id": PANEL, "doors": [door], "people": people}
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
    await wire.renew("not.a.token")
    assert await wire.is_silent()
    await wire.pdk.faults(panel_token_lifetime=None)
    await wire.renew(await wire.panel_token())
    assert await wire.topics(3) == [
        "door.input.relay.on",
        "command.result.succeed",
        "door.input.relay.off",
    ]
    # A token may be invalid at once after its renewal, whatever its `exp` says.
    await wire.pdk.control("POST", f"panels/{PANEL}/revoke")
    await wire.pdk.act(PANEL, 1, "hold")
    assert await wire.event() == ["invalidToken"]
    await wire.renew(await wire.panel_token())
    assert await wire.topics(1) == ["door.input.relay.on"]
    assert (await wire.pdk.requests())["renewed"] == 2


async def test_any_event_can_be_emitted(wire: Wire) -> None:
    """Without an argument, with null, and several at once; also those of a migration."""
    await wire.connect()
    await wire.pdk.emit(PANEL, "a")
    await wire.pdk.emit(PANEL, "b", None)
    events = [{"topic": "c", "payload": 1}, {"topic": "d", "payload": "ø"}]
    await wire.pdk.control("POST", f"panels/{PANEL}/emit", {"events": events})
    for body in ({"stage": "started"}, {"stage": "task.started", "task": "X"}):
        await wire.pdk.control("POST", f"panels/{PANEL}/migrate", body)
    assert [await wire.frame() for _ in range(6)] == [
        '42["a"]',
        '42["b",null]',
        '42["c",1]',
        '42["d","ø"]',
        '42["migration.started"]',
        '42["migration.task.started",{"task":"X"}]',
    ]
