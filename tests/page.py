"""The Streaming API page's samples, and what a user may expect of each topic."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.prodatakey.const import DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir

from .common import PANEL, Json, state_of, wait_for_state, wait_until
from .simulator_process import SimulatedPdk

PAGE: dict[str, Json] = json.loads(
    (Path(__file__).parent / "pdk" / "samples.json").read_text(encoding="utf-8")
)
ADDRESS = "0013a200400a393b"


@dataclass(frozen=True, slots=True)
class Scene:
    """Home Assistant, the panel, and the action that is under way."""

    hass: HomeAssistant
    site: SimulatedPdk
    under_way: asyncio.Task[Any] | None = None

    async def answer(self) -> Any:
        """Return what becomes of the action."""
        assert self.under_way
        async with asyncio.timeout(5):
            return await self.under_way


# An action of Home Assistant, and its data.
type Act = tuple[str, Json]
type Expectation = Callable[[Scene], Awaitable[None]]


async def call(hass: HomeAssistant, action: str, data: Json) -> Any:
    """Call an action, and return its response if it has one."""
    domain, name = action.split(".")
    asks = "entity_id" not in data
    if asks:
        (entry,) = hass.config_entries.async_entries("prodatakey")
        data = {"config_entry_id": entry.entry_id, **data}
    return await hass.services.async_call(
        domain, name, data, blocking=True, return_response=asks
    )


def state(entity: str, expected: str, **attributes: Any) -> Expectation:
    """Expect a state, with some attributes."""

    async def check(scene: Scene) -> None:
        shown = await wait_for_state(scene.hass, entity, expected)
        assert attributes.items() <= shown.attributes.items()

    return check


def sensor(name: str, expected: str) -> Expectation:
    """Expect a state of a binary sensor of the door."""
    return state(f"binary_sensor.postman_test_{name}", expected)


def access(kind: str, *who_and_how: Any) -> Expectation:
    """Expect that somebody is told of at the reader."""
    keys = ("event_type", "person", "person_id", "request_factor", "explicit")
    entity_id = "event.postman_test_access"

    async def check(scene: Scene) -> None:
        await wait_until(lambda: state_of(scene.hass, entity_id).state != "unknown")
        told = state_of(scene.hass, entity_id).attributes
        assert [told[key] for key in keys] == [f"access_{kind}", *who_and_how]

    return check


def issue(key: str, **placeholders: str) -> Expectation:
    """Expect one repair, and no other."""

    async def check(scene: Scene) -> None:
        registry = ir.async_get(scene.hass)
        await wait_until(lambda: registry.issues)
        ((identity, found),) = registry.issues.items()
        assert identity == (DOMAIN, f"{key}_{PANEL}")
        expected = {"panel": "Headquarters", **placeholders}
        assert found.translation_placeholders == expected

    return check


def succeeds(then: Expectation) -> Expectation:
    """Expect that the action under way succeeds, and what is seen of it."""

    async def check(scene: Scene) -> None:
        await scene.answer()
        await then(scene)

    return check


def fails(reason: str) -> Expectation:
    """Expect that the action under way fails, in the panel's words."""

    async def check(scene: Scene) -> None:
        with pytest.raises(HomeAssistantError) as refused:
            await scene.answer()
        assert refused.value.translation_key == "command_refused"
        assert refused.value.translation_placeholders
        assert refused.value.translation_placeholders["reason"] == reason

    return check


def signal(db_gain: int) -> Expectation:
    """Expect that the question under way is answered."""

    async def check(scene: Scene) -> None:
        # the panel carries the question out as well as the endpoint answers it
        sample = PAGE["events"]["command.result.succeed"]
        await scene.site.emit(PANEL, "command.result.succeed", sample)
        (told,) = (await scene.answer())["endpoints"]
        assert (told["address"], told["db_gain"]) == (ADDRESS, db_gain)

    return check


async def no_change(scene: Scene) -> None:
    """Expect that nothing has changed once a later event has been taken."""
    await scene.site.emit(PANEL, "door.input.relay.on", {"body": {"doorId": 6}})
    await wait_for_state(scene.hass, "lock.side_door", "unlocked")
    assert ir.async_get(scene.hass).issues == {}
    assert state_of(scene.hass, "lock.postman_test").state == "unknown"


async def renewal(scene: Scene) -> None:
    """Expect that the panel gets a new token."""
    async with asyncio.timeout(5):
        while (await scene.site.requests())["renewed"] != 1:
            pass
