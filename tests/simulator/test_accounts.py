"""The accounts service."""

import base64
import json
from typing import Any

import aiohttp
import pytest

from tests.simulator_process import SimulatedPdk

from .wire import PANEL, Wire


async def test_token(simulator: SimulatedPdk, wire: Wire) -> None:
    """Credentials give a JWT of five minutes."""
    status, headers, body = await wire.request(
        "POST",
        f"{simulator.accounts_url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": aiohttp.encode_basic_auth("demo", "demo-secret")},
    )
    assert status == 200
    assert list(body) == ["token_type", "access_token", "id_token", "expires_in"]
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 300)
    claims = _claims(body["id_token"])
    assert claims["exp"] - claims["iat"] == 300
    assert headers["X-RateLimit-Limit"] == "10"
    assert int(headers["X-RateLimit-Reset"]) >= claims["iat"]


@pytest.mark.parametrize(
    "authorization",
    [
        aiohttp.encode_basic_auth("demo", "wrong"),
        aiohttp.encode_basic_auth("nobody", "demo-secret"),
        "Basic ?",
        "Bearer demo",
        "",
    ],
)
async def test_bad_credentials(
    simulator: SimulatedPdk, wire: Wire, authorization: str
) -> None:
    """Anything else does not."""
    status, _, _ = await wire.request(
        "POST",
        f"{simulator.accounts_url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        headers={"Authorization": authorization},
    )
    assert status == 401


async def test_tree(simulator: SimulatedPdk, wire: Wire) -> None:
    """The tree is walked from `mine` down."""
    _, _, root = await wire.accounts("GET", "ous/mine")
    assert list(root) == ["id", "name", "panels", "children"]
    url = simulator.panel_url(PANEL)
    assert root["panels"] == [{"id": PANEL, "name": "Headquarters", "uri": url}]
    _, _, child = await wire.accounts("GET", f"ous/{root['children'][0]['id']}")
    assert [each["id"] for each in child["panels"]] == ["2080DEF"]
    status, _, _ = await wire.accounts("GET", "ous/99")
    assert status == 404


async def test_panel(wire: Wire) -> None:
    """A panel tells its address and its unit."""
    _, _, panel = await wire.accounts("GET", "panels/2080DEF")
    assert list(panel) == ["id", "name", "ouId", "online", "uri", "registeredDate"]
    assert (panel["ouId"], panel["online"]) == (2, True)


async def test_permission(simulator: SimulatedPdk, wire: Wire) -> None:
    """An application lists all panels, but only gets tokens of some."""
    application = {"client_id": "demo", "client_secret": "demo-secret"}
    await simulator.reset(
        {
            "applications": [application | {"panels": ["A1"]}],
            "panels": [{"id": "A1"}, {"id": "B2"}],
        }
    )
    _, _, root = await wire.accounts("GET", "ous/mine")
    assert [each["id"] for each in root["panels"]] == ["A1", "B2"]
    for panel, expected in (("A1", 200), ("B2", 403), ("C3", 404)):
        status, _, _ = await wire.accounts("POST", f"panels/{panel}/token")
        assert status == expected


async def test_id_token_ends(simulator: SimulatedPdk, wire: Wire) -> None:
    """An ID token that has ended is refused."""
    await simulator.faults(id_token_lifetime=0)
    status, _, _ = await wire.accounts("GET", "ous/mine")
    assert status == 401


async def test_rate_limit(simulator: SimulatedPdk, wire: Wire) -> None:
    """Limits are kept to once they are switched on."""
    await simulator.faults(rate_limit={"requests": 0})
    status, headers, _ = await wire.accounts("GET", "ous/mine")
    assert status == 429
    assert headers["X-RateLimit-Remaining"] == "0"
    assert int(headers["X-RateLimit-Reset"]) > 0


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    padding = "=" * (-len(payload) % 4)
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + padding))
    return claims
