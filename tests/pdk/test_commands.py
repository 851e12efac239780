"""The page's commands, as the panel receives them."""

import json
from typing import Any

import pytest

from custom_components.prodatakey.pdk.commands import (
    ActuateClose,
    ActuateDoNotDisturb,
    ActuateForceToggle,
    ActuateOpen,
    ClearForced,
    Command,
    DiscoverEndpoints,
    QuerySignal,
    TryDwellOpen,
    TryOpen,
)

from .common import SAMPLES

COMMANDS: dict[str, Command] = {
    "door.actuate.close": ActuateClose(door_id=1),
    "door.actuate.dnd": ActuateDoNotDisturb(door_id=1),
    "door.actuate.forcetoggle": ActuateForceToggle(door_id=1),
    "door.actuate.open": ActuateOpen(door_id=1),
    "door.alarm.forced.clear": ClearForced(door_id=1),
    "door.try.dwellopen": TryDwellOpen(door_id=6, dwell=30),
    "door.try.open": TryOpen(door_id=1),
    "endpoint.discover": DiscoverEndpoints(),
    "endpoint.querysignal": QuerySignal(io_link_id=1, address="0013a200400a393b"),
}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


@pytest.mark.parametrize("topic", SAMPLES["commands"])
def test_frame_is_the_pages_sample(topic: str) -> None:
    """Same keys, same order, same values: byte for byte."""
    sample = SAMPLES["commands"][topic]
    assert _compact(COMMANDS[topic].frame(sample["id"])) == _compact(sample)


def test_no_command_of_the_page_is_left_out() -> None:
    """Nine there are."""
    assert set(SAMPLES["commands"]) == set(COMMANDS)
    assert len(COMMANDS) == 9


@pytest.mark.parametrize("dwell", [1, 30, 5400])
def test_dwell_within_its_bounds(dwell: int) -> None:
    """A tenth of a second to nine minutes."""
    assert TryDwellOpen(door_id=1, dwell=dwell).body() == {"doorId": 1, "dwell": dwell}


@pytest.mark.parametrize("dwell", [-1, 0, 5401])
def test_dwell_out_of_bounds(dwell: int) -> None:
    """Never sent: the door might stay open."""
    with pytest.raises(ValueError, match="dwell"):
        TryDwellOpen(door_id=1, dwell=dwell)


def test_signalling_relay() -> None:
    """Find a radio by its clicking relay."""
    query = QuerySignal(
        io_link_id=2, address="0013a200400a3942", actuate_relay=True, relay_dwell=9
    )
    assert query.body() == {
        "ioLinkId": 2,
        "address": "0013a200400a3942",
        "actuateRelay": True,
        "relayDwell": 9,
    }


def test_door_that_is_named_by_a_string() -> None:
    """An id that is no number goes back as it came."""
    assert TryOpen(door_id="front").body() == {"doorId": "front"}
