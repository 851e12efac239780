"""Nothing that a panel sends makes the parser fail otherwise than as it says."""

from collections.abc import Callable
from contextlib import suppress
import math
import os
import time

from hypothesis import HealthCheck, given, settings
import orjson
import pytest

from custom_components.prodatakey.pdk.parse import TOPICS, MalformedEventError, parse

from .strategies import SAMPLES, anything, whatever

PIN = "48151623"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "400"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)


@pytest.fixture(autouse=True)
def use_custom_integrations() -> None:
    """Leave Home Assistant out."""


@BOUNDED
@given(whatever)
def test_only_its_own_error(event: tuple[str, object]) -> None:
    """A payload is an event, nothing known, or malformed."""
    topic, payload = event
    try:
        parsed = parse(topic, payload)
    except MalformedEventError as err:
        assert topic in TOPICS
        assert str(err).endswith(" is missing")  # noqa: PT017
    else:
        assert (parsed is None) is (topic not in TOPICS)
        assert hash(parsed) is not None


@BOUNDED
@given(anything)
def test_pin_ends_here(rest: object) -> None:
    """Whatever else is in it, what somebody typed is in no event."""
    sample = SAMPLES["door.request.unknown"]
    payload = {**sample, "extra": rest, "body": {**sample["body"], "pin": PIN}}
    assert PIN not in repr(parse("door.request.unknown", payload))


WHOLE: tuple[object, ...] = (None, True, 0, 2**64, math.nan, "", "x", [], {}, [[]])
PARTS: tuple[object, ...] = (
    *(None, 1, 1.5, math.inf, "x", [1], [None]),
    *({"doorId": {}}, {"doorId": 2**70}, {"doorId": True}, {"commandId": 1}),
)


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_each_topic(topic: str) -> None:
    """Each topic meets nothing at all, and one value of each kind in each place."""
    for payload in WHOLE:
        with suppress(MalformedEventError):
            parse(topic, payload)
    for key in ("body", "metadata", "id", "info", "message", "placeholders"):
        for value in PARTS:
            with suppress(MalformedEventError):
                parse(topic, {key: value})


@pytest.mark.fuzz
@pytest.mark.timeout(3600)
def test_for_as_long_as_given(
    record_property: Callable[[str, object], None],
) -> None:
    """The same, for FUZZ_SECONDS seconds, with JSON in between."""
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
            parse(topic, payload)

    while time.monotonic() < end:
        check()
    record_property(
        "figure", ["fuzz", "hypothesis on the parser", "inputs", f"{count:,}"]
    )
    record_property(
        "figure", ["fuzz", "hypothesis on the parser", "seconds", f"{seconds:.0f}"]
    )
