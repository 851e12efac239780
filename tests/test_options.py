"""A user decides how doors are unlocked, and what is recorded of people."""

import json
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import entity_registry as er

from .common import PANEL, Json, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

FRONT = "lock.front_door"
ROUND_THE_CODE = {
    "button.front_door_open",
    "button.front_door_force_toggle",
    "button.ventilation_open",
    "switch.ventilation",
}


async def set_options(
    hass: HomeAssistant, entry: MockConfigEntry, **options: Any
) -> None:
    """Fill in the form; the panel is connected anew with what it says."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert (form["type"], form["step_id"]) == (FlowResultType.FORM, "init")
    coordinator = entry.runtime_data
    done = await hass.config_entries.options.async_configure(form["flow_id"], options)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await wait_until(
        lambda: entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected
    )
    assert entry.runtime_data is not coordinator


async def act(
    hass: HomeAssistant, action: str, domain: str = "lock", **data: Any
) -> None:
    """Call an action for the front door."""
    await hass.services.async_call(
        domain, action, {"entity_id": FRONT, **data}, blocking=True
    )


def suggested(form: Any) -> Json:
    """Return what a form shows in its fields."""
    return {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }


async def test_defaults(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """A form that is just submitted leaves everything as it is without options."""
    await set_options(hass, entry)
    assert entry.options == {"unlock_mode": "hold", "record_people": True}
    await act(hass, "unlock")
    assert (await panel.commands(PANEL))[0]["topic"] == "door.actuate.open"


@pytest.mark.parametrize(
    ("duration", "topic", "body"),
    [
        ({"unlock_duration": 2.5}, "door.try.dwellopen", {"doorId": 1, "dwell": 25}),
        ({"unlock_duration": 0.1}, "door.try.dwellopen", {"doorId": 1, "dwell": 1}),
        ({"unlock_duration": 540}, "door.try.dwellopen", {"doorId": 1, "dwell": 5400}),
        ({}, "door.try.open", {"doorId": 1}),
    ],
)
async def test_momentary(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    duration: Json,
    topic: str,
    body: Json,
) -> None:
    """Unlocking opens for a while, and nothing ever holds the door open."""
    await set_options(hass, entry, unlock_mode="momentary", **duration)
    await act(hass, "unlock")
    (command,) = await panel.commands(PANEL)
    assert (command["topic"], command["body"]) == (topic, body)
    await wait_for_state(hass, FRONT, "unlocked")
    await act(hass, "lock")
    await act(hass, "open")
    topics = [command["topic"] for command in await panel.commands(PANEL)]
    assert topics == [topic, "door.actuate.close", "door.try.open"]


@pytest.mark.parametrize("duration", [0, 0.05, 540.1, -1])
async def test_no_panel_opens_for_so_long(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry, duration: float
) -> None:
    """The form refuses what the panel would."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"unlock_duration": duration}
        )


async def test_emptying_the_fields(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """What is taken out of the form is gone: the panel's own dwell, and no code."""
    options = {"unlock_mode": "momentary", "unlock_duration": 7, "code": "1234"}
    await set_options(hass, entry, **options)
    form = await hass.config_entries.options.async_init(entry.entry_id)
    assert suggested(form) == {**options, "record_people": True}
    hass.config_entries.options.async_abort(form["flow_id"])
    await set_options(hass, entry, unlock_mode="momentary")
    await act(hass, "unlock")
    (command,) = await panel.commands(PANEL)
    assert command["topic"] == "door.try.open"


@pytest.mark.parametrize(
    ("code", "code_format", "wrong"),
    [("1234", r"^\d*$", "4321"), ("open sésame", r"^.*$", "open sesame")],
)
async def test_a_code(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    code: str,
    code_format: str,
    wrong: str,
) -> None:
    """Unlocking and opening need it, however they are asked for; locking does not."""
    assert state_of(hass, FRONT).attributes.get("code_format") is None
    await set_options(hass, entry, code=code)
    assert state_of(hass, FRONT).attributes["code_format"] == code_format
    for refused in ({"code": wrong}, {"code": ""}, {}):
        for domain, action, data in (
            ("lock", "unlock", {}),
            ("lock", "open", {}),
            (DOMAIN, "open_door", {"duration": 1}),
        ):
            with pytest.raises(ServiceValidationError) as refusal:
                await act(hass, action, domain, **data, **refused)
            assert refusal.value.translation_key == "wrong_code"
            assert refusal.value.translation_placeholders == {"door": "Front door"}
    assert await panel.commands(PANEL, wait=0) == []

    await act(hass, "lock")
    await act(hass, "unlock", code=code)
    await act(hass, "open", code=code)
    await act(hass, "open_door", DOMAIN, duration=1, code=code)
    assert [command["topic"] for command in await panel.commands(PANEL)] == [
        "door.actuate.close",
        "door.actuate.open",
        "door.try.open",
        "door.try.dwellopen",
    ]


async def test_nothing_goes_round_the_code(
    hass: HomeAssistant,
    panel: SimulatedPdk,
    entry: MockConfigEntry,
    entity_registry: er.EntityRegistry,
) -> None:
    """What would open a door without it is not there, and is back without a code."""
    assert all(map(entity_registry.async_get, ROUND_THE_CODE))
    before = set(entity_registry.entities)
    await set_options(hass, entry, code="1234")
    assert not any(map(entity_registry.async_get, ROUND_THE_CODE))
    left = {entity.translation_key for entity in entity_registry.entities.values()}
    assert not left & {"open", "force_toggle", "output"}
    await panel.emit(PANEL, "door.input.relay.on", {"body": {"doorId": "new"}})
    await wait_for_state(hass, "lock.door_new", "unlocked")
    assert hass.states.get("button.door_new_open") is None
    await set_options(hass, entry)
    assert before < set(entity_registry.entities)
    assert state_of(hass, "switch.ventilation").state == "unknown"


async def test_people_are_not_recorded(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Neither a state nor an event names who came in, not even who came before."""
    await panel.act(PANEL, 1, "badge", person=1)
    await wait_for_state(hass, FRONT, "unlocked")
    assert state_of(hass, FRONT).attributes["changed_by"] == "Amelia Hartmann"
    await set_options(hass, entry, record_people=False)
    events: list[Event] = []
    hass.bus.async_listen("*", events.append)
    await panel.act(PANEL, 1, "badge", person=2)
    await wait_for_state(hass, FRONT, "unlocked")
    activity = await wait_for_state(
        hass,
        "sensor.headquarters_last_activity",
        'Person "Somebody" has requested access to the device "Front door". '
        "Access allowed. Person used card for requesting access.",
    )
    assert activity.attributes["topic"] == "door.request.allowed"
    access = state_of(hass, "event.front_door_access").attributes
    assert access["event_type"] == "access_granted"
    assert (access["person"], access["person_id"]) == (None, None)
    assert any(event.event_type == "prodatakey_live_event" for event in events)
    shown = [state.as_dict() for state in hass.states.async_all()]
    told = json.dumps([shown, [event.as_dict() for event in events]], default=str)
    assert "Front door" in told
    assert not [name for name in ("Amelia", "Hartmann", "Jonas") if name in told]
