"""What hassfest and HACS's validation would say.

Neither can be run without the repository that it belongs to; this is our own account of what
they look at, and of what a user would stumble over besides. The workflow runs the real ones.
"""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import string
from typing import Any

from awesomeversion import AwesomeVersion
import hass_frontend
from PIL import Image
import pytest
import voluptuous as vol

from custom_components.prodatakey.const import DOMAIN
from homeassistant.const import Platform
from homeassistant.helpers.selector import TargetSelector, selector
from homeassistant.util import slugify
from homeassistant.util.yaml import parse_yaml

PROJECT = Path(__file__).parent.parent
COMPONENT = PROJECT / "custom_components" / DOMAIN
BRAND = COMPONENT / "brand"

type Json = dict[str, Any]


def read(path: Path) -> Json:
    """Return what a file of JSON or YAML holds."""
    content = parse_yaml(path.read_text("utf-8"))
    assert isinstance(content, dict)
    return content


MANIFEST = read(COMPONENT / "manifest.json")
ENGLISH = read(COMPONENT / "translations" / "en.json")
ICONS = read(COMPONENT / "icons.json")
SERVICES = read(COMPONENT / "services.yaml")
HACS = read(PROJECT / "hacs.json")

HTTPS = vol.All(vol.Url(), vol.Match(r"https://"))

# --- the manifest

MANIFEST_SCHEMA = vol.Schema(
    {
        vol.Required("domain"): DOMAIN,
        vol.Required("name"): str,
        vol.Optional("after_dependencies"): [str],
        vol.Required("codeowners"): vol.All([vol.Match(r"^@[\w-]+$")], vol.Length(1)),
        vol.Required("config_flow"): True,
        vol.Optional("dependencies"): [str],
        vol.Required("documentation"): HTTPS,
        vol.Required("integration_type"): vol.In(
            ["device", "hardware", "helper", "hub", "service", "system"]
        ),
        vol.Required("iot_class"): vol.In(
            [
                "assumed_state",
                "calculated",
                "cloud_polling",
                "cloud_push",
                "local_polling",
                "local_push",
            ]
        ),
        vol.Required("issue_tracker"): HTTPS,
        vol.Optional("loggers"): [str],
        vol.Optional("quality_scale"): vol.In(["bronze", "silver", "gold", "platinum"]),
        vol.Required("requirements"): [str],
        vol.Optional("single_config_entry"): bool,
        vol.Required("version"): str,
    }
)


def test_manifest() -> None:
    """No key is unknown, and each has what belongs there."""
    MANIFEST_SCHEMA(MANIFEST)
    assert AwesomeVersion(MANIFEST["version"]).valid
    assert MANIFEST["name"] == HACS["name"]


def test_order_of_the_manifest() -> None:
    """Domain and name come first, and the rest follows the alphabet."""
    keys = list(MANIFEST)
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]


def test_one_version() -> None:
    """The project, the manifest and the changelog speak of the same one."""
    project = (PROJECT / "pyproject.toml").read_text("utf-8")
    version = MANIFEST["version"]
    assert f'\nversion = "{version}"\n' in project
    assert f"\n## [{version}] - " in (PROJECT / "CHANGELOG.md").read_text("utf-8")


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, by their whole names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def test_integrations_that_are_used_are_declared() -> None:
    """Entity platforms and one's own platform of another integration need no word."""
    declared = {
        *MANIFEST.get("dependencies", ()),
        *MANIFEST.get("after_dependencies", ()),
    }
    used = {
        (path.stem, module.split(".")[2])
        for path in COMPONENT.rglob("*.py")
        for module in imports(path)
        if module.startswith("homeassistant.components.")
    }
    undeclared = {
        (file, component)
        for file, component in used
        if component not in {*declared, *Platform, file}
    }
    assert not undeclared


# --- HACS

HACS_SCHEMA = vol.Schema(
    {
        vol.Required("name"): str,
        vol.Optional("content_in_root"): bool,
        vol.Optional("country"): vol.Any(str, [str]),
        vol.Optional("filename"): str,
        vol.Optional("hacs"): str,
        vol.Optional("hide_default_branch"): bool,
        vol.Optional("homeassistant"): str,
        vol.Optional("persistent_directory"): str,
        vol.Optional("render_readme"): bool,
        vol.Optional("zip_release"): bool,
    }
)


def test_hacs() -> None:
    """The file is as HACS wants it, and there is one integration to be found."""
    HACS_SCHEMA(HACS)
    found = [path.parent.name for path in PROJECT.glob("custom_components/*/*.json")]
    assert set(found) == {DOMAIN}
    assert len((PROJECT / "README.md").read_text("utf-8")) > 1000
    assert (PROJECT / "LICENSE").read_text("utf-8").startswith("MIT License\n")


def test_the_oldest_home_assistant() -> None:
    """What HACS lets install it is what the tests know and the README tells."""
    oldest = HACS["homeassistant"]
    assert oldest in environments()
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert f"Home Assistant {oldest.removesuffix('.0')} or newer" in readme


def environments() -> set[str]:
    """Return the versions of Home Assistant that there are environments for."""
    script = (PROJECT / "scripts" / "versions").read_text("utf-8")
    return set(re.findall(r"^ +([\d.]+)\) PLUGIN_VERSION=", script, re.MULTILINE))


# --- services, their texts and their icons

FIELD_SCHEMA = vol.Schema(
    {
        vol.Optional("required"): bool,
        vol.Optional("example"): vol.Any(str, int, float, bool),
        vol.Optional("default"): vol.Any(str, int, float, bool),
        vol.Optional("advanced"): bool,
        vol.Required("selector"): selector,
    }
)
SERVICE_SCHEMA = vol.Schema(
    {
        vol.Optional("target"): TargetSelector.CONFIG_SCHEMA,
        vol.Optional("fields"): {vol.Match(r"^[a-z][a-z0-9_]*$"): FIELD_SCHEMA},
    }
)


@pytest.mark.parametrize("service", SERVICES)
def test_service(service: str) -> None:
    """An action has a description that parses, texts and an icon."""
    SERVICE_SCHEMA(SERVICES[service])
    texts = ENGLISH["services"][service]
    assert set(texts) <= {"name", "description", "fields"}
    fields = SERVICES[service].get("fields", {})
    assert list(texts.get("fields", {})) == list(fields)
    for field in texts.get("fields", {}).values():
        assert set(field) == {"name", "description"}


def test_services_are_everywhere_the_same() -> None:
    """None is described that does not exist, and the other way round."""
    assert set(SERVICES) == set(ENGLISH["services"]) == set(ICONS["services"])


# --- translations

TEXT_OF_A_STEP = {
    vol.Optional("title"): str,
    vol.Optional("description"): str,
    vol.Optional("data"): {str: str},
    vol.Optional("data_description"): {str: str},
}
FLOW = {
    vol.Required("step"): {str: TEXT_OF_A_STEP},
    vol.Optional("error"): {str: str},
    vol.Optional("abort"): {str: str},
}
TRANSLATIONS_SCHEMA = vol.Schema(
    {
        vol.Optional("title"): str,
        vol.Required("config"): FLOW,
        vol.Optional("options"): FLOW,
        vol.Optional("selector"): {str: {"options": {str: str}}},
        vol.Optional("entity"): {
            vol.In(list(Platform)): {
                str: {
                    vol.Optional("name"): str,
                    vol.Optional("state"): {str: str},
                    vol.Optional("unit_of_measurement"): str,
                    vol.Optional("state_attributes"): {
                        str: {
                            vol.Optional("name"): str,
                            vol.Optional("state"): {str: str},
                        }
                    },
                }
            }
        },
        vol.Optional("device"): {str: {"name": str}},
        vol.Optional("exceptions"): {str: {vol.Required("message"): str}},
        vol.Optional("issues"): {
            str: {
                vol.Required("title"): str,
                vol.Exclusive("description", "how"): str,
                vol.Exclusive("fix_flow", "how"): FLOW,
            }
        },
        vol.Optional("services"): {
            str: {
                vol.Required("name"): str,
                vol.Required("description"): str,
                vol.Optional("fields"): {
                    str: {vol.Required("name"): str, vol.Required("description"): str}
                },
            }
        },
        vol.Optional("common"): {str: str},
    }
)
LANGUAGES = sorted(path.stem for path in (COMPONENT / "translations").iterdir())


def flat(
    texts: Json, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each text with its path."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flat(value, (*path, key))
        else:
            yield (*path, key), value


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations(language: str) -> None:
    """Only sections that Home Assistant knows, with texts as it takes them."""
    texts = read(COMPONENT / "translations" / f"{language}.json")
    TRANSLATIONS_SCHEMA(texts)
    for path, text in flat(texts):
        where = ".".join(path)
        assert text == text.strip(), where
        assert "  " not in text, where
        assert not re.search(r"<[a-z/!]", text), f"{where}: HTML"
        assert not re.search(r"\w+://|www\.", text), f"{where}: an address"
        assert not re.search(r"'\{\w+\}'", text), f"{where}: a quoted placeholder"
        assert "[%" not in text, f"{where}: a reference, which only core resolves"
        for _, name, _, _ in string.Formatter().parse(text):
            assert name is None or name.isidentifier(), where


@pytest.mark.parametrize("flow", [ENGLISH["config"], ENGLISH["options"]])
def test_fields_of_a_form_are_described(flow: Json) -> None:
    """Each field says what belongs in it, and nothing else is described."""
    for step in flow["step"].values():
        assert list(step.get("data", {})) == list(step.get("data_description", {}))


# The first word is written large, and so are names.
NAMES = {"ProdataKey", "PDK", "ID", "Home", "Assistant"}


def test_names_are_in_sentence_case() -> None:
    """Names and titles are written as sentences are, without a full stop."""
    for path, text in flat(ENGLISH):
        if path[-1] not in ("name", "title"):
            continue
        first, *others = re.sub(r"\{\w+\}", "PDK", text).split()
        assert first[0].isupper(), text
        assert all(word in NAMES or word == word.lower() for word in others), text
        assert not text.endswith("."), text


def test_keys_are_slugs() -> None:
    """Home Assistant takes nothing else for a key."""
    for path, _ in flat(ENGLISH):
        assert all(key == slugify(key) for key in path), path


# --- icons

ICON = vol.Match(r"^mdi:[a-z0-9-]+$")
STATE_ICONS = {str: ICON}
ICONS_SCHEMA = vol.Schema(
    {
        vol.Required("entity"): {
            vol.In(list(Platform)): {
                str: {
                    vol.Optional("default"): ICON,
                    vol.Optional("state"): STATE_ICONS,
                    vol.Optional("state_attributes"): {
                        str: {
                            vol.Optional("default"): ICON,
                            vol.Optional("state"): STATE_ICONS,
                        }
                    },
                }
            }
        },
        vol.Required("services"): {str: {vol.Required("service"): ICON}},
    }
)


def test_icons() -> None:
    """Icons are where Home Assistant looks for them, and in its set."""
    ICONS_SCHEMA(ICONS)
    listed = hass_frontend.where() / "static" / "mdi" / "iconList.json"
    known = {f"mdi:{icon['name']}" for icon in json.loads(listed.read_text("utf-8"))}
    assert {icon for _, icon in flat(ICONS)} <= known


def test_a_state_has_another_icon_than_the_default() -> None:
    """What is the same need not be said, and hassfest refuses it."""
    for platform in ICONS["entity"].values():
        for key, entity in platform.items():
            states = entity.get("state", {}).values()
            assert entity.get("default") not in states, key


def test_icons_are_for_entities_that_there_are() -> None:
    """Each has a name, in the same place."""
    for platform, entities in ICONS["entity"].items():
        assert set(entities) <= set(ENGLISH["entity"].get(platform, {})) | {"output"}


# --- brand

SIDES = {"": 1, "@2x": 2}


@pytest.mark.parametrize("theme", ["", "dark_"])
@pytest.mark.parametrize(("suffix", "factor"), SIDES.items())
def test_brand(theme: str, suffix: str, factor: int) -> None:
    """Icons are square, logos lie; each is a trimmed PNG with a transparent ground."""
    with Image.open(BRAND / f"{theme}icon{suffix}.png") as icon:
        assert icon.format == "PNG"
        assert icon.size == (256 * factor, 256 * factor)
        assert icon.mode == "RGBA"
    with Image.open(BRAND / f"{theme}logo{suffix}.png") as logo:
        assert logo.format == "PNG"
        assert logo.mode == "RGBA"
        assert logo.width > logo.height
        assert 128 * factor <= logo.height <= 256 * factor


@pytest.mark.parametrize("name", ["icon", "dark_icon", "logo", "dark_logo"])
def test_both_sizes_show_the_same(name: str) -> None:
    """The large image is the small one, twice as large."""
    with (
        Image.open(BRAND / f"{name}.png") as small,
        Image.open(BRAND / f"{name}@2x.png") as large,
    ):
        assert large.size == (small.width * 2, small.height * 2)


def test_nothing_else_is_among_the_images() -> None:
    """The names are fixed."""
    kinds = [f"{theme}{kind}" for theme in ("", "dark_") for kind in ("icon", "logo")]
    expected = {f"{kind}{suffix}.png" for kind in kinds for suffix in SIDES}
    assert {path.name for path in BRAND.iterdir()} == expected


# --- what runs and asks on GitHub

GITHUB = PROJECT / ".github"
# Published without major versions: the newest is what a repository is validated by.
UNVERSIONED = {"home-assistant/actions/hassfest@master", "hacs/action@main"}


@pytest.mark.parametrize("path", sorted(GITHUB.glob("workflows/*.yml")), ids=str)
def test_workflows(path: Path) -> None:
    """Actions are pinned by major version, and nothing may write unless it says so."""
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        for step in job.get("steps", []):
            action = step.get("uses")
            assert (
                action is None
                or action in UNVERSIONED
                or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", action)
            ), action


def test_the_workflow_tries_the_oldest_and_the_newest() -> None:
    """Of the versions that there are environments for."""
    matrix = read(GITHUB / "workflows" / "test.yml")["jobs"]["test"]["strategy"][
        "matrix"
    ]
    by_age = sorted(environments(), key=AwesomeVersion)
    assert matrix["home-assistant"] == [by_age[0], by_age[-1]]


ISSUE_FIELDS = {"checkboxes", "dropdown", "input", "markdown", "textarea"}


@pytest.mark.parametrize("name", ["bug", "feature", "panel"])
def test_issue_forms(name: str) -> None:
    """GitHub refuses a form without these, and shows nothing."""
    form = read(GITHUB / "ISSUE_TEMPLATE" / f"{name}.yml")
    assert form["name"]
    assert form["description"]
    ids = [field["id"] for field in form["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    for field in form["body"]:
        assert field["type"] in ISSUE_FIELDS
        assert field["attributes"].get("label") or field["type"] == "markdown"
