"""Events that are too many, in disorder, too late or malformed."""

import asyncio

import pytest

from custom_components.prodatakey.pdk.v2.parser import TOPICS
from custom_components.prodatakey.pdk.v2.socketio4 import Socket
from tests.common import (
    PANEL,
    PIN,
    WORKSHOP,
    Json,
    access_granted,
    state_of,
    wait_for_state,
)
from tests.pdk.common import set_constants

from .site import ONLY_V2, V1, V2, FaultySite, door_input


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("generation", "count"),
    [(V1, 5_000), (V2, 5_000), pytest.param(V1, 100_000, marks=pytest.mark.soak)],
    indirect=["generation"],
)
async def test_flood(direct: FaultySite, count: int) -> None:
    """Test that all events of a flood count, in order, while a command is answered."""
    set_constants(direct.monkeypatch, answer_timeout=60)
    await direct.ping_seldom()
    await direct.set_up()
    events = [door_input("relay.on", 4)] * count + [door_input("relay.on", 1)]
    flood = asyncio.create_task(direct.emit_all(*events))
    await wait_for_state(direct.hass, direct.other_lock, "unlocked", 60)
    action = direct.unlock(direct.other_lock)
    await wait_for_state(direct.hass, direct.lock, "unlocked", 120)
    await flood
    await asyncio.wait_for(action, 60)
    await direct.check_works(1)


@pytest.mark.parametrize("result_first", [True, False])
async def test_disorder_around_a_command(
    direct: FaultySite, result_first: bool
) -> None:
    """Test a command whose result comes before or after the relay's event, or twice."""
    await direct.set_up()
    await direct.pdk.faults(result_first=result_first)
    await asyncio.wait_for(direct.unlock(), 5)
    await wait_for_state(direct.hass, direct.lock, "unlocked")
    (command,) = await direct.pdk.commands(PANEL)
    await direct.pdk.carry_out(PANEL, command)
    await direct.pdk.emit(PANEL, "serverError", {"message": "of no command"})
    await direct.check_works(1)
    assert state_of(direct.hass, direct.lock).state == "locked"


@ONLY_V2
async def test_late_events(direct: FaultySite) -> None:
    """Test that an old access does not fire, while an old report of a relay counts."""
    access, person = "event.side_entrance_access", "sensor.side_entrance_last_person"
    await direct.set_up()
    await direct.emit_all(access_granted("In time"))
    await wait_for_state(direct.hass, person, "In time")
    before = state_of(direct.hass, access)
    late = access_granted("Too late", 61)
    await direct.emit_all(
        *(
            late | {"topic": f"door.request.{topic}"}
            for topic in ("allowed", "denied", "unknown", "duress")
        ),
        door_input("relay.on", metadata=late["payload"]["metadata"]),
    )
    await wait_for_state(direct.hass, direct.lock, "unlocked")
    assert state_of(direct.hass, access) == before
    assert state_of(direct.hass, person).state == "In time"
    assert state_of(direct.hass, direct.lock).attributes.get("changed_by") != "Too late"


HUGE = "x" * 100_000
NO_IDS: tuple[object, ...] = (None, True, [], {}, "", 1.5, [[]], {"id": None})
WRONG = (*NO_IDS, 7, "text", HUGE)
UNKNOWN_TOPICS = ("surprise", "connect", "connect_error", "disconnect", "", HUGE)


def malformed(topic: str) -> list[Json]:
    """Return events of which none names a device; the keys of some may be secret."""
    body = {"holderId": "someone", "pin": "1"}
    good = {"id": "event", "cloudNodeSN": WORKSHOP, "metadata": {"occurred": 1}}
    payloads: list[object] = [
        {"body": {"48151623": 1, "unheard_of": 1}},
        *WRONG,
        *(good | {"body": wrong} for wrong in WRONG),
        *(good | {"body": body | {"deviceId": wrong}} for wrong in NO_IDS),
        {f"key{number}": number for number in range(500)} | {PIN: PIN},
    ]
    return [{"topic": topic}, *({"topic": topic, "payload": each} for each in payloads)]


@ONLY_V2
async def test_malformed_events(direct: FaultySite) -> None:
    """Test that malformed events change nothing and give one warning for each topic."""

    async def subscribe(socket: Socket) -> None:
        topics = [*sorted(TOPICS), *UNKNOWN_TOPICS]
        await socket.send_event("subscribeIsolated", {"topics": topics})

    direct.monkeypatch.setattr(
        "custom_components.prodatakey.pdk.v2.stream.subscribe", subscribe
    )
    direct.expected_warning = "Ignored a malformed"
    await direct.set_up()
    states = {state.entity_id: state for state in direct.hass.states.async_all()}
    topics = ("device.request.allowed", "device.request.duress", "device.input.rex.on")
    for topic in (*topics, *UNKNOWN_TOPICS, "device.alarm.propped.alloff"):
        await direct.emit_all(*malformed(topic))
    await direct.report(4, "relay.on")
    await wait_for_state(direct.hass, direct.other_lock, "unlocked")
    assert {
        state.entity_id
        for state in direct.hass.states.async_all()
        if states.get(state.entity_id) != state
    } == {direct.other_lock}
    assert direct.entry.runtime_data.site.stream.stats.connects == 1
    unknown_keys = direct.entry.runtime_data.site.client.unknown_keys
    assert len(unknown_keys) == 100
    assert "body.unheard_of" in unknown_keys
    assert not any(key in repr(unknown_keys) for key in (PIN, "48151623"))
    assert [line.split(":")[0] for line in direct.log_lines()] == [
        f"Ignored a malformed {topic}" for topic in topics
    ]
