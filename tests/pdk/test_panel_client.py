"""A panel's REST: its doors, and the token for it."""

import aiohttp
import pytest

from custom_components.prodatakey.pdk.errors import CannotConnectError
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.common import PANEL, wait_until
from tests.simulator_process import SimulatedPdk

from .common import simulated_panel_client


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (100, 1), (101, 2), (250, 3)])
async def test_pages(
    session: aiohttp.ClientSession, simulator: SimulatedPdk, count: int, pages: int
) -> None:
    """Test that every door is read once, and no page for nothing."""
    doors = [{"id": number} for number in range(1, count + 1)]
    await simulator.reset({"panels": [{"id": PANEL, "doors": doors}]})
    client = await simulated_panel_client(session, simulator)
    assert {door.id for door in await client.get_doors()} == set(range(1, count + 1))
    assert (await simulator.requests())["devices"] == pages


@pytest.mark.parametrize("headers", [{}, {"X-Total-Count": "many"}])
async def test_page_is_ignored(
    client: PanelClient, simulator: SimulatedPdk, headers: dict[str, str]
) -> None:
    """Test a server that sends the same page again, and devices with odd ids."""
    body = [{"id": 1, "name": "A"}, {"id": "1", "name": "B"}, {"id": "side"}, None, 7]
    await simulator.faults(
        PANEL, devices={"body": [*body, {"name": "C"}], "headers": headers}
    )
    doors = await client.get_doors()
    assert [(door.id, door.name) for door in doors] == [(1, "B"), ("side", None)]
    assert (await simulator.requests())["devices"] == 2


async def test_later_page_fails(client: PanelClient, simulator: SimulatedPdk) -> None:
    """Test that half a list does not look like removed doors."""
    page = {"body": [{"id": 1}], "headers": {"X-Total-Count": "2"}, "count": 1}
    await simulator.faults(PANEL, devices=page)
    await simulator.faults(devices={"status": 500})
    with pytest.raises(CannotConnectError):
        await client.get_doors()


@pytest.mark.parametrize("rejections", [1, 2])
async def test_token_is_rejected(
    client: PanelClient, simulator: SimulatedPdk, rejections: int
) -> None:
    """Test one new token for a rejected one; after two the panel is at fault."""
    await client.get_token()
    await simulator.faults(PANEL, devices={"status": 401, "count": rejections})
    if rejections == 1:
        assert len(await client.get_doors()) == 7
    else:
        with pytest.raises(CannotConnectError):
            await client.get_doors()
    requests = await simulator.requests()
    assert (requests["panel_token"], requests["devices"]) == (2, 2)


async def test_token_is_used_again(
    client: PanelClient, simulator: SimulatedPdk
) -> None:
    """Test that REST and stream share a fresh token, and a forgotten one is not used."""
    first = await client.get_token()
    await client.get_doors()
    assert await client.get_token() is first
    assert first.value not in repr(first)
    client.discard_token()
    await simulator.faults(PANEL, panel_token_lifetime=0.001)
    second = await client.get_token()
    await wait_until(lambda: second.has_expired)
    third = await client.get_token()
    assert len({token.value for token in (first, second, third)}) == 3
    assert (await simulator.requests())["panel_token"] == 3


@pytest.mark.parametrize("body", [{}, {"token": None}, {"token": ""}, [], "text"])
async def test_answer_without_a_token(
    client: PanelClient, simulator: SimulatedPdk, body: object
) -> None:
    """Test answers that have no token."""
    await simulator.faults(PANEL, panel_token={"body": body})
    with pytest.raises(CannotConnectError, match=r"has no token|not JSON"):
        await client.get_token()
