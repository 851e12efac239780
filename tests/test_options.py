"""A user changes options, credentials or names: nothing is reloaded, nobody comes."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.prodatakey import button, switch
from custom_components.prodatakey.const import DOMAIN
from custom_components.prodatakey.pdk.commands import TryOpen
from custom_components.prodatakey.pdk.doors import Door
from custom_components.prodatakey.pdk.models import Aspect
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData
from homeassistant.helpers import entity_registry as er

from .common import (
    CONFIRM_REJECTION_AFTER,
    CREDENTIALS,
    FRONT,
    FRONT_ACCESS,
    MAX_BACKOFF,
    OTHER_PANEL,
    PANEL,
    Json,
    Site,
    add_entry,
    raises_error,
    setup_integration,
    wait_for_connection,
    wait_until,
)
from .test_activity import ACTIVITY
from .test_config_flow import submit

OPEN = "button.front_door_open"
LAST_PERSON = "sensor.front_door_last_person"
BYPASSING = (OPEN, "button.garage_open", "button.meeting_room_open")


async def submit_options(site: Site, **options: Any) -> None:
    """Submit the form of the options."""
    flow = site.hass.config_entries.options
    form = await flow.async_init(site.entry.entry_id)
    await flow.async_configure(form["flow_id"], options)
    await site.hass.async_block_till_done()


@pytest.fixture
def changes(site: Site) -> list[Event[EventStateChangedData]]:
    """Return what changes from now on."""
    return async_capture_events(site.hass, EVENT_STATE_CHANGED)


async def test_options_take_effect_at_once(
    site: Site,
    changes: list[Event[EventStateChangedData]],
    entity_registry: er.EntityRegistry,
    hass_storage: Json,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Entities come and go, people are forgotten, and the connection stays."""
    coordinator = site.entry.runtime_data
    await site.happen(1, "badge", person=1)
    await site.wait_for_state(LAST_PERSON, "Amelia Hartmann")
    await site.wait_for_attribute(FRONT, "changed_by", "Amelia Hartmann")
    access = site.state(FRONT_ACCESS)
    entity_registry.async_update_entity(OPEN, name="Let in", area_id=None)
    await site.hass.async_block_till_done()
    changes.clear()

    await submit_options(site, code="1234", record_people=False)
    for entity_id in (*BYPASSING, LAST_PERSON):
        assert site.hass.states.get(entity_id) is None
        assert entity_registry.async_get(entity_id) is None
    assert site.state(FRONT).attributes["code_format"] == r"^\d*$"
    assert site.state(FRONT).attributes.get("changed_by") is None
    assert site.state(ACTIVITY).state == "unknown"
    shown = site.state(FRONT_ACCESS)
    assert shown.state == access.state
    assert shown.attributes["event_type"] == "access_granted"
    assert (shown.attributes["person"], shown.attributes["person_id"]) == (None, None)
    with raises_error("wrong_code", door="Front door"):
        await site.act("lock.unlock")
    await site.act("lock.unlock", code="1234")
    assert coordinator.site.client.scrub("code 1234") == "code **REDACTED**"
    # a person who comes now is not named, and counts
    await site.happen(1, "badge", person=2)
    await wait_until(lambda: site.state(FRONT_ACCESS).state != access.state)
    assert site.state(FRONT_ACCESS).attributes["person"] is None

    await submit_options(site, unlock_mode="momentary", unlock_duration=7)
    assert site.state(OPEN).name.endswith("Let in")
    assert site.state(LAST_PERSON).state == "unknown"
    assert site.state(FRONT).attributes.get("code_format") is None
    await site.act("lock.unlock")
    assert (await site.sent())[-1] == "door.try.dwellopen"
    await site.happen(1, "badge", person=2)
    await site.wait_for_state(LAST_PERSON, "Jonas Okafor")

    # nor does a name that the user gives, or an option that says the same
    entries = site.hass.config_entries
    entries.async_update_entry(site.entry, title="Head office")
    await submit_options(site, unlock_mode="momentary", unlock_duration=7)
    assert site.entry.runtime_data is coordinator
    assert coordinator.site.stream.stats.connects == 1
    states = {new.state for change in changes if (new := change.data["new_state"])}
    assert "unavailable" not in states
    assert "does not generate unique IDs" not in caplog.text
    await entries.async_unload(site.entry.entry_id)
    stored = str(hass_storage[f"prodatakey.{PANEL}"])
    assert "Okafor" in stored
    assert "Amelia" not in stored


async def test_new_entity_that_says_nothing(
    new_site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new button or switch counts as one that opens the door, until its row says not.

    With a code it does not exist then: it is removed, and not added by a set-up.
    """

    def always(_: Door) -> bool:
        return True

    row = button.DoorButtonDescription(key="new", command=TryOpen, supported_fn=always)
    monkeypatch.setattr(button, "BUTTONS", (*button.BUTTONS, row))
    output = switch.DoorSwitchDescription(
        key="new", aspect=Aspect.RELAY, supported_fn=always
    )
    monkeypatch.setattr(switch, "OUTPUT", output)

    def exist() -> list[bool]:
        registry = er.async_get(new_site.hass)
        return [
            bool(registry.async_get_entity_id(domain, DOMAIN, f"{PANEL}_1_new"))
            for domain in ("button", "switch")
        ]

    await new_site.set_up()
    assert exist() == [True, True]
    await submit_options(new_site, code="1234")
    assert exist() == [False, False]
    await new_site.set_up(code="1234")
    assert exist() == [False, False]


@pytest.mark.parametrize(
    ("option", "value", "used"),
    [
        ("unlock_mode", "ajar", "hold"),
        ("unlock_duration", 541, None),
        ("record_people", "yes", False),
    ],
)
async def test_unusable_option(
    new_site: Site,
    caplog: pytest.LogCaptureFixture,
    option: str,
    value: object,
    used: object,
) -> None:
    """An option that cannot be used counts as not set, with a line in the log."""
    await new_site.set_up(**{option: value})
    assert getattr(new_site.entry.runtime_data.options, option) == used
    assert f"Ignored the option {option}" in caplog.text


async def test_code_that_cannot_be_one(site: Site) -> None:
    """A panel with an unusable code is not set up: its doors would open without one."""
    site.hass.config_entries.async_update_entry(site.entry, options={"code": ["1234"]})
    await site.hass.async_block_till_done()
    assert site.entry.state is ConfigEntryState.SETUP_ERROR
    assert site.state(FRONT).state == "unavailable"


OTHER = {"client_id": "other", "client_secret": "new-secret"}


@pytest.mark.parametrize("rejected", [False, True])
async def test_other_credentials(
    new_site: Site, monkeypatch: pytest.MonkeyPatch, rejected: bool
) -> None:
    """New credentials end no connection; the next token is requested with them.

    Panels that are not connected, as the old ones are rejected, connect at once.
    """
    hass, pdk = new_site.hass, new_site.pdk
    panels = [{"id": panel_id} for panel_id in (PANEL, OTHER_PANEL)]
    scenario = {"applications": [CREDENTIALS, OTHER], "panels": panels}
    await pdk.reset(scenario)
    entries = [new_site.entry, add_entry(hass, OTHER_PANEL)]
    for entry in entries:
        await setup_integration(hass, entry)
    loaded = [entry.runtime_data for entry in entries]
    if rejected:
        monkeypatch.setattr(MAX_BACKOFF, 60)
        monkeypatch.setattr(CONFIRM_REJECTION_AFTER, 0)
        await pdk.faults(token={"status": 401}, panel_token={"status": 401})
        for panel in (PANEL, OTHER_PANEL):
            await pdk.kick(panel, "abort")
        await wait_until(
            lambda: all(each.site.stream.stats.backoff == 60 for each in loaded)
        )
        await pdk.faults(token=None, panel_token=None)
    form = await new_site.entry.start_reauth_flow(hass)
    done = await submit(hass, form, **OTHER)
    assert done["reason"] == "reauth_successful"
    for entry, coordinator in zip(entries, loaded, strict=True):
        await wait_for_connection(hass, entry)
        assert entry.runtime_data is coordinator
        assert entry.data.items() >= OTHER.items()
        assert coordinator.site.stream.stats.connects == 1 + rejected
        assert "new-secret" in coordinator.site.client.account.secrets
        assert coordinator.site.client.scrub("demo-secret") == "**REDACTED**"
