"""A user gets a dashboard for the doors of a panel."""

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
)

from .common import ENTRIES, FRONT, PANEL, SIGNAL, Json, Site


async def get_view(hass: HomeAssistant, context: Context | None = None) -> Json:
    """Return the view of the panel, for a caller."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    view: Any = await hass.services.async_call(
        DOMAIN,
        "dashboard",
        {"config_entry_id": entry.entry_id},
        blocking=True,
        context=context,
        return_response=True,
    )
    return dict(view)


def entities(cards: Any) -> list[str]:
    """Return the entities of cards, in their order."""
    if isinstance(cards, list):
        return [entity for card in cards for entity in entities(card)]
    if not isinstance(cards, dict):
        return []
    named: Any = next(
        (cards[key] for key in ("entity", "entity_id", "entities") if key in cards), []
    )
    nested = [cards[key] for key in ("cards", "target", "badges") if key in cards]
    return ([named] if isinstance(named, str) else list(named)) + entities(nested)


def headings(view: Json) -> list[str]:
    """Return the headings of the sections."""
    return [section["cards"][0]["heading"] for section in view["sections"]]


async def test_view(site: Site) -> None:
    """The view has every door and output with its alarms, and all its entities exist."""
    await site.discover()
    view = await get_view(site.hass)
    assert (view["type"], view["title"]) == ("sections", "Headquarters")
    spans = [section.get("column_span", 1) for section in view["sections"]]
    assert spans == [1, 1, 1, 2, 2, 1]
    doors = ["Headquarters", "Headquarters (2)"]
    assert headings(view) == [
        *doors,
        "Lockdown",
        "Entries",
        "Last activity",
        "Signal",
    ]
    shown = entities(view["sections"])
    for entity_id in [*shown, *entities(view["badges"])]:
        site.state(entity_id)
    assert len(shown) == len(set(shown))
    assert set(shown) >= set(site.hass.states.async_entity_ids("lock"))
    assert shown[:8] == [
        FRONT,
        "button.front_door_open",
        "binary_sensor.front_door_forced_open",
        "binary_sensor.front_door_propped_open",
        "binary_sensor.front_door_door_position",
        "switch.front_door_do_not_disturb",
        "button.front_door_clear_forced_alarm",
        "sensor.front_door_last_person",
    ]
    # a quiet door warns of nothing, and a badge is shown only while there is a reason
    warnings = view["sections"][0]["cards"][3:8]
    assert all(len(card["visibility"]) == 1 for card in warnings)
    assert all(len(badge["visibility"]) == 1 for badge in view["badges"])
    assert entities(view["badges"])[:2] == [
        "binary_sensor.headquarters_connection",
        "binary_sensor.front_door_forced_open",
    ]
    activity = "sensor.headquarters_last_activity"
    assert {"switch.ventilation", ENTRIES, activity, SIGNAL} <= set(shown)
    assert "binary_sensor.garage_forced_open" not in shown

    # doors are shown by area, and those without one by panel
    area = ar.async_get(site.hass).async_create("Entrance")
    front = site.device(1)
    assert front
    dr.async_get(site.hass).async_update_device(front.id, area_id=area.id)
    view = await get_view(site.hass)
    others = ["Lockdown", "Entries", "Last activity", "Signal"]
    assert headings(view) == ["Entrance", *doors, *others]
    first, *others = view["sections"]
    assert entities(first)[0] == FRONT
    assert FRONT not in entities(others)


async def test_many_doors(new_site: Site) -> None:
    """Many doors are divided into sections, and long names are not cut."""
    doors = [{"id": n, "name": f"Door {n} " + "x" * 80} for n in range(1, 43)]
    await new_site.pdk.reset({"panels": [{"id": PANEL, "name": "HQ", "doors": doors}]})
    await new_site.set_up()
    view = await get_view(new_site.hass)
    assert headings(view)[:3] == ["HQ", "HQ (2)", "HQ (3)"]
    counts = [len(section["cards"]) for section in view["sections"][:-3]]
    assert counts == [1 + 4 * 4] * 10 + [1 + 4 * 2]
    tiles = [card for card in view["sections"][0]["cards"] if card["type"] == "tile"]
    assert len(tiles) == 16
    for tile in tiles:
        assert tile["grid_options"] == {"columns": "full"}
        assert tile["name"] in ({"type": "device"}, {"type": "entity"})


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
    shown = entities((await get_view(site.hass))["sections"])
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
    view = await get_view(site.hass, Context(user_id=user.id))
    assert set(entities([view["sections"], view["badges"]])) == {"lock.meeting_room"}
    assert (view["title"], headings(view)) == ("Office", ["Office"])
    with pytest.raises(UnknownUser):
        await get_view(site.hass, Context(user_id="gone"))
