"""A user gets a dashboard for the doors of a panel."""

from functools import partial
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    template,
)

from .common import CONNECTION, ENTRIES, FRONT, PANEL, SIGNAL, Json, Site, wait_until


async def get_views(
    hass: HomeAssistant, context: Context | None = None
) -> tuple[Json, ...]:
    """Return the views of the panel, for a caller."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    dashboard: Any = await hass.services.async_call(
        DOMAIN,
        "dashboard",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        context=context,
        return_response=True,
    )
    return tuple(dashboard["views"])


def entities(cards: Any) -> list[str]:
    """Return the entities of cards, in their order."""
    if isinstance(cards, list):
        return [entity for card in cards for entity in entities(card)]
    if not isinstance(cards, dict):
        return []
    named: Any = next(
        (cards[key] for key in ("entity", "entity_id", "entities") if key in cards), []
    )
    nested = [
        cards[key] for key in ("card", "cards", "target", "badges") if key in cards
    ]
    return ([named] if isinstance(named, str) else list(named)) + entities(nested)


def headings(view: Json) -> list[str]:
    """Return the headings of the sections."""
    return [section["cards"][0]["heading"] for section in view["sections"]]


def logged_entities(view: Json) -> list[str]:
    """Return the entities of the one card that shows *Activity*."""
    (card,) = [
        card
        for section in view["sections"]
        for card in section["cards"]
        if card["type"] == "logbook"
    ]
    return entities(card)


async def test_views(site: Site) -> None:
    """They have every door and output with its alarms, and all their entities exist."""
    await site.discover()
    doors, past = await get_views(site.hass)
    assert (doors["type"], doors["title"]) == ("sections", "Headquarters")
    assert past["title"] == "Headquarters: Entries"
    assert [each.get("column_span", 1) for each in doors["sections"]] == [2, 1]
    assert headings(doors) == ["Headquarters", "Lockdown"]
    assert headings(past) == ["Entries", "Last person", "Last activity", "Signal"]
    shown = entities(doors["sections"])
    # sensors that are added with the first use of what they show
    later = {
        each
        for each in shown
        if each.endswith(("_held_open_until", "_latched_by_force_toggle"))
    }
    assert len(later) == 2 * len(site.hass.states.async_entity_ids("lock"))
    others = [*entities(doors["badges"]), *entities(past["sections"])]
    for entity_id in [*(each for each in shown if each not in later), *others]:
        site.state(entity_id)
    assert len(shown) == len(set(shown))
    assert set(shown) >= {*site.hass.states.async_entity_ids("lock")}
    assert shown[:6] == [
        FRONT,
        "binary_sensor.front_door_forced_open",
        "button.front_door_clear_forced_alarm",
        "binary_sensor.front_door_propped_open",
        "binary_sensor.front_door_door_position",
        "switch.front_door_do_not_disturb",
    ]
    lock, *warnings = doors["sections"][0]["cards"][1]["cards"]
    # a quiet door is one card: it warns of nothing, and opens with a tap
    assert len(warnings) >= 5
    assert all(card["type"] == "conditional" for card in warnings)
    assert lock["tap_action"]["target"] == {"entity_id": "button.front_door_open"}
    assert lock["tap_action"]["confirmation"] == {"text": "Open: Front door?"}
    assert lock["type"] == "tile"
    assert all(len(badge["visibility"]) == 1 for badge in doors["badges"])
    assert entities(doors["badges"])[:3] == [
        CONNECTION,
        "switch.headquarters_lockdown",
        "binary_sensor.front_door_forced_open",
    ]
    person = "sensor.front_door_last_person"
    assert {ENTRIES, person, SIGNAL} <= {*entities(past["sections"])}
    # the panel's sentences are shown at these, and tell who came
    logged = logged_entities(past)
    assert {FRONT, "switch.ventilation", CONNECTION} <= {*logged}
    assert not [each for each in logged if each.startswith("sensor.")]
    assert "switch.ventilation" in shown
    assert "binary_sensor.garage_forced_open" not in shown

    # what is only assumed is named
    [text] = [card for card in doors["sections"][0]["cards"] if "content" in card]
    assumed = template.Template(text["content"], site.hass)
    await wait_until(lambda: not assumed.async_render())
    await site.set_up()
    await site.happen(1, "hold")
    await site.wait_for_state(FRONT, "unlocked")
    await site.set_up()
    assert assumed.async_render() == "Assumed: Front door"
    # so that the dialog of a lock tells, and its card
    assert site.state(FRONT).attributes["icon"] == "mdi:lock-open-alert"
    await site.happen(1, "lock")
    await site.wait_for_state(FRONT, "locked")
    assert "icon" not in site.state(FRONT).attributes
    await site.set_up()
    assert site.state(FRONT).attributes["icon"] == "mdi:lock-question"

    # doors are shown by area, and those without one by panel
    area = ar.async_get(site.hass).async_create("Entrance")
    front = site.device(1)
    assert front
    dr.async_get(site.hass).async_update_device(front.id, area_id=area.id)
    doors, _ = await get_views(site.hass)
    assert headings(doors) == ["Entrance", "Headquarters", "Lockdown"]
    first, *others = doors["sections"]
    assert entities(first)[0] == FRONT
    assert FRONT not in entities(others)


async def test_sensors_that_are_added_later(
    site: Site, entity_registry: er.EntityRegistry
) -> None:
    """A dashboard has the cards of sensors before these are added, by their first use."""
    doors, _ = await get_views(site.hass)
    shown = entities(doors["sections"])
    toggle = "button.front_door_force_toggle_latches"
    entity_registry.async_update_entity(toggle, disabled_by=None)
    await site.set_up()
    await site.act("prodatakey.hold_open", FRONT, duration={"hours": 1})
    await site.act("button.press", toggle)
    for entity_id in (
        "sensor.front_door_held_open_until",
        "binary_sensor.front_door_latched_by_force_toggle",
    ):
        await wait_until(partial(site.hass.states.get, entity_id))
        assert entity_id in shown
    doors, _ = await get_views(site.hass)
    assert entities(doors["sections"]) == shown


async def test_pdk_2(workshop_site: Site) -> None:
    """On PDK 2.0 there is no card for what a panel cannot do; the last people say who came."""
    doors, past = await get_views(workshop_site.hass)
    shown = entities(doors["sections"])
    assert "sensor.loading_dock_held_open_until" in shown
    assert not [each for each in shown if "latched" in each]
    assert {"lock.loading_dock", "sensor.side_entrance_last_person"} <= {
        *logged_entities(past)
    }


async def test_code(new_site: Site) -> None:
    """With a code there is no button that would open a door without it."""
    await new_site.set_up(code="1234")
    doors, _ = await get_views(new_site.hass)
    [lock, *_] = doors["sections"][0]["cards"][1]["cards"]
    assert "tap_action" not in lock


async def test_many_doors(new_site: Site) -> None:
    """Many doors are one wide section, and long names are not cut."""
    doors = [{"id": n, "name": f"Door {n} " + "x" * 80} for n in range(1, 43)]
    await new_site.pdk.reset({"panels": [{"id": PANEL, "name": "HQ", "doors": doors}]})
    await new_site.set_up()
    view, _ = await get_views(new_site.hass)
    assert headings(view) == ["HQ", "Lockdown"]
    section = view["sections"][0]
    assert section["column_span"] == 4
    stacks = [card for card in section["cards"] if card["type"] == "vertical-stack"]
    assert len(stacks) == 42
    for stack in stacks:
        assert stack["grid_options"] == {"columns": 12}
        assert stack["cards"][0]["name"] == {"type": "device"}


async def test_entities_that_are_left_out(
    site: Site, entity_registry: er.EntityRegistry
) -> None:
    """The view lacks disabled and hidden entities, and people who are not recorded."""
    entity_registry.async_update_entity(
        FRONT, disabled_by=er.RegistryEntryDisabler.USER
    )
    entity_registry.async_update_entity(
        "lock.garage", hidden_by=er.RegistryEntryHider.USER
    )
    await site.set_up(record_people=False)
    shown = entities([view["sections"] for view in await get_views(site.hass)])
    left_out = (FRONT, "lock.garage", "sensor.front_door_last_person")
    assert "lock.meeting_room" in shown
    assert not set(left_out) & set(shown)

    # a user sees no more here than anywhere else
    user = MockUser(is_owner=False).add_to_hass(site.hass)
    visible = {"entity_ids": {"lock.meeting_room": {"read": True}}}
    user.mock_policy({"entities": visible})
    device = site.device()
    assert device
    dr.async_get(site.hass).async_update_device(device.id, name_by_user="Office")
    doors, past = await get_views(site.hass, Context(user_id=user.id))
    seen = entities([doors["sections"], doors["badges"], past["sections"]])
    assert set(seen) == {"lock.meeting_room"}
    assert (doors["title"], headings(doors)) == ("Office", ["Office"])
    with pytest.raises(UnknownUser):
        await get_views(site.hass, Context(user_id="gone"))
