"""Tokens that expire when nobody expects it, or that the panel repeats."""

import asyncio
import json
import logging
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.prodatakey.diagnostics import async_get_config_entry_diagnostics
from custom_components.prodatakey.pdk.commands import ActuateOpen
from custom_components.prodatakey.pdk.errors import NotConnectedError
from custom_components.prodatakey.pdk.stream import StreamStatus
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.exceptions import HomeAssistantError
from tests.common import (
    PANEL,
    WORKSHOP,
    access_granted,
    state_of,
    wait_for_state,
    wait_until,
)
from tests.pdk.common import known_secrets, send_frame, set_constants, wait_for_requests

from . import phases
from .site import BOTH, ONLY_V2, V1, FaultySite

MIN_REMAINING = "custom_components.prodatakey.pdk.client.MIN_REMAINING"


async def test_token_expires_under_a_command(direct: FaultySite) -> None:
    """Test that a delayed result counts when the token has been renewed."""
    set_constants(direct.monkeypatch, answer_timeout=10)
    await direct.set_token_lifetime(phases.TOKEN_LIFETIME)
    await direct.set_up()
    delay = phases.TOKEN_LIFETIME + 0.3
    await direct.pdk.faults(
        PANEL, command_delay=delay, panel_token={"delay": 0.5, "count": 1}
    )
    await direct.unlock()
    assert state_of(direct.hass, direct.lock).state == "unlocked"
    await direct.pdk.faults(PANEL, command_delay=0)
    await direct.check_works(1)


@pytest.mark.parametrize("stale", ["error44", "http", "disconnect", "accept"])
async def test_token_expires_early(direct: FaultySite, stale: str) -> None:
    """Test that a rejected token is replaced, even if it looks fresh.

    After a computer was suspended a token looks fresh: the monotonic clock stopped too.
    """
    await direct.pdk.faults(PANEL, stale_token=stale)
    await direct.set_up()
    await direct.pdk.revoke(PANEL)
    requests = await direct.pdk.requests()
    await direct.kick()
    await direct.wait_disconnected()
    async with asyncio.timeout(10):
        while (await direct.pdk.requests())["panel_token"] == requests["panel_token"]:
            # an accepted token is known to have expired only when something happens
            await direct.report(1, "rex.on")
    await direct.wait_connected()
    await direct.check_works(0)


async def test_token_expires_soon_after_its_renewal(direct: FaultySite) -> None:
    """Test that the event for which `invalidToken` comes is not delayed for minutes."""
    set_constants(direct.monkeypatch, renewal_grace=0.5)
    await direct.set_up()
    await direct.pdk.emit(PANEL, "invalidToken")
    await wait_for_requests(direct.pdk, "renewed")
    await direct.pdk.revoke(PANEL)
    await direct.report(1, "relay.on")
    await wait_for_state(direct.hass, direct.lock, "unlocked", 6)


REFUSED = {"status": 503}


@BOTH
@pytest.mark.parametrize(
    "answer",
    [
        REFUSED,
        pytest.param({"status": 429}, marks=pytest.mark.soak),
        pytest.param({"hang": True}, marks=pytest.mark.soak),
    ],
    ids=["503", "429", "hangs"],
)
async def test_renewal_fails_once(direct: FaultySite, answer: dict[str, Any]) -> None:
    """Test that a renewal that fails once ends no connection and loses no event."""
    await direct.pdk.switches(WORKSHOP, renewal="event")
    await direct.set_up()
    stream = direct.entry.runtime_data.site.stream
    kind = direct.generation.token
    await direct.pdk.faults(None, **{kind: answer | {"count": 1}})
    requests = (await direct.pdk.requests())[kind]
    await direct.pdk.revoke(direct.panel_id)
    await direct.report(1, "relay.on")
    # its answer, if there is one, follows the next request
    await wait_for_requests(direct.pdk, kind, requests + 2)
    await wait_until(lambda: stream.stats.renewals)
    if direct.generation is V1:
        await wait_for_state(direct.hass, direct.lock, "unlocked")
    assert stream.stats.connects == 1
    assert not direct.log_lines()
    await direct.wait_connected()
    await direct.check_works(0)


@BOTH
async def test_no_new_token(direct: FaultySite) -> None:
    """Test that a panel without a valid token is not shown as connected for long.

    Commands fail at once, attempts go on, and the events that were held back come then.
    """
    set_constants(direct.monkeypatch, silent_after=0.3)
    await direct.pdk.switches(WORKSHOP, renewal="event")
    await direct.set_up()
    client, stream = (
        direct.entry.runtime_data.site.client,
        direct.entry.runtime_data.site.stream,
    )
    kind = direct.generation.token
    await direct.pdk.faults(None, **{kind: REFUSED})
    await direct.pdk.revoke(direct.panel_id)
    await direct.report(1, "relay.on")
    await direct.wait_unavailable()
    assert direct.entry.runtime_data.site.status is StreamStatus.SILENT
    # the rejected token is used for nothing any more
    assert client.token is None
    with pytest.raises(NotConnectedError):
        await stream.send(ActuateOpen(door_id=1))
    await direct.pdk.faults(None, **{kind: None})
    await direct.wait_connected()
    if direct.generation is V1:
        assert state_of(direct.hass, direct.lock).state == "unlocked"
        assert "assumed_state" not in state_of(direct.hass, direct.lock).attributes
    assert state_of(direct.hass, direct.other_lock).attributes["assumed_state"]
    assert stream.stats.connects == 1
    await direct.check_works(0)


@BOTH
async def test_connection_ends_without_a_new_token(direct: FaultySite) -> None:
    """Test that the next connection does not use the token that was rejected."""
    set_constants(direct.monkeypatch, silent_after=0.1)
    await direct.pdk.switches(WORKSHOP, renewal="event")
    await direct.pdk.faults(PANEL, stale_token="accept")
    await direct.set_up()
    generation, requests = direct.generation, await direct.pdk.requests()
    await direct.pdk.faults(None, **{generation.token: REFUSED})
    await direct.pdk.revoke(direct.panel_id)
    await direct.report(1, "relay.on")
    await direct.wait_unavailable()
    await direct.kick()
    await wait_for_requests(
        direct.pdk, generation.token, requests[generation.token] + 3
    )
    made = (await direct.pdk.requests())[generation.connects]
    assert made == requests[generation.connects]
    await direct.pdk.faults(None, **{generation.token: None})
    await direct.wait_connected()
    assert not [line for line in direct.log_lines()[1:-1] if "unavail" not in line]
    await direct.check_works(0)


@ONLY_V2
async def test_renewal_without_a_gap(direct: FaultySite) -> None:
    """Test that no event is lost or counted twice at a renewal, though none has an id.

    Nothing says when the subscription of the new connection takes effect.
    """
    # both connections are open for long enough for any machine
    set_constants(direct.monkeypatch, renew_at=0.1, overlap=1.0, connect_timeout=10)
    set_constants(direct.monkeypatch, request_timeout=10)
    await direct.pdk.switches(WORKSHOP, token_lifetime=4, event_ids=False)
    await direct.set_up()
    await direct.pdk.switches(WORKSHOP, subscription_delay=0.3)
    changes = async_capture_events(direct.hass, EVENT_STATE_CHANGED)
    stats, people = direct.entry.runtime_data.site.stream.stats, list[str]()
    while stats.renewals < 2:
        people.append(f"Person {len(people)}")
        await direct.emit_all(access_granted(people[-1]))
        await asyncio.sleep(0.01)
    await wait_for_state(direct.hass, "sensor.side_entrance_last_person", people[-1])
    seen = [
        change.data["new_state"].attributes["person"]
        for change in changes
        if change.data["entity_id"] == "event.side_entrance_access"
        and change.data["new_state"]
    ]
    assert seen == people
    assert stats.connects == 1
    assert not direct.log_lines()


@ONLY_V2
async def test_commands_share_a_token(direct: FaultySite) -> None:
    """Test ten commands at once with an old token, and with one that is rejected."""
    set_constants(direct.monkeypatch, answer_timeout=10, request_timeout=10)
    await direct.ping_seldom()
    await direct.set_up()
    # by the set-up, and by the stream
    await wait_for_requests(direct.pdk, "cloud_nodes", 2)
    # for a new connection the token would not be fresh enough
    direct.monkeypatch.setattr(MIN_REMAINING, 2)
    for revoked in (False, True):
        if revoked:
            await direct.pdk.revoke(WORKSHOP)
        tokens = (await direct.pdk.requests())["system_token"]
        await asyncio.gather(*(direct.unlock() for _ in range(10)))
        assert (await direct.pdk.requests())["system_token"] == tokens + revoked
    assert len(await direct.pdk.commands(WORKSHOP)) == 20


@pytest.mark.parametrize("how", ["end of the connection", "rejected command"])
async def test_token_in_a_text_of_the_panel(
    direct: FaultySite, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    """Test that a token in a text of the panel is in no log, error or diagnostics."""
    caplog.set_level(logging.DEBUG, "custom_components.prodatakey")
    await direct.set_up()
    client, shown = direct.entry.runtime_data.site.client, ""
    text = f"{client.token.value} is not valid"
    if how == "rejected command":
        await direct.pdk.faults(PANEL, commands={"refuse": text})
        with pytest.raises(HomeAssistantError) as rejected:
            await direct.unlock()
        shown = f"{rejected.value} {rejected.value.translation_placeholders}"
    else:
        await send_frame(direct.pdk, f"44{json.dumps(text)}")
        await direct.wait_disconnected()
        await direct.wait_connected()
    diagnostics = await async_get_config_entry_diagnostics(direct.hass, direct.entry)
    shown += json.dumps(diagnostics, default=str) + caplog.text
    for secret in (text[:40], *known_secrets(client)):
        assert secret not in shown
