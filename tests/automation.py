"""Automations on doors, next to another integration's entities in the same area."""

from typing import Any

from homeassistant.components.automation import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.const import STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component

from .common import FRONT, Json, state_of

TARGETS = ("device_id", "area_id", "floor_id", "label_id")

# Entities of another integration that look like those of a door.
OTHERS = {
    "event.other_access": "access",
    "binary_sensor.other_forced": "forced",
    "binary_sensor.other_propped": "propped",
    "binary_sensor.other_rex": "rex",
    "switch.other_do_not_disturb": "do_not_disturb",
}


async def automate(
    hass: HomeAssistant, *triggers: Json, conditions: list[Json] | None = None
) -> list[Json]:
    """Set up an automation; return the list of what its runs were triggered by."""
    runs: list[Json] = []

    @callback
    def handle_run(call: ServiceCall) -> None:
        """Handle a run of the automation."""
        runs.append(dict(call.data))

    hass.services.async_register("test", "run", handle_run)
    config = {
        "id": "ours",
        "alias": "Ours",
        "mode": "parallel",
        "triggers": list(triggers),
        "conditions": conditions or [],
        "actions": [
            {
                "action": "test.run",
                "data": {
                    "trigger": "{{ trigger.platform }}",
                    "entity_id": "{{ trigger.entity_id | default }}",
                    "person": (
                        "{% if trigger.to_state is defined %}"
                        "{{ trigger.to_state.attributes.person }}{% endif %}"
                    ),
                },
            }
        ],
    }
    assert await async_setup_component(hass, AUTOMATION_DOMAIN, {"automation": config})
    await hass.async_block_till_done()
    assert state_of(hass, "automation.ours").state == STATE_ON
    return runs


@callback
def furnish(hass: HomeAssistant) -> Json:
    """Put the front door into an area, next to another integration's entities.

    Return a target of each kind.
    """
    area = ar.async_get(hass).async_create("Entrance")
    floor = fr.async_get(hass).async_create("Ground floor")
    label = lr.async_get(hass).async_create("Outside")
    ar.async_get(hass).async_update(area.id, floor_id=floor.floor_id)
    entities = er.async_get(hass)
    front = entities.async_get(FRONT)
    assert front and front.device_id
    dr.async_get(hass).async_update_device(
        front.device_id, area_id=area.id, labels={label.label_id}
    )
    for entity_id, key in OTHERS.items():
        domain, object_id = entity_id.split(".")
        entities.async_get_or_create(
            domain,
            "other",
            object_id,
            suggested_object_id=object_id,
            translation_key=key,
        )
        entities.async_update_entity(
            entity_id, area_id=area.id, labels={label.label_id}
        )
        hass.states.async_set(entity_id, STATE_UNKNOWN)
    ids = (front.device_id, area.id, floor.floor_id, label.label_id)
    return dict(zip(TARGETS, ids, strict=True))


def trigger(name: str, target: Any, **options: Any) -> Json:
    """Return the configuration of one of our triggers, for a target or an entity."""
    target = {"entity_id": target} if isinstance(target, str) else target
    return {"trigger": f"prodatakey.{name}", "target": target, "options": options}
