"""Topics of PDK 2.0 become the same events as those of 1.0."""

from typing import Any

import pytest

from custom_components.prodatakey.pdk.events import (
    Access,
    AccessEvent,
    AllProppedCleared,
    InvalidToken,
    PdkEvent,
    SiteConnection,
    SiteProblem,
    SiteProblemReported,
)
from custom_components.prodatakey.pdk.parser import MalformedEventError
from custom_components.prodatakey.pdk.v2 import parser
from custom_components.prodatakey.pdk.v2.envelope import Envelope

DEVICE = "1bf7a641-4b1b-4d6c-9c57-818e7515575d"
WEBHOOK: dict[str, Any] = {
    "topic": "device.request.allowed",
    "id": "90163e3c-a31f-4bc5-9f6f-88eea9fc5b6c",
    "cloudNodeId": "91c2a7b7-28e9-4dec-e1f7-9966b1d3ca55",
    "cloudNodeSN": "1234ABC",
    "body": {
        "deviceId": DEVICE,
        "holderId": "8129a254-dc3d-419f-b7e9-4ad772afd23f",
        "requestFactor": "CARD_ONLY",
        "facilityCode": "123",
    },
    "metadata": {
        "occurred": 1710201553630,
        "offset": -14400000,
        "deviceName": "Test Device",
        "holderName": "John Wiegand",
        "systemId": "2b6c14b2-ce6d-4109-ab4e-b95a65b048d3",
        "rules": [],
        "source": "board",
    },
}


def parse_event(topic: str, payload: object) -> PdkEvent | None:
    """Return the event of a payload."""
    return parser.parse_event(topic, Envelope(payload))


def test_the_only_sample_of_an_event() -> None:
    """The webhook's sample is understood in full."""
    assert parse_event("device.request.allowed", WEBHOOK) == AccessEvent(
        topic="device.request.allowed",
        door_id=DEVICE,
        door_name="Test Device",
        occurred=1710201553630,
        event_id="90163e3c-a31f-4bc5-9f6f-88eea9fc5b6c",
        access=Access.GRANTED,
        person_id="8129a254-dc3d-419f-b7e9-4ad772afd23f",
        person="John Wiegand",
        request_factor="CARD_ONLY",
        explicit=None,
    )
    envelope = Envelope(WEBHOOK)
    assert (envelope.node_id, envelope.serial) == (WEBHOOK["cloudNodeId"], "1234ABC")
    assert not envelope.unknown_keys


@pytest.mark.parametrize(
    ("topic", "access"),
    [
        ("device.request.denied", Access.DENIED),
        ("device.request.filtered", Access.DENIED),
        ("device.request.unknown", Access.UNKNOWN),
        ("device.request.duress", Access.DURESS),
    ],
)
def test_requests(topic: str, access: Access) -> None:
    """Each answer to a request has its event, and none has the credential.

    An unknown credential has no person, even if the event names a holder.
    """
    event = parse_event(
        topic,
        {
            "body": {"deviceId": DEVICE, "pin": "4711", "holderId": "8129a254"},
            "metadata": {"holderName": "John Wiegand"},
        },
    )
    assert isinstance(event, AccessEvent)
    assert event.access is access
    named = (event.person_id, event.person) == ("8129a254", "John Wiegand")
    assert named is (access is not Access.UNKNOWN)
    assert named or (event.person_id, event.person) == (None, None)
    assert "4711" not in repr(event)


@pytest.mark.parametrize(
    "name",
    ["request.found", "request.ecard.allowed", "autoopen.override.on", "somethingNew"],
)
def test_what_changes_nothing(name: str) -> None:
    """Events that are only counted are no access and no problem."""
    assert parse_event(f"device.{name}", WEBHOOK) is None


def test_events_of_the_site() -> None:
    """Events report the cloud node, its problems and the end of all propped alarms."""
    assert parse_event("cloudnode.disconnected", {}) == SiteConnection(connected=False)
    assert parse_event("cloudnode.connected", None) == SiteConnection(connected=True)
    assert parse_event("device.alarm.propped.alloff", {}) == AllProppedCleared()
    assert parse_event("invalidToken", None) == InvalidToken()
    assert parse_event(
        "device.alarm.circuitbreaker.on", {"deviceId": DEVICE}
    ) == SiteProblemReported(
        problem=SiteProblem.CIRCUIT_BREAKER, value=True, source=DEVICE
    )


def test_an_event_without_a_device_is_malformed() -> None:
    """The error of an event without a device names the field, never the content."""
    with pytest.raises(MalformedEventError, match=r"^deviceId is missing$"):
        parse_event("device.input.rex.on", {"body": {"pin": "4711"}})


def test_only_names_of_unknown_keys() -> None:
    """An unknown key is named by where it is, without its value."""
    event = {**WEBHOOK, "extra": "secret", "body": {"deviceId": DEVICE, "mood": "bad"}}
    assert Envelope(event).unknown_keys == {"extra", "body.mood"}
