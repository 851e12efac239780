"""Every text that the code asks for is there, and every text that is there is asked for."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import string
from typing import Any

import pytest
import voluptuous as vol

from custom_components.prodatakey import (
    binary_sensor,
    button,
    const,
    errors,
    event,
    forms,
    lock,
    repairs,
    sensor,
    services,
    switch,
)
from custom_components.prodatakey.pdk.events import Access
from homeassistant.helpers.entity import EntityDescription
from homeassistant.util.yaml import load_yaml_dict

COMPONENT = Path(services.__file__).parent
type Json = dict[str, Any]

TEXTS: Json = json.loads((COMPONENT / "translations" / "en.json").read_text("utf-8"))
ICONS: Json = json.loads((COMPONENT / "icons.json").read_text("utf-8"))
SERVICES: Json = load_yaml_dict(str(COMPONENT / "services.yaml"))

DESCRIPTIONS: dict[str, tuple[EntityDescription, ...]] = {
    "binary_sensor": (*binary_sensor.BINARY_SENSORS, binary_sensor.CONNECTION),
    "button": button.BUTTONS,
    "event": event.EVENTS,
    "lock": lock.LOCKS,
    "sensor": (sensor.LAST_ACTIVITY, sensor.SIGNAL),
    "switch": (switch.DO_NOT_DISTURB, switch.OUTPUT),
}
ACTIONS: dict[str, Json] = {
    services.ACTION_DISCOVER: services.DISCOVER_SCHEMA.schema,
    services.ACTION_QUERY: services.QUERY_SCHEMA.schema,
    services.ACTION_OPEN_DOOR: dict(services.OPEN_DOOR_SCHEMA),
}
# What an icon is not needed for: a device class has one, and so has the platform.
WITH_ICONS_OF_THEIR_OWN = {("lock", "lock"), ("binary_sensor", "dps")}


def sources() -> Iterator[ast.Call]:
    """Yield every call in the integration's code."""
    for path in COMPONENT.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def raised() -> Iterator[tuple[str, set[str]]]:
    """Yield the errors that are raised by a key in the code, with their placeholders."""
    for call in sources():
        given = {keyword.arg: keyword.value for keyword in call.keywords}
        key = given.get("translation_key")
        if "translation_domain" in given and isinstance(key, ast.Constant):
            names = given.get("translation_placeholders")
            keys = names.keys if isinstance(names, ast.Dict) else []
            yield str(key.value), {k.value for k in keys if isinstance(k, ast.Constant)}  # type: ignore[misc]


def placeholders(text: str) -> set[str]:
    """Return the names that a text has in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def fields(schema: vol.Schema | Json) -> set[str]:
    """Return the names of a form's fields."""
    return {str(key) for key in getattr(schema, "schema", schema)}


def test_entities_have_names() -> None:
    """Those without a name of their own go by their device's."""
    named = {
        platform: {str(d.translation_key) for d in described if d.name is not None}
        for platform, described in DESCRIPTIONS.items()
    }
    assert all(d.key == d.translation_key for ds in DESCRIPTIONS.values() for d in ds)
    texts = {platform: set(keys) for platform, keys in TEXTS["entity"].items()}
    assert texts == {platform: keys for platform, keys in named.items() if keys}
    assert all(
        text["name"] for keys in TEXTS["entity"].values() for text in keys.values()
    )


def test_events_have_words() -> None:
    """What happened at a reader, and what is known of it."""
    attributes = TEXTS["entity"]["event"]["access"]["state_attributes"]
    assert attributes.keys() == {
        "event_type",
        "person",
        "person_id",
        "request_factor",
        "explicit",
        "occurred",
    }
    assert attributes["event_type"]["state"].keys() == set(Access)


def test_entities_have_icons() -> None:
    """Where neither a device class nor the platform brings one, ours does."""
    described = {(p, d.key): d for p, ds in DESCRIPTIONS.items() for d in ds}
    ours = {(p, key) for p, keys in ICONS["entity"].items() for key in keys}
    assert ours <= described.keys()
    bare = {key for key, each in described.items() if not each.device_class}
    assert bare - WITH_ICONS_OF_THEIR_OWN <= ours


def test_forms_have_labels() -> None:
    """Each field of each form, and nothing else, is named and described."""
    credentials = fields(forms.CREDENTIALS)
    expected = {
        "user": credentials,
        "panel": {const.CONF_PANEL_ID},
        "reauth_confirm": credentials,
        "reconfigure": credentials,
    }
    steps = TEXTS["config"]["step"]
    assert {step: set(texts["data"]) for step, texts in steps.items()} == expected
    options = TEXTS["options"]["step"]["init"]
    assert options["data"].keys() == fields(forms.OPTIONS)
    for form in (*steps.values(), options):
        assert form["data_description"].keys() == form["data"].keys()
    choices = TEXTS["selector"][const.CONF_UNLOCK_MODE]["options"]
    assert choices.keys() == {const.UNLOCK_HOLD, const.UNLOCK_MOMENTARY}
    assert TEXTS["selector"].keys() == {const.CONF_UNLOCK_MODE}


def test_flows_have_words_for_every_end() -> None:
    """All errors of pdk.io that a form can show, and each way that a flow ends."""
    of_commands = {"not_connected", "command_refused", "no_answer"}
    in_forms = {*errors._KEYS.values(), "unknown"} - of_commands
    assert TEXTS["config"]["error"].keys() == in_forms
    source = ast.parse((COMPONENT / "config_flow.py").read_text("utf-8"))
    reasons = {
        keyword.value.value
        for call in ast.walk(source)
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "reason" and isinstance(keyword.value, ast.Constant)
    }
    by_home_assistant = {"reauth_successful", "reconfigure_successful"}
    assert TEXTS["config"]["abort"].keys() == reasons | by_home_assistant


def test_errors_have_messages() -> None:
    """Each that is raised, with the placeholders that it brings."""
    of_pdk = {key: {"panel", "reason"} for key in errors._KEYS.values()}
    brought = of_pdk | dict(raised())
    assert TEXTS["exceptions"].keys() == brought.keys()
    for key, names in brought.items():
        used = placeholders(TEXTS["exceptions"][key]["message"])
        assert used <= names, key
        assert key in of_pdk or used == names, key


@pytest.mark.parametrize(
    ("key", "brought"),
    [
        (repairs.PERMISSION_MISSING, set()),
        (repairs.PANEL_MIGRATING, set()),
        (repairs.PANEL_MIGRATED, {"system_id"}),
        (repairs.TOO_MANY_DOORS, {"most", "left_out"}),
    ],
)
def test_repairs_have_texts(key: str, brought: set[str]) -> None:
    """Title and description, with what they name."""
    assert TEXTS["issues"].keys() == set(repairs.ALL)
    issue = TEXTS["issues"][key]
    assert placeholders(issue["title"]) == {"panel"}
    assert placeholders(issue["description"]) == {"panel", *brought}


@pytest.mark.parametrize("action", ACTIONS)
def test_actions_are_described(action: str) -> None:
    """Name, description, icon and fields, the same in the code and in the texts."""
    for of_all in (SERVICES, TEXTS["services"], ICONS["services"]):
        assert of_all.keys() == ACTIONS.keys()
    texts = TEXTS["services"][action]
    assert texts["name"]
    assert texts["description"]
    assert ICONS["services"][action]["service"].startswith("mdi:")
    names = fields(ACTIONS[action])
    assert SERVICES[action]["fields"].keys() == texts["fields"].keys() == names
    for field in texts["fields"].values():
        assert field["name"]
        assert field["description"]
