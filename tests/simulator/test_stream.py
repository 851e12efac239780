"""The stream: transports, tokens, and events in the shapes of the page."""

from datetime import UTC, datetime
import json

from tests.common import PANEL

from .wire import Wire


async def test_the_server_opens_and_connects(wire: Wire) -> None:
    """The open packet has the ping settings, `40` comes by itself, pings are answered."""
    opened = await wire.connect()
    assert (opened["pingInterval"], opened["pingTimeout"]) == (25000, 20000)
    assert opened["upgrades"] == []
    assert await wire.is_silent()


async def test_events_have_the_keys_of_the_page(wire: Wire) -> None:
    """Requests and the relay have the keys of the documentation, in its order."""
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


async def test_occurred_is_local_time(wire: Wire) -> None:
    """`occurred` is seven hours behind its number, by the panel's clock."""
    await wire.pdk.faults(PANEL, clock_offset=-3600)
    await wire.connect()
    await wire.pdk.act(PANEL, 1, "badge", person=1)
    _, event = await wire.event()
    occurred = event["metadata"]["occurred"] / 1000
    string = datetime.fromisoformat(event["occurred"]).replace(tzinfo=UTC)
    assert string.timestamp() == int(occurred) - 7 * 3600
    assert 3600 <= datetime.now(UTC).timestamp() - occurred < 3660


async def test_events_wait_for_a_new_token(wire: Wire) -> None:
    """An expired token holds events back, with `invalidToken`, until its renewal."""
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
