"""Why a person was refused: what the event says for certain, and nothing else."""

from typing import Any

import pytest

from custom_components.prodatakey.pdk.events import AccessEvent
from custom_components.prodatakey.pdk.v1.parser import parse_event
from custom_components.prodatakey.pdk.v2 import parser as v2_parser
from custom_components.prodatakey.pdk.v2.envelope import Envelope

# Noon in the panel's time, and 19:00 in UTC.
NOON = "2026-12-01 12:00:00"
NOON_UTC = 1796151600000


def refused(
    *,
    occurred: object = NOON,
    ms: object = NOON_UTC,
    explicit: object = False,
    **person: Any,
) -> AccessEvent:
    """Return the event of a person who is refused."""
    event = parse_event(
        "door.request.denied",
        {
            "body": {"doorId": 1, "explicit": explicit, "person": person},
            "occurred": occurred,
            "metadata": {"occurred": ms},
        },
    )
    assert isinstance(event, AccessEvent)
    return event


ENABLED = {"enabled": True, "activeDate": None, "expireDate": None}


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (ENABLED, "no_rule"),
        ({"enabled": True}, "no_rule"),
        (ENABLED | {"enabled": False}, "disabled"),
        (ENABLED | {"enabled": "no"}, None),
        ({}, None),
        # days: on the very day nobody knows whether it still, or already, counts
        (ENABLED | {"activeDate": "2026-12-02"}, "not_yet_active"),
        (ENABLED | {"activeDate": "2026-12-01"}, None),
        (ENABLED | {"activeDate": "2026-11-30"}, "no_rule"),
        (ENABLED | {"expireDate": "2026-11-30"}, "expired"),
        (ENABLED | {"expireDate": "2026-12-01"}, None),
        (ENABLED | {"expireDate": "2026-12-02"}, "no_rule"),
        (ENABLED | {"expireDate": "9999-12-31"}, "no_rule"),
        # times in the panel's own time
        (ENABLED | {"activeDate": "2026-12-01 12:00:01"}, "not_yet_active"),
        (ENABLED | {"activeDate": "2026-12-01T11:59:59"}, "no_rule"),
        (ENABLED | {"expireDate": "2026-12-01T11:59:59"}, "expired"),
        (ENABLED | {"expireDate": "2026-12-01 12:00:00"}, None),
        # times with a zone
        (ENABLED | {"expireDate": "2026-12-01T18:59:59Z"}, "expired"),
        (ENABLED | {"expireDate": "2026-12-01T19:00:01.000Z"}, "no_rule"),
        (ENABLED | {"activeDate": "2026-12-01T20:00:00+00:30"}, "not_yet_active"),
        # whatever cannot be read may have refused the person
        (ENABLED | {"expireDate": "next week"}, None),
        (ENABLED | {"expireDate": 1796151600000}, None),
        (ENABLED | {"activeDate": ["2026-12-02"]}, None),
        (ENABLED | {"activeDate": "2026" * 100}, None),
        # several at once: the person's own state comes first
        (
            {"enabled": False, "activeDate": "2027-01-01", "expireDate": "2020-01-01"},
            "disabled",
        ),
    ],
)
def test_reason(person: dict[str, Any], reason: str | None) -> None:
    """Test each reason, and that a doubtful case has none."""
    event = refused(**person)
    assert event.reason == reason
    # the panel's own word is certain where nothing else is
    assert refused(**person, explicit=True).reason == (
        reason if reason not in (None, "no_rule") else "explicit"
    )
    # without its word no rule is only one of two that are left
    expected = None if reason == "no_rule" else reason
    assert refused(**person, explicit=None).reason == expected


@pytest.mark.parametrize(
    ("when", "limit", "reason"),
    [
        # by UTC alone it may be the second already, or still the first
        ({"occurred": None}, "2026-11-30", "expired"),
        ({"occurred": "noon"}, "2026-12-01", None),
        ({"occurred": None}, "2026-12-02", None),
        ({"occurred": None}, "2026-12-03", "no_rule"),
        # a local time that no zone explains does not count
        ({"occurred": "2023-05-04 18:49:42"}, "2025-01-01", "expired"),
        ({"ms": None}, "2026-11-30", "expired"),
        ({"ms": None}, "2026-12-02T02:00:01Z", "no_rule"),
        ({"ms": None}, "2026-12-01T19:00:00Z", None),
        ({"ms": None, "occurred": None}, "2020-01-01", None),
        ({"ms": 10**30, "occurred": None}, "2020-01-01", None),
        ({"ms": None, "occurred": "9999-12-31 23:00:00"}, "2020-01-01T00:00:00Z", None),
    ],
)
def test_when(when: dict[str, Any], limit: str, reason: str | None) -> None:
    """Test that a reason holds in every time zone in which the panel may be."""
    assert refused(**when, **ENABLED | {"expireDate": limit}).reason == reason


def test_what_is_shown() -> None:
    """Test that dates are shown as they are, of people who are let in too."""
    event = refused(
        enabled=True, activeDate="2026-01-01", expireDate="2026-12-24T08:00Z"
    )
    shown = (event.enabled, event.active_from, event.expires)
    assert shown == (True, "2026-01-01", "2026-12-24T08:00:00+00:00")
    person = {"enabled": True, "expireDate": "soon"}
    for topic, enabled in (("allowed", True), ("unknown", None)):
        body = {"doorId": 1, "person": person, "explicit": True}
        other = parse_event(f"door.request.{topic}", {"body": body})
        assert isinstance(other, AccessEvent)
        assert (other.enabled, other.expires, other.reason) == (enabled, None, None)


@pytest.mark.parametrize(
    ("topic", "explicit", "reason"),
    [
        ("denied", True, "explicit"),
        ("denied", False, None),
        ("filtered", None, None),
        ("allowed", True, None),
    ],
)
def test_pdk_2(topic: str, explicit: bool | None, reason: str | None) -> None:
    """Test that a site of PDK 2.0 tells only of what is explicit."""
    body = {"deviceId": "35347d04", "explicit": explicit, "holder": ENABLED}
    event = v2_parser.parse_event(f"device.request.{topic}", Envelope({"body": body}))
    assert isinstance(event, AccessEvent)
    assert (event.reason, event.enabled) == (reason, None)
