"""docs/reference.md says what the code does: actions, events and numbers."""

from dataclasses import fields
from datetime import timedelta
import json
import re

import pytest
import voluptuous as vol

from custom_components.prodatakey import (
    coordinator,
    door_list,
    endpoints,
    live_event,
    memory,
    services,
)
from custom_components.prodatakey.pdk import clock, stream
from custom_components.prodatakey.pdk.events import EndpointDoor
from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.core import Event, HomeAssistant
from homeassistant.util import dt as dt_util

from .reference import REFERENCE, TABLES, column, default_of, names, range_of
from .test_translations import ACTIONS, SERVICES, TEXTS


def test_actions() -> None:
    """Fields with their defaults, ranges and units, in the code and in the forms."""
    rows = {(names(r["Action"])[0], names(r["Field"])[0]): r for r in TABLES["Action"]}
    ours = [(action, str(key)) for action, keys in ACTIONS.items() for key in keys]
    assert list(rows) == ours
    for action, keys in ACTIONS.items():
        for key, taken in keys.items():
            row = rows[action, str(key)]
            shown = SERVICES[action]["fields"][str(key)]
            number = shown["selector"].get("number") or {}
            assert (row["Required"] == "yes") is isinstance(key, vol.Required)
            assert (row["Required"] == "yes") is shown.get("required", False)
            assert row["Default"] == default_of(key)
            if "default" in shown:
                assert row["Default"] == f"`{json.dumps(shown['default'])}`"
            assert row["Unit"] == number.get("unit_of_measurement", "")
            ranges = [
                v for v in getattr(taken, "validators", ()) if getattr(v, "max", None)
            ]
            assert row["Range"] == "".join(range_of(v.min, v.max) for v in ranges)
            if ranges:
                assert row["Range"] == range_of(number["min"], number["max"])


def test_responses() -> None:
    """The examples have what the actions return."""
    found, signals = map(
        json.loads, re.findall(r"```json\n(.*?)```", REFERENCE, re.DOTALL)
    )
    endpoint = endpoints.Endpoint(
        io_link_id=1, address="", io_link_type=None, io_link_name=None, doors=[]
    )
    signal = endpoints.Signal(io_link_id=1, address="")
    (example,) = found["endpoints"]
    assert list(example) == list(services._discovered(endpoint))
    assert list(example["doors"][0]) == [field.name for field in fields(EndpointDoor)]
    assert list(signals["endpoints"][0]) == list(services._signal(signal))


async def test_the_event(hass: HomeAssistant) -> None:
    """Its name and its fields."""
    fired: list[Event] = []
    (name,) = re.findall(r"^## The event `(\w+)`", REFERENCE, re.MULTILINE)
    hass.bus.async_listen(name, fired.append)
    line = live_event.Activity(message="", topic=None, occurred=dt_util.utcnow())
    live_event.async_fire(hass, line, "", "")
    await hass.async_block_till_done()
    assert sorted(column("Field")) == sorted(fired[0].data)


@pytest.mark.parametrize(
    ("sentence", "value", "expected"),
    [
        ("more than 900 doors", door_list.MOST_DOORS, 900),
        ("cut to 255 characters", MAX_LENGTH_STATE_STATE, 255),
        ("A door that two readings in a row lack", door_list.READINGS_TO_GO, 2),
        ("and once an hour", coordinator.READING_INTERVAL, timedelta(hours=1)),
        ("not answered within ten seconds", stream.ANSWER_TIMEOUT, 10),
        ("does not answer within five seconds", endpoints.ANSWER_TIMEOUT, 5),
        ("An access that is older than a minute", clock.LATE, 60),
        ("last minute before a crash", memory.LAZINESS, 60),
        ("is shown as `…`", live_event.HIDDEN, "…"),
        ("the sentence says *Somebody*", TEXTS["common"]["somebody"], "Somebody"),
    ],
)
def test_numbers_and_words(sentence: str, value: object, expected: object) -> None:
    """What the sentences say is so in the code."""
    assert sentence in " ".join(REFERENCE.split())
    assert value == expected
