"""The accounts service."""

import base64
import json

import aiohttp

from tests.common import PANEL

from .wire import Wire


async def test_credentials_give_an_id_token(wire: Wire) -> None:
    """Credentials give a JWT of five minutes; wrong ones give none.

    An expired token gives nothing.
    """
    status, headers, body = await wire.log_in()
    assert status == 200
    assert list(body) == ["token_type", "access_token", "id_token", "expires_in"]
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    payload = body["id_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 300
    assert headers["X-RateLimit-Limit"] == "10"
    for wrong in (aiohttp.encode_basic_auth("demo", "x"), "Basic ?", "Bearer demo"):
        assert (await wire.log_in(wrong))[0] == 401
    await wire.pdk.faults(id_token_lifetime=0)
    assert (await wire.accounts("GET", "ous/mine"))[0] == 401


async def test_panels_are_found_in_the_tree(wire: Wire) -> None:
    """The tree starts at `mine` and continues with its children."""
    _, _, root = await wire.accounts("GET", "ous/mine")
    assert list(root) == ["id", "name", "panels", "children"]
    url = wire.pdk.panel_url(PANEL)
    assert root["panels"] == [{"id": PANEL, "name": "Headquarters", "uri": url}]
    _, _, child = await wire.accounts("GET", f"ous/{root['children'][0]['id']}")
    assert [each["id"] for each in child["panels"]] == ["2080DEF"]
    assert (await wire.accounts("GET", "ous/99"))[0] == 404
    _, _, panel = await wire.accounts("GET", "panels/2080DEF")
    assert list(panel) == ["id", "name", "ouId", "online", "uri", "registeredDate"]
    assert (panel["ouId"], panel["online"]) == (2, True)


async def test_rate_limits(wire: Wire) -> None:
    """More requests than a second allows are answered with 429, also at panels."""
    await wire.pdk.faults(rate_limit=True)
    answers = [await wire.log_in() for _ in range(25)]
    rejected = [headers for status, headers, _ in answers if status == 429]
    assert (await wire.pdk.requests())["limited"] == len(rejected) > 0
    assert rejected[0]["X-RateLimit-Limit"] == "10"
    assert rejected[0]["X-RateLimit-Remaining"] == "0"
    assert int(rejected[0]["X-RateLimit-Reset"]) > 0
    await wire.pdk.faults(rate_limit={"requests": 0})
    assert (await wire.devices(token="any"))[0] == 429
