"""Nothing that a panel sends makes the parser fail with another error than its own."""

from collections.abc import Callable
from contextlib import suppress
import os
import time

from hypothesis import HealthCheck, given, settings
import orjson
import pytest

from custom_components.prodatakey.pdk.parser import MalformedEventError
from custom_components.prodatakey.pdk.v1.parser import TOPICS, parse_event

from .strategies import SAMPLES, anything, whatever

PIN = "PIN-48151623"
BOUNDED = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "200")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@BOUNDED
@given(whatever)
def test_only_its_own_error(event: tuple[str, object]) -> None:
    """Test that a payload is an event, of an unknown topic, or malformed."""
    topic, payload = event
    try:
        parsed = parse_event(topic, payload)
    except MalformedEventError as err:
        assert topic in TOPICS
        assert str(err).endswith(" is missing")  # noqa: PT017
    else:
        assert (parsed is None) is (topic not in TOPICS)
        assert repr(parsed)


@BOUNDED
@given(anything)
def test_pin_is_not_read(rest: object) -> None:
    """Test that a typed PIN is in no event, whatever else is in the payload."""
    sample = SAMPLES["door.request.unknown"]
    payload = {**sample, "extra": rest, "body": {**sample["body"], "pin": PIN}}
    assert PIN not in repr(parse_event("door.request.unknown", payload))


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_for_as_long_as_given(record_property: Callable[[str, object], None]) -> None:
    """Test the same for FUZZ_SECONDS seconds, with JSON in between."""
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
        with suppress(MalformedEventError):
            parse_event(topic, payload)

    while time.monotonic() < end:
        check()
    row = ["fuzz", "hypothesis on the parser"]
    record_property("figure", [*row, "inputs", f"{count:,}"])
    record_property("figure", [*row, "seconds", f"{seconds:.0f}"])
