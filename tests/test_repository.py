"""What has to agree across the files of the repository, and what no other tool checks."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
import string
import tomllib
import warnings

import pytest

from custom_components.prodatakey import (
    binary_sensor,
    button,
    event,
    lock,
    move,
    panel_switches,
    pdk,
    sensor,
    switch,
)
from custom_components.prodatakey.account import get_service
from custom_components.prodatakey.entity import ProdatakeyEntityDescription
from custom_components.prodatakey.pdk.service import PDK_IO
from custom_components.prodatakey.pdk.v2 import node as v2_node
from custom_components.prodatakey.pdk.v2.client import CloudNodeClient

from .common import COMPONENT, PROJECT, TEXTS, Json
from .pdk.common import simulated_service

MANIFEST = json.loads((COMPONENT / "manifest.json").read_text("utf-8"))
PAGES = sorted([*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md")])
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def test_version_and_requirements() -> None:
    """The manifest, the project and the changelog say the same."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    assert MANIFEST["version"] == project["version"]
    assert MANIFEST["requirements"] == project["dependencies"]
    changelog = (PROJECT / "CHANGELOG.md").read_text("utf-8")
    assert f"\n## [{MANIFEST['version']}] - " in changelog


def test_oldest_home_assistant() -> None:
    """HACS requires the oldest version that is tested, and the README names it."""
    oldest = json.loads((PROJECT / "hacs.json").read_text("utf-8"))["homeassistant"]
    assert f" {oldest})" in (PROJECT / "scripts" / "versions").read_text("utf-8")
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert f"Home Assistant {oldest.removesuffix('.0')} or newer" in readme


def anchor(heading: str) -> str:
    """Return what a heading is called in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """Links inside the repository lead to files and headings, commands to scripts."""
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https://|mailto:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        assert target.exists(), link
        if heading:
            headings = HEADING.findall(target.read_text("utf-8"))
            assert heading in map(anchor, headings), link
    for command in re.findall(r"(?<![\w/])scripts/[a-z0-9]+\b", text):
        assert (PROJECT / command).exists(), command


def placeholders(texts: Json, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield the key of each text with the placeholders in it."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from placeholders(value, f"{prefix}{key}.")
        else:
            fields = string.Formatter().parse(value)
            yield f"{prefix}{key}", {name for _, name, _, _ in fields if name}


def test_languages() -> None:
    """A language has no text that English lacks, and the same placeholders in each.

    Home Assistant shows the English text where a language lacks one: a warning lists these.
    """
    files = {path.stem: path for path in (COMPONENT / "translations").iterdir()}
    assert files.keys() == {"en", "de", "es", "fr", "it", "nl", "pt-BR"}
    english = dict(placeholders(TEXTS))
    for language, path in files.items():
        texts = dict(placeholders(json.loads(path.read_text("utf-8"))))
        assert texts.items() <= english.items(), language
        if waiting := sorted(english.keys() - texts.keys()):
            warnings.warn(f"{language} lacks {', '.join(waiting)}", stacklevel=1)


# What the parser has cleaned, what users have named, and what is ours.
UNQUOTED = re.compile(
    r"(.+\.)?(name|__name__|title)|reason|trace|message|topic|err|event\.stage|CONF_\w+|.+!r.+"
)


def test_logged_texts_are_quoted() -> None:
    """Texts that may have line breaks are quoted in the lines of everybody's log."""
    levels = {f"_LOGGER.{each}" for each in ("info", "warning", "error", "exception")}
    checked = 0
    for path in COMPONENT.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call) or ast.unparse(call.func) not in levels:
                continue
            line, *arguments = call.args
            codes = re.findall(r"%[.\d]*([a-z])", ast.literal_eval(line))
            for code, argument in zip(codes, arguments, strict=True):
                checked += 1
                text = ast.unparse(argument)
                assert code != "s" or UNQUOTED.fullmatch(text), (path.name, text)
    assert checked > 10


def test_public_names_of_pdk() -> None:
    """The integration imports only public names of `pdk/`, and its parser of JSON."""
    imports = [
        node
        for path in COMPONENT.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pdk")
    ]
    assert {node.module for node in imports} == {"pdk", "pdk.parser"}
    public = [node for node in imports if node.module == "pdk"]
    assert {alias.name for node in public for alias in node.names} == {*pdk.__all__}


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another service takes the place of pdk.io by the environment, read in one place."""
    reading = [
        path.name
        for path in COMPONENT.rglob("*.py")
        if "environ" in path.read_text("utf-8")
    ]
    assert reading == ["account.py"]
    monkeypatch.delenv("PDK_ACCOUNTS_URL", raising=False)
    assert get_service() is PDK_IO
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:9/")
    assert get_service() == simulated_service("http://127.0.0.1:9")


def test_choice_between_generations() -> None:
    """Outside of the generations and the file that chooses, no code asks for the generation."""
    asks = re.compile(
        r"system_id (is|==|!=) |if [\w.]*system_id\b|isinstance\(.*(CloudNode|Panel(Client|Stream))"
    )
    pdk_folder = COMPONENT / "pdk"
    chooses = {pdk_folder / "generations.py", *pdk_folder.glob("v?/*.py")}
    for path in set(COMPONENT.rglob("*.py")) - chooses:
        assert not asks.search(path.read_text("utf-8")), path.name


def _rows(table: object) -> list[ProdatakeyEntityDescription]:
    """Return the rows of a table, or the only one."""
    if isinstance(table, dict):
        table = tuple(table.values())
    rows = table if isinstance(table, tuple) else (table,)
    return [row for row in rows if isinstance(row, ProdatakeyEntityDescription)]


def test_features() -> None:
    """Rows of tables say which feature they need: a move knows all, and PDK 2.0 the rest."""
    platforms = (binary_sensor, button, event, lock, panel_switches, sensor, switch)
    needing = {
        row.key: row.feature
        for platform in platforms
        for table in vars(platform).values()
        for row in _rows(table)
        if row.feature
    }
    assert needing == {key: each for key, each in move._FEATURES.items() if each}
    for row in button.BUTTONS:
        has_command = type(row.command(1)) in v2_node._ACTIONS
        assert (row.feature in {None, *CloudNodeClient.features}) is has_command
