"""Automations on doors, next to another integration's entities in the same area."""

from http import HTTPStatus
from typing import Any

from freezegun import freeze_time
import pytest
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    WebSocketGenerator,
)

from homeassistant.components.automation import DOMAIN as AUTOMATION_DOMAIN
from homeassistant.const import STATE_ON, STATE_UNKNOWN
from homeassistant.core import CoreState, ServiceCall, callback
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    floor_registry as fr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

from .common import (
    CONNECTION,
    FRONT,
    FRONT_ACCESS,
    TEXTS,
    AccessEvents,
    Json,
    Site,
    access_granted,
    wait_until,
)

TARGETS = ("device_id", "area_id")

# Entities of another integration that look like those of a door.
OTHERS = {
    "event.other_access": "access",
    "binary_sensor.other_forced": "forced",
    "binary_sensor.other_propped": "propped",
    "binary_sensor.other_rex": "rex",
    "switch.other_do_not_disturb": "do_not_disturb",
}


# What a run was triggered by.
CAUSE = {
    "action": "test.run",
    "data": {
        "trigger": "{{ trigger.platform }}",
        "entity_id": "{{ trigger.entity_id | default }}",
        "description": "{{ trigger.description | default }}",
        "person": "{{ trigger.to_state.attributes.person | default }}",
    },
}


async def automate(
    site: Site, *triggers: Json, actions: list[Json] | None = None
) -> list[Json]:
    """Set up an automation; return the list of what its action is called with."""
    runs: list[Json] = []

    @callback
    def handle_run(call: ServiceCall) -> None:
        """Handle a run of the automation."""
        runs.append(dict(call.data))

    site.hass.services.async_register("test", "run", handle_run)
    config = {
        "id": "ours",
        "alias": "Ours",
        "mode": "parallel",
        "triggers": list(triggers),
        "actions": actions or [CAUSE],
    }
    assert await async_setup_component(
        site.hass, AUTOMATION_DOMAIN, {"automation": config}
    )
    await site.hass.async_block_till_done()
    assert site.state("automation.ours").state == STATE_ON
    return runs


@callback
def furnish(site: Site) -> Json:
    """Put the front door into an area, next to another integration's entities.

    Return a target of each kind.
    """
    area = ar.async_get(site.hass).async_create("Entrance")
    entities = er.async_get(site.hass)
    front = site.device(1)
    assert front
    dr.async_get(site.hass).async_update_device(front.id, area_id=area.id)
    for entity_id, key in OTHERS.items():
        domain, object_id = entity_id.split(".")
        entities.async_get_or_create(
            domain,
            "other",
            object_id,
            suggested_object_id=object_id,
            translation_key=key,
        )
        entities.async_update_entity(entity_id, area_id=area.id)
        site.hass.states.async_set(entity_id, STATE_UNKNOWN)
    return dict(zip(TARGETS, (front.id, area.id), strict=True))


def trigger(name: str, target: Any, **options: Any) -> Json:
    """Return the configuration of one of our triggers, for a target or an entity."""
    target = {"entity_id": target} if isinstance(target, str) else target
    return {"trigger": f"prodatakey.{name}", "target": target, "options": options}


FORCED = "binary_sensor.front_door_forced_open"
PROPPED = "binary_sensor.front_door_propped_open"
REX = "binary_sensor.front_door_request_to_exit"

# Each trigger with its entity and topic, in an order in which each can fire.
TRIGGERS = {
    "access_granted": (FRONT_ACCESS, "door.request.allowed"),
    "access_denied": (FRONT_ACCESS, "door.request.denied"),
    "access_unknown": (FRONT_ACCESS, "door.request.unknown"),
    "exit_requested": (REX, "door.input.rex.on"),
    "forced": (FORCED, "door.alarm.forced"),
    "forced_cleared": (FORCED, "door.alarm.forced.cleared"),
    "propped": (PROPPED, "door.alarm.propped.on"),
    "propped_cleared": (PROPPED, "door.alarm.propped.off"),
}


async def test_triggers(site: Site) -> None:
    """The first event fires the trigger that is about it, and no other one.

    An alarm that is not configured is added by its first report, which fires too.
    """
    garage = site.device(2)
    assert garage
    runs = await automate(
        site,
        *(trigger(name, entity_id) for name, (entity_id, _) in TRIGGERS.items()),
        trigger("forced", {"device_id": garage.id}),
    )
    for _, topic in TRIGGERS.values():
        await site.emit(topic)
    await site.emit("door.alarm.forced", 2)
    await wait_until(lambda: len(runs) > len(TRIGGERS))
    assert [(run["trigger"], run["entity_id"]) for run in runs] == [
        *(
            (f"prodatakey.{name}", entity_id)
            for name, (entity_id, _) in TRIGGERS.items()
        ),
        ("prodatakey.forced", "binary_sensor.garage_forced_open"),
    ]
    assert [run["description"] for run in runs] == [
        TEXTS["common"][f"triggered_{name}"].format(person="Somebody", door=door)
        for name, door in [
            *((name, "Front door") for name in TRIGGERS),
            ("forced", "Garage"),
        ]
    ]


@pytest.mark.parametrize("kind", TARGETS)
async def test_targets(site: Site, kind: str) -> None:
    """Every kind of target has the door's entities; other integrations fire nothing."""
    target = {kind: furnish(site)[kind]}
    runs = await automate(site, *(trigger(each, target) for each in TRIGGERS))
    for entity_id in OTHERS:
        for event_type in ("access_granted", "access_denied", "access_unknown"):
            now = dt_util.utcnow().isoformat()
            site.hass.states.async_set(entity_id, now, {"event_type": event_type})
        for state in ("on", "off"):
            site.hass.states.async_set(entity_id, state)
    await site.hass.async_block_till_done()
    assert runs == []
    for name in ("access_denied", "exit_requested", "forced"):
        await site.emit(TRIGGERS[name][1])
    await wait_until(lambda: len(runs) == 3)
    assert [run["entity_id"] for run in runs] == [FRONT_ACCESS, REX, FORCED]


async def test_nothing_happened(site: Site) -> None:
    """A reload, which restores as a restart does, and an outage fire nothing."""
    for topic in ("door.request.allowed", "door.alarm.forced", "door.input.rex.on"):
        await site.emit(topic)
    await site.wait_for_state(REX, "on")
    target = furnish(site)
    runs = await automate(site, *(trigger(each, target) for each in TRIGGERS))

    await site.set_up()
    await site.set_online(False)
    await site.wait_for_state(FORCED, "unavailable")
    await site.set_online(True)
    await site.wait_for_state(CONNECTION, "on")
    await site.wait_for_state(FORCED, "on")
    await site.emit("door.alarm.propped.on")
    await wait_until(lambda: runs)
    assert [run["trigger"] for run in runs] == ["prodatakey.propped"]
    # its end was missed: an alarm that is reported again after a gap is a new one
    assert site.state(FORCED).attributes["assumed_state"]
    await site.emit("door.alarm.forced")
    await wait_until(lambda: len(runs) == 2)


async def test_a_reload_presents_no_credential(site: Site) -> None:
    """A reload writes the last credential again, which is none that is presented."""
    runs = await automate(site, trigger("access_unknown", FRONT_ACCESS))
    await site.emit("door.request.unknown")
    await wait_until(lambda: runs)
    await site.set_up()
    await site.hass.async_block_till_done()
    assert len(runs) == 1


async def test_several_people_at_once(site: Site) -> None:
    """Each of several people fires the trigger, also within a millisecond."""
    runs = await automate(site, trigger("access_granted", FRONT_ACCESS))
    with freeze_time():
        for name in ("Amelia Hartmann", "Jonas Okafor"):
            event = access_granted(name)
            site.deliver(event["topic"], event["payload"])
    await site.hass.async_block_till_done()
    assert [run["person"] for run in runs] == ["Amelia Hartmann", "Jonas Okafor"]


async def test_person(site: Site, access_events: AccessEvents) -> None:
    """The trigger knows people by name or id; without a choice it fires for everybody.

    What cannot be seen makes no difference: case, the form of a letter, and blanks.
    """
    shown = "Zo\u00eb Griffin"
    people: tuple[object, ...] = (
        shown.lower(),
        f" {shown}\u200b ",
        "Zoe\u0308\u00a0Griffin",
        "Zo\u00eb  Griffin\u00ad",
        9,
        ["Nobody", "9"],
        [],
    )
    triggers = (trigger("access_granted", FRONT_ACCESS, person=each) for each in people)
    runs = await automate(site, *triggers)
    await site.emit_all(access_granted("Zoe\u0308  \uff27riffin\u00a0"))
    ((name,)) = await access_events.people()
    await wait_until(lambda: len(runs) == len(people))
    assert {run["person"] for run in runs} == {name}
    assert runs[0]["description"] == f"{name} was let in at Front door"


async def test_why_people_are_refused(site: Site, access_events: AccessEvents) -> None:
    """The event says why, as far as the panel does; a trigger may be for some reasons."""
    runs = await automate(
        site,
        trigger("access_denied", FRONT_ACCESS, reason=["expired", "explicit"]),
        trigger("access_denied", FRONT_ACCESS, reason="disabled", person="Mara Quinn"),
        trigger(
            "access_denied", FRONT_ACCESS, reason="disabled", person="Tomás Ibarra"
        ),
    )
    await site.happen(3, "badge", person=5)
    for person in (1, 6, 7, 8):
        await site.happen(1, "badge", person=person)
    await site.happen(1, "dnd")
    await site.happen(1, "badge", person=2)
    granted, *denied = await access_events.received()
    keys = ("person", "reason", "enabled", "active_from", "expires")
    assert [tuple(each[key] for key in keys) for each in denied] == [
        ("Mara Quinn", "disabled", False, None, None),
        ("Tomás Ibarra", "expired", True, None, "2025-06-30"),
        ("Ingrid Solberg", "not_yet_active", True, "2035-01-01", None),
        ("Jonas Okafor", "explicit", True, None, None),
    ]
    assert (granted["enabled"], granted.get("reason", "none")) == (True, "none")
    assert site.state("event.server_room_access").attributes["reason"] == "no_rule"
    await wait_until(lambda: len(runs) >= 3)
    await site.hass.async_block_till_done()
    people = {"Mara Quinn", "Tomás Ibarra", "Jonas Okafor"}
    assert ({run["person"] for run in runs}, len(runs)) == (people, 3)


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ("Jonas Okafor", "other_person"),
        ("None", "other_person"),
        (None, "person_not_recorded"),
    ],
)
async def test_another_person(
    site: Site,
    access_events: AccessEvents,
    hass_ws_client: WebSocketGenerator,
    person: str | None,
    reason: str,
) -> None:
    """An automation for one person does not run for others; its trace says why."""
    chosen = trigger("access_granted", FRONT_ACCESS, person=["Amelia Hartmann"])
    runs = await automate(site, chosen)
    metadata = {"personName": person} if person else {}
    await site.emit("door.request.allowed", metadata=metadata)
    assert await access_events.people() == [person]
    await site.hass.async_block_till_done()
    assert runs == []
    client = await hass_ws_client(site.hass)
    ours: Json = {"domain": "automation", "item_id": "ours"}
    await client.send_json_auto_id({"type": "trace/list", **ours})
    (run,) = (await client.receive_json())["result"]
    request = {"type": "trace/get", **ours, "run_id": run["run_id"]}
    await client.send_json_auto_id(request)
    trace: Any = (await client.receive_json())["result"]["trace"]
    result = trace["trigger/0"][0]["result"]
    assert result["data"]["key"] == reason
    sentence = TEXTS["common"][f"not_triggered_{reason}"]
    assert result["reason"] == sentence.format(person=person, door="Front door")


async def test_people_are_not_recorded(
    site: Site, hass_client: ClientSessionGenerator
) -> None:
    """An automation for a person cannot be saved if people are not recorded.

    The user sees why.
    """
    area = {"area_id": furnish(site)["area_id"]}
    assert await async_setup_component(site.hass, "config", {})
    await automate(site, trigger("access_unknown", FRONT_ACCESS))
    await site.set_up(record_people=False)
    client = await hass_client()

    async def save(target: Any, **options: object) -> tuple[int, str]:
        """Save an automation as the editor does; return the status and the answer."""
        triggers = [trigger("access_granted", target, **options)]
        config = {"alias": "New", "triggers": triggers, "actions": []}
        url = "/api/config/automation/config/new"
        response = await client.post(url, json=config)
        return response.status, await response.text()

    for target in (FRONT_ACCESS, area):
        status, answer = await save(target, person=["Amelia Hartmann"])
        assert status == HTTPStatus.BAD_REQUEST
        assert "The option 'Record people' of Headquarters is off" in answer
        assert (await save(target))[0] == HTTPStatus.OK
    for invisible in (" ", "\u200b\u00a0"):
        assert (await save(area, person=[invisible]))[0] == HTTPStatus.BAD_REQUEST
    # damaged options of a panel are no fault of the automation
    site.hass.config_entries.async_update_entry(site.entry, options={"code": ["1"]})
    assert (await save(area, person=["Amelia Hartmann"]))[0] == HTTPStatus.OK


CONDITIONS = {
    "is_do_not_disturb": "switch.front_door_do_not_disturb",
    "is_forced": FORCED,
    "is_propped": PROPPED,
}


async def test_conditions(site: Site) -> None:
    """A condition is true while the door is so, and not if that is unknown."""
    target = {"area_id": furnish(site)["area_id"]}
    runs = await automate(
        site,
        {"trigger": "event", "event_type": "test"},
        actions=[
            {
                "if": [{"condition": f"prodatakey.{name}", "target": target}],
                "then": [{"action": "test.run", "data": {"name": name}}],
            }
            for name in CONDITIONS
        ],
    )
    for entity_id in OTHERS:
        site.hass.states.async_set(entity_id, "on")
    topics = ("forceclose.on", "alarm.forced", "alarm.propped.on")
    for count, (topic, entity_id) in enumerate(
        zip(topics, CONDITIONS.values(), strict=True)
    ):
        site.hass.bus.async_fire("test")
        await site.hass.async_block_till_done()
        assert [run["name"] for run in runs] == list(CONDITIONS)[:count]
        runs.clear()
        await site.emit(f"door.{topic}")
        await site.wait_for_state(entity_id, "on")


async def test_what_the_editor_offers(
    site: Site, hass_ws_client: WebSocketGenerator
) -> None:
    """The editor offers triggers and conditions for targets with a fitting entity."""
    for component in ("automation", "prodatakey"):
        assert await async_setup_component(site.hass, component, {})
    targets = furnish(site)
    floor = fr.async_get(site.hass).async_create("Ground floor")
    label = lr.async_get(site.hass).async_create("Doors")
    ar.async_get(site.hass).async_update(
        targets["area_id"], floor_id=floor.floor_id, labels={label.label_id}
    )
    targets |= {"floor_id": floor.floor_id, "label_id": label.label_id}
    client = await hass_ws_client(site.hass)

    async def offered(kind: str, **target: str) -> set[str]:
        """Return what of ours is offered for a target."""
        ids = {key: [value] for key, value in target.items()}
        request = {"type": f"get_{kind}_for_target", "target": ids}
        await client.send_json_auto_id(request)
        found = (await client.receive_json())["result"]
        return {
            each.removeprefix("prodatakey.")
            for each in found
            if each.startswith("prodatakey.")
        }

    for kind, target in targets.items():
        assert await offered("conditions", **{kind: target}) == CONDITIONS.keys()
        assert await offered("triggers", **{kind: target}) == TRIGGERS.keys()
    for condition, entity_id in CONDITIONS.items():
        assert await offered("conditions", entity_id=entity_id) == {condition}
    for other in ("switch.ventilation", CONNECTION, FRONT):
        assert await offered("conditions", entity_id=other) == set()
    panel = site.device()
    assert panel
    assert await offered("triggers", device_id=panel.id) == set()


async def test_entities_that_cannot_match(
    site: Site,
    hass_ws_client: WebSocketGenerator,
    entity_registry: er.EntityRegistry,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An automation with an entity that cannot match cannot be saved.

    The user sees which one. One that is only disabled or not loaded may match again.
    While Home Assistant starts, the others of the automation go on working.
    """
    furnish(site)
    client = await hass_ws_client(site.hass)

    async def validate(kind: str, name: str, *entity_ids: str) -> str:
        """Validate a trigger or a condition as the editor does; return the error."""
        config = {kind: f"prodatakey.{name}", "target": {"entity_id": [*entity_ids]}}
        request = {"type": "validate_config", f"{kind}s": [config]}
        await client.send_json_auto_id(request)
        result: Json = (await client.receive_json())["result"][f"{kind}s"]
        return str(result["error"] or "")

    unfit = {
        ("trigger", "exit_requested"): (REX, CONNECTION, "binary_sensor.other_rex"),
        ("trigger", "access_granted"): (FRONT_ACCESS, FRONT, "event.other_access"),
        ("condition", "is_do_not_disturb"): (
            CONDITIONS["is_do_not_disturb"],
            "switch.ventilation",
            "switch.other_do_not_disturb",
        ),
        ("condition", "is_forced"): (FORCED, REX),
    }
    # one target for the triggers of both alarms, as a blueprint has it
    assert await validate("trigger", "forced", FORCED, PROPPED) == ""
    for (kind, name), (fit, *others) in unfit.items():
        assert await validate(kind, name, fit) == ""
        for other in others:
            error = await validate(kind, name, fit, other)
            assert error.endswith(f"never match: {other} is another kind of entity")
        error = await validate(kind, name, fit, "event.gone")
        assert error.endswith("never match: event.gone does not exist")

    site.hass.set_state(CoreState.starting)
    runs = await automate(
        site,
        {**trigger("exit_requested", {"entity_id": [REX, "event.gone"]})},
    )
    assert "never match: event.gone does not exist" in caplog.text
    site.hass.set_state(CoreState.running)
    await site.emit("door.input.rex.on")
    await wait_until(lambda: runs)
    entity_registry.async_update_entity(REX, disabled_by=er.RegistryEntryDisabler.USER)
    await site.hass.config_entries.async_unload(site.entry.entry_id)
    assert await validate("trigger", "exit_requested", REX) == ""
