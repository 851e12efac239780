"""A panel's REST: its doors, and the token for it."""

import zlib

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import orjson
import pytest

from custom_components.prodatakey.pdk.errors import CannotConnectError
from custom_components.prodatakey.pdk.v1.client import PanelClient
from tests.simulator_process import PANEL, SimulatedPdk
from tests.waiting import wait_until

from .common import LocalTokens, panel_client, simulated_panel_client
from .test_doors import DEVICE


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


@pytest.mark.parametrize(
    "headers", [{}, {"X-Total-Count": "many"}, {"X-Total-Count": "-1"}]
)
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
    """Test that half of a list is an error: it would look like removed doors."""
    page = {"body": [{"id": 1}], "headers": {"X-Total-Count": "2"}, "count": 1}
    await simulator.faults(PANEL, devices=page)
    await simulator.faults(devices={"status": 500})
    with pytest.raises(CannotConnectError):
        await client.get_doors()


async def test_size_of_an_answer(session: aiohttp.ClientSession) -> None:
    """Test 900 doors in one answer, and answers that unpack to more than any list has."""
    bomb = zlib.compressobj(wbits=31)
    packed = b"".join(bomb.compress(b" " * 2**20) for _ in range(16))
    answers = {
        "900": orjson.dumps([{**DEVICE, "id": number} for number in range(900)]),
        "bomb": packed + bomb.flush(),
        "list": b"[" + b"{}," * 200_000 + b"{}]",
        "nested": b"[" * 1_000_000,
        "surrogates": b'["' + b"\\ud83d" * 300_000 + b'"]',
    }

    async def answer(request: web.Request) -> web.Response:
        name = request.path.split("/")[1]
        gzip = {"Content-Encoding": "gzip"} if name == "bomb" else None
        return web.Response(body=answers[name], headers=gzip)

    app = web.Application()
    app.router.add_get("/{name}/api/devices", answer)
    async with TestServer(app) as server:
        url = f"http://{server.host}:{server.port}"
        for name in answers:
            client = panel_client(session, LocalTokens(session), f"{url}/{name}/")
            if name == "900":
                assert len(await client.get_doors()) == 900
                continue
            with pytest.raises(CannotConnectError) as raised:
                await client.get_doors()
            expected = "too large" if name == "bomb" else "not JSON"
            assert str(raised.value).endswith(expected)


async def test_rejected_token_is_not_used_again(
    client: PanelClient, simulator: SimulatedPdk
) -> None:
    """Test that a rejected token is not used again, although no other could be had."""
    await client.get_token()
    once = {"count": 1}
    await simulator.faults(
        PANEL, devices={"status": 401} | once, panel_token={"status": 503} | once
    )
    with pytest.raises(CannotConnectError):
        await client.get_doors()
    assert client.token is None


@pytest.mark.parametrize("rejections", [1, 2])
async def test_token_is_rejected(
    client: PanelClient, simulator: SimulatedPdk, rejections: int
) -> None:
    """Test that a rejected token is replaced once; after two the panel is at fault."""
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
    """Test that REST and stream share a fresh token, but no forgotten one."""
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
