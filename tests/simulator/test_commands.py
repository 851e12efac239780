"""The nine commands."""

import pytest

from tests.common import PANEL

from .wire import Wire

_RESULT = "command.result.succeed"
_NO_DWELL = "The dwell is not valid."


@pytest.mark.parametrize(
    ("before", "topic", "body", "caused"),
    [
        ([], "door.try.open", {}, ["input.relay.on"]),
        ([], "door.try.dwellopen", {"dwell": 3}, ["input.relay.on", "input.relay.off"]),
        ([], "door.actuate.open", {}, ["input.relay.on"]),
        (["hold"], "door.actuate.close", {}, ["input.relay.off"]),
        ([], "door.actuate.close", {}, []),
        ([], "door.actuate.forcetoggle", {}, ["input.relay.on"]),
        (["hold"], "door.actuate.forcetoggle", {}, ["input.relay.off"]),
        (["hold"], "door.actuate.dnd", {}, ["forceclose.on", "input.relay.off"]),
        (["force"], "door.alarm.forced.clear", {}, ["alarm.forced.cleared"]),
        ([], "door.alarm.forced.clear", {}, []),
    ],
)
async def test_a_command_succeeds(
    wire: Wire, before: list[str], topic: str, body: dict[str, int], caused: list[str]
) -> None:
    """The result of a command comes first, then the events that it caused."""
    for action in before:
        await wire.pdk.act(PANEL, 1, action)
    await wire.connect()
    await wire.command(topic, doorId=1, **body)
    name, result = await wire.event()
    assert name == _RESULT
    assert list(result) == ["id", "topic", "body", "occurred", "metadata"]
    assert result["body"] == {"commandId": "c-1"}
    topics = await wire.topics(len(caused))
    assert topics == [f"door.{each}" for each in caused]
    assert await wire.is_silent()


@pytest.mark.parametrize(
    ("before", "topic", "body", "message"),
    [
        ([], "door.explode", {"doorId": 1}, "Command is not supported."),
        ([], "door.try.open", {"doorId": 99}, "There is no door 99."),
        ([], "door.try.open", {}, "There is no door None."),
        ([], "door.try.dwellopen", {"doorId": 1, "dwell": 0}, _NO_DWELL),
        (["dnd"], "door.try.open", {"doorId": 1}, "Do not disturb is on."),
        (["dnd"], "door.actuate.open", {"doorId": 1}, "Do not disturb is on."),
    ],
)
async def test_a_command_is_rejected(
    wire: Wire, before: list[str], topic: str, body: dict[str, int], message: str
) -> None:
    """The serverError that rejects a command does not name it."""
    for action in before:
        await wire.pdk.act(PANEL, 1, action)
    await wire.connect()
    await wire.command(topic, **body)
    assert await wire.event() == ["serverError", {"message": message}]


async def test_endpoints_are_discovered(wire: Wire) -> None:
    """Each endpoint is an event of its own, without `occurred`."""
    await wire.connect()
    await wire.command("endpoint.discover")
    assert (await wire.event())[0] == _RESULT
    _, first = await wire.event()
    assert first == {
        "topic": "endpoint.discovered",
        "body": {
            "ioLinkId": 1,
            "address": "0013a200400a393b",
            "ioLinkType": "wirelessCoordinator",
            "ioLinkName": "wimac",
            "doors": [{"id": 4, "port": 4, "name": "Meeting room"}],
        },
    }
    assert (await wire.event())[1]["body"]["address"] == "0013a200400a3942"
    assert await wire.is_silent()
