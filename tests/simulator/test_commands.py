"""The nine commands."""

import pytest

from tests.simulator_process import SimulatedPdk

from .wire import PANEL, Wire

_RESULT = "command.result.succeed"


@pytest.mark.parametrize(
    ("acts", "topic", "body", "caused"),
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
async def test_door_command(
    simulator: SimulatedPdk,
    wire: Wire,
    *,
    acts: list[str],
    topic: str,
    body: dict[str, int],
    caused: list[str],
) -> None:
    """A command gives its result, then what it changed."""
    for act in acts:
        await simulator.act(PANEL, 1, act)
    await wire.connected()
    await wire.command(topic, doorId=1, **body)
    name, result = await wire.event()
    assert name == _RESULT
    assert list(result) == ["id", "topic", "body", "occurred", "metadata"]
    assert result["body"] == {"commandId": "c-1"}
    heard = [each.removeprefix("door.") for each in await wire.topics(len(caused))]
    assert heard == caused
    assert await wire.silence()


async def test_discover(wire: Wire) -> None:
    """Each endpoint is told once, without `occurred`."""
    await wire.connected()
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
    assert await wire.silence()


async def test_query_signal(wire: Wire) -> None:
    """One endpoint answers; its relay moves if asked to, and moves back."""
    await wire.connected()
    endpoint = {"ioLinkId": 1, "address": "0013a200400a393b"}
    await wire.command("endpoint.querysignal", **endpoint, actuateRelay=False)
    assert (await wire.event())[0] == _RESULT
    topic, signal = await wire.event()
    assert topic == "endpoint.signal"
    assert list(signal) == ["topic", "body", "occurred"]
    assert signal["body"] == endpoint | {"dbGain": 40}
    await wire.command(
        "endpoint.querysignal", **endpoint, actuateRelay=True, relayDwell=0.1
    )
    assert await wire.topics(4) == [
        _RESULT,
        "door.input.relay.on",
        "endpoint.signal",
        "door.input.relay.off",
    ]


@pytest.mark.parametrize(
    ("topic", "body", "message"),
    [
        ("door.explode", {"doorId": 1}, "Command is not supported."),
        ("door.try.open", {"doorId": 99}, "There is no door 99."),
        ("door.try.open", {}, "There is no door None."),
        ("door.try.dwellopen", {"doorId": 1, "dwell": 0}, "The dwell is not valid."),
        ("door.try.dwellopen", {"doorId": 1, "dwell": 5401}, "The dwell is not valid."),
    ],
)
async def test_refused(
    wire: Wire, topic: str, body: dict[str, int], message: str
) -> None:
    """What cannot be done is a serverError that names no command."""
    await wire.connected()
    await wire.command(topic, **body)
    assert await wire.event() == ["serverError", {"message": message}]


async def test_result_goes_to_the_sender(simulator: SimulatedPdk, wire: Wire) -> None:
    """The others hear only what happened."""
    async with Wire(simulator) as other:
        await other.connected()
        await wire.connected()
        await wire.command("door.actuate.open", doorId=1)
        assert await wire.topics(2) == [_RESULT, "door.input.relay.on"]
        assert (await other.event())[0] == "door.input.relay.on"


async def test_received(simulator: SimulatedPdk, wire: Wire) -> None:
    """What was received can be read, to the letter."""
    await wire.connected()
    frame = '42["command",{"id":"x", "topic":"door.try.open","body":{"doorId":1}}]'
    await wire.send(frame)
    received = (await simulator.commands(PANEL))[0]
    assert received["raw"] == frame
    assert (received["index"], received["id"]) == (1, "x")
    assert (received["topic"], received["body"]) == ("door.try.open", {"doorId": 1})
    assert await simulator.commands(PANEL, after=1, wait=0) == []


async def test_string_ids(simulator: SimulatedPdk, wire: Wire) -> None:
    """Doors may have strings for ids."""
    await simulator.reset({"panels": [{"id": PANEL, "doors": [{"id": "a-1"}]}]})
    await wire.connected()
    await wire.command("door.actuate.open", doorId="a-1")
    await wire.event()
    assert (await wire.event())[1]["body"]["doorId"] == "a-1"
