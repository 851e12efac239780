"""Nothing that a site sends makes a parser fail with another error than its own."""

from collections.abc import Callable
from contextlib import suppress
import os
import time

from hypothesis import given, settings
import orjson
import pytest

from custom_components.prodatakey.pdk.events import PdkEvent
from custom_components.prodatakey.pdk.parser import MalformedEventError
from custom_components.prodatakey.pdk.v1 import parser as v1
from custom_components.prodatakey.pdk.v2 import parser as v2
from custom_components.prodatakey.pdk.v2.envelope import Envelope

from .strategies import BOUNDED, anything, whatever

PIN = "PIN-48151623"


def _parse(topic: str, payload: object) -> list[PdkEvent | None]:
    """Return what the parser of each generation makes of an event."""
    events: list[PdkEvent | None] = []
    for parser, received in ((v1, payload), (v2, Envelope(payload))):
        try:
            event = parser.parse_event(topic, received)
        except MalformedEventError as err:
            assert topic in parser.TOPICS
            assert str(err).endswith(" is missing")  # noqa: PT017
        else:
            assert event is None or topic in parser.TOPICS | {"invalidToken"}
            events.append(event)
    return events


@BOUNDED
@given(whatever)
def test_only_its_own_error(event: tuple[str, object]) -> None:
    """Test that a payload is parsed, ignored, or raises MalformedEventError."""
    assert repr(_parse(*event))


@BOUNDED
@given(anything)
@pytest.mark.parametrize("prefix", ["door", "device"])
def test_pin_is_not_read(prefix: str, rest: object) -> None:
    """Test that a typed PIN is in no event, whatever else is in the payload."""
    body = {"doorId": 1, "deviceId": 1, "pin": PIN, "rest": rest}
    events = _parse(f"{prefix}.request.unknown", {"body": body, "extra": rest})
    assert any(events)
    assert PIN not in repr(events)


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_for_as_long_as_given(record_property: Callable[[str, object], None]) -> None:
    """Test random payloads for FUZZ_SECONDS seconds, with JSON in between."""
    seconds = float(os.environ.get("FUZZ_SECONDS", "30"))
    end = time.monotonic() + seconds
    count = 0

    @settings(BOUNDED, max_examples=2000)
    @given(whatever)
    def check(event: tuple[str, object]) -> None:
        nonlocal count
        count += 1
        topic, payload = event
        with suppress(TypeError, RecursionError):
            payload = orjson.loads(orjson.dumps(payload))
        _parse(topic, payload)

    while time.monotonic() < end:
        check()
    record_property("inputs", f"{count:,} in {seconds:.0f} s")
