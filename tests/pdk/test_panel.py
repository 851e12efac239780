"""A panel's REST: its doors, and the token that opens it."""

from typing import Any

import aiohttp
import pytest

from custom_components.prodatakey.pdk import rest
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from custom_components.prodatakey.pdk.panel import PanelAccess
from tests.simulator_process import SimulatedPdk

from .common import PANEL, wait_for


async def test_doors_of_the_panel(access: PanelAccess) -> None:
    """The built-in site."""
    doors = await access.doors()
    assert [(door.id, door.name) for door in doors] == [
        (1, "Front door"),
        (2, "Garage"),
        (3, "Server room"),
        (4, "Meeting room"),
        (5, "Warehouse gate"),
        (6, "Ventilation"),
        (7, "Front door, inside"),
    ]
    assert doors[0].has_dps and doors[0].has_rex
    assert doors[6].primary_reader == 1


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (100, 1), (101, 2), (250, 3)])
async def test_doors_page_by_page(
    access: PanelAccess, simulator: SimulatedPdk, count: int, pages: int
) -> None:
    """A large site: every door once, and no page asked for in vain."""
    for door in range(8, count + 1):
        await simulator.control("POST", f"panels/{PANEL}/doors", {"id": door})
    for door in range(count + 1, 8):
        await simulator.control("DELETE", f"panels/{PANEL}/doors/{door}")
    doors = await access.doors()
    assert sorted(door.id for door in doors if isinstance(door.id, int)) == list(
        range(1, count + 1)
    )
    assert (await simulator.requests())["devices"] == pages


@pytest.mark.parametrize("total", [{}, {"X-Total-Count": "many"}])
async def test_server_that_ignores_the_page(
    access: PanelAccess, simulator: SimulatedPdk, total: dict[str, str]
) -> None:
    """The same page again and again ends the asking."""
    body = [{"id": 1}, {"id": "2"}, {"id": "side"}]
    await simulator.faults(PANEL, devices={"body": body, "headers": total})
    assert [door.id for door in await access.doors()] == [1, 2, "side"]
    assert (await simulator.requests())["devices"] == 2


async def test_ids_as_numbers_and_strings_are_one_door(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """A device without a usable id is left out, the others stay."""
    body = [{"id": 1, "name": "A"}, {"id": "1", "name": "B"}, {"name": "C"}, None, 7]
    await simulator.faults(PANEL, devices={"body": body})
    assert [(door.id, door.name) for door in await access.doors()] == [(1, "B")]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 403}, PermissionMissingError),
        ({"status": 429}, RateLimitedError),
        ({"status": 404}, CannotConnectError),
        ({"status": 500, "body": "html"}, CannotConnectError),
        ({"body": "truncated"}, CannotConnectError),
        ({"body": "empty"}, CannotConnectError),
        ({"body": {"devices": []}}, CannotConnectError),
        ({"abort": True}, CannotConnectError),
        ({"hang": True}, CannotConnectError),
    ],
    ids=str,
)
async def test_panel_in_trouble(
    access: PanelAccess,
    simulator: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: type[PdkError],
) -> None:
    """Each failure is told as what can be done about it, and passes."""
    monkeypatch.setattr(rest, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))
    await simulator.faults(PANEL, devices=fault)
    with pytest.raises(error) as raised:
        await access.doors()
    assert type(raised.value) is error
    await simulator.faults(PANEL, devices=None)
    assert len(await access.doors()) == 7


async def test_trouble_on_a_later_page(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """Half a list must not look like doors that were removed."""
    page = {"body": [{"id": 1}], "headers": {"X-Total-Count": "2"}, "count": 1}
    await simulator.faults(PANEL, devices=page)
    await simulator.faults(devices={"status": 500})
    with pytest.raises(CannotConnectError):
        await access.doors()


async def test_stale_panel_token_is_renewed_once(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """The panel forgot the token, by a restart say."""
    await access.token()
    await simulator.faults(PANEL, devices={"status": 401, "count": 1})
    assert len(await access.doors()) == 7
    requests = await simulator.requests()
    assert (requests["panel_token"], requests["devices"]) == (2, 2)


async def test_panel_refuses_every_token(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """A new token that is refused too is the panel's trouble, not the credentials'."""
    await simulator.faults(PANEL, devices={"status": 401})
    with pytest.raises(CannotConnectError):
        await access.doors()
    assert (await simulator.requests())["devices"] == 2


async def test_one_token_serves_rest_and_stream(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """A fresh token is used again, a forgotten one never."""
    first = await access.token()
    await access.doors()
    assert await access.token() is first
    access.forget_token()
    assert (await access.token()).value != first.value
    assert (await simulator.requests())["panel_token"] == 2


async def test_token_that_is_not_fresh_is_not_used(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """A connection begins with most of a token's life ahead."""
    await simulator.faults(PANEL, panel_token_lifetime=0.001)
    first = await access.token()
    await wait_for(lambda: first.has_expired)
    assert (await access.token()).value != first.value


async def test_answer_without_a_token(
    access: PanelAccess, simulator: SimulatedPdk
) -> None:
    """Nothing to go on with."""
    bodies: list[object] = [{}, {"token": None}, {"token": ""}, [], "text"]
    for body in bodies:
        await simulator.faults(PANEL, panel_token={"body": body})
        with pytest.raises(CannotConnectError, match=r"has no token|not JSON"):
            await access.token()


async def test_tokens_are_not_shown(access: PanelAccess) -> None:
    """Neither a repr in a log nor one in a failed test."""
    token = await access.token()
    assert token.value not in repr(token)
