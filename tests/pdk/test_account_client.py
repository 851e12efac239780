"""The accounts service: panels and tokens, and how it rejects and fails."""

import asyncio
import base64
import gc
from itertools import count
from typing import Any
import warnings

import aiohttp
import pytest

from custom_components.prodatakey.pdk.account import AccountClient
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from custom_components.prodatakey.pdk.generations import get_sites
from custom_components.prodatakey.pdk.http import Response, StatusErrors
from custom_components.prodatakey.pdk.models import PanelInfo
from custom_components.prodatakey.pdk.scrub import REDACTED
from custom_components.prodatakey.pdk.v1.client import get_panel
from tests.simulator_process import PANEL, SimulatedPdk

from .common import (
    PDK,
    account_client,
    get_panels,
    panel_client,
    set_constants,
    simulated_service,
)


async def _get_panel(accounts: AccountClient, times: int) -> list[object]:
    """Ask for a panel so many times at once."""
    requests = (get_panel(accounts, PANEL) for _ in range(times))
    return await asyncio.gather(*requests, return_exceptions=True)


async def test_panels_of_all_organisations(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """Test panels in nested organisations, without those of PDK 2.0."""
    await simulator.reset(
        {
            "ous": [
                {"name": "North"},
                {"name": "Far north", "parent": "North"},
                {"name": "New", "systemId": "ea5df7cb"},
            ],
            "panels": [
                {"id": "1", "name": "Root"},
                {"id": "2", "name": "Branch", "ou": "North"},
                {"id": "3", "name": "", "ou": "Far north"},
                {"id": "4", "name": "Moved on", "ou": "New"},
            ],
        }
    )
    assert await get_panels(accounts) == [
        PanelInfo(id="1", name="Root", uri=simulator.panel_url("1")),
        PanelInfo(id="2", name="Branch", uri=simulator.panel_url("2")),
        PanelInfo(id="3", name="3", uri=simulator.panel_url("3")),
    ]
    assert (await simulator.requests())["ous"] == 3
    # a loop among them does not hang the set-up
    loop = {"id": 1, "panels": None, "children": [{"id": 1}, {"id": "1"}, 5, {}]}
    await simulator.faults(ous={"body": loop})
    assert await get_panels(accounts) == []
    assert (await simulator.requests())["ous"] == 5


@pytest.mark.parametrize(
    ("uri", "trusted"),
    [
        ("https://1070abc.pdk.io/", True),
        ("https://1070abc.pdk.io", True),
        ("http://1070abc.pdk.io/", False),
        ("https://pdk.io.example.com/", False),
        ("https://panel-pdk.io/", False),
        ("https://panel.pdk.io@example.com/", False),
        ("https://[", False),
        ("http://127.0.0.1:8701/", False),
        ("", False),
    ],
)
async def test_panel_token_is_sent_to_pdk_io_only(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    trusted: bool,
) -> None:
    """Test that a foreign address is left out, and how credentials are sent."""
    sent: list[dict[str, Any]] = []

    async def request(_: object, method: str, url: str, **options: Any) -> Response:
        """Record a request to the real pdk.io in place of sending it."""
        sent.append(options | {"method": method, "url": url})
        panel = {"id": PANEL, "name": "Headquarters", "uri": uri}
        body = {"id_token": "x"} if "oauth2" in url else panel | {"panels": [panel]}
        return Response(body=body, size=0, headers={})

    monkeypatch.setattr(f"{PDK}.account.request", request)
    accounts = AccountClient(session, "a", "b:ü")
    panels = await get_panels(accounts)
    assert [panel.uri for panel in panels] == ["https://1070abc.pdk.io/"] * trusted
    if trusted:
        assert await get_panel(accounts, PANEL) == panels[0]
    else:
        with pytest.raises(CannotConnectError):
            await get_panel(accounts, PANEL)
    assert all(
        request["url"].startswith("https://accounts.pdk.io/") for request in sent
    )
    assert (sent[0]["method"], sent[0]["url"]) == (
        "POST",
        "https://accounts.pdk.io/oauth2/token",
    )
    basic = base64.b64encode("a:b:ü".encode()).decode()
    assert sent[0]["authorization"] == f"Basic {basic}"
    assert sent[0]["form"] == {"grant_type": "client_credentials"}


async def test_created_is_a_success(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """Test that HTTP 201 is a success: a token is created by a POST."""
    created = {"status": 201, "body": {"token": "created"}, "count": 1}
    await simulator.faults(PANEL, panel_token=created)
    client = panel_client(accounts.session, accounts, "http://127.0.0.1/")
    assert (await client.get_token()).value == "created"


@pytest.mark.parametrize(
    ("uri", "trusted"),
    [
        ("http://10.1.2.3:8701/1070ABC/", True),
        ("https://10.1.2.3/", True),
        ("http://10.1.2.4:8700/", False),
        ("http://1070abc.pdk.io/", False),
        ("ftp://10.1.2.3/", False),
        ("http://", False),
    ],
)
def test_simulated_service_is_trusted_alone(uri: str, trusted: bool) -> None:
    """Test that tokens go to no other host in place of pdk.io, and there without TLS."""
    assert simulated_service("http://10.1.2.3:8700").trusts(uri) is trusted


async def test_no_permission(accounts: AccountClient, simulator: SimulatedPdk) -> None:
    """Test unknown panels, a withdrawn permission and a panel that is gone."""
    for panel_id in ("9999XYZ", "../../control", f"{PANEL}/token"):
        with pytest.raises(PermissionMissingError):
            await get_panel(accounts, panel_id)
    for status in (403, 404):
        await simulator.faults(panel_token={"status": status})
        said = f"the credentials have no permission: HTTP {status}"
        with pytest.raises(PermissionMissingError, match=said):
            await accounts.get_token(f"/api/panels/{PANEL}/token")


async def test_redirect_is_not_followed(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """Test that a redirection is not followed: the token would be sent elsewhere."""
    headers = {"Location": f"{simulator.accounts_url}/api/ous/mine"}
    await simulator.faults(ous={"status": 302, "headers": headers, "count": 1})
    with pytest.raises(CannotConnectError):
        await get_panels(accounts)
    assert await get_panels(accounts)


@pytest.mark.parametrize("kind", ["token", "ous"])
async def test_rate_limit(
    accounts: AccountClient,
    simulator: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Test that nothing is sent before the reset, not even for another panel.

    A reset that is near is waited for.
    """
    set_constants(monkeypatch, max_wait=0, min_retry_after=0.5)
    reset = {"X-RateLimit-Reset": "0"}
    fault = {"status": 429, "headers": reset, "count": 1}
    await simulator.faults(None, **{kind: fault})
    with pytest.raises(RateLimitedError) as raised:
        await get_panels(accounts)
    assert raised.value.retry_after == 0.5
    requests = await simulator.requests()
    for outcome in await _get_panel(accounts, 5):
        assert isinstance(outcome, RateLimitedError)
    assert await simulator.requests() == requests
    set_constants(monkeypatch, max_wait=15)
    assert await get_panels(accounts)


@pytest.mark.parametrize(
    ("status", "error"), [(401, InvalidAuthError), (500, CannotConnectError)]
)
async def test_id_token_is_shared(
    accounts: AccountClient,
    simulator: SimulatedPdk,
    status: int,
    error: type[PdkError],
) -> None:
    """Test panels that share one ID token, or one failure to get it."""
    await simulator.faults(token={"status": status, "delay": 0.1, "count": 1})
    outcomes = await _get_panel(accounts, 5)
    assert {type(outcome) for outcome in outcomes} == {error}
    assert (await simulator.requests())["token"] == 1
    assert await get_panels(accounts)
    # the service forgets its tokens: one new ID token serves all
    await simulator.reset()
    assert {type(outcome) for outcome in await _get_panel(accounts, 5)} == {PanelInfo}
    assert (await simulator.requests())["token"] == 1


async def test_caller_that_renews_is_cancelled(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """Test that an ID token is renewed for all, although the first caller is cancelled."""
    await simulator.faults(token={"delay": 0.2, "count": 1})
    tasks = [asyncio.create_task(get_panel(accounts, PANEL)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.wait(tasks)
    assert [task.cancelled() for task in tasks] == [True, False, False]
    assert all(task.result().id == PANEL for task in tasks[1:])


async def test_new_id_token_is_rejected(
    accounts: AccountClient, simulator: SimulatedPdk
) -> None:
    """Test that an old ID token is replaced once, and a new one not at all."""

    async def requests() -> tuple[int, int]:
        counts = await simulator.requests()
        return counts["token"], counts["ous"]

    await simulator.faults(ous={"status": 401})
    for expected in ((1, 1), (2, 2)):
        with pytest.raises(InvalidAuthError):
            await get_panels(accounts)
        assert await requests() == expected
    await simulator.faults(ous=None)
    await get_panels(accounts)
    tokens, organisations = await requests()
    await simulator.faults(ous={"status": 401})
    with pytest.raises(InvalidAuthError):
        await get_panels(accounts)
    assert await requests() == (tokens + 1, organisations + 2)


async def test_rejected_credentials_end_the_listing(
    session: aiohttp.ClientSession, simulator: SimulatedPdk
) -> None:
    """Credentials that one generation rejects are not tried with the other."""
    wrong = account_client(session, simulator.accounts_url, "demo", "wrong")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(InvalidAuthError, match=r"^the credentials were rejected: "):
            await get_sites(wrong)
        gc.collect()
    assert not [str(each.message) for each in caught]


@pytest.mark.parametrize(
    "before",
    [
        pytest.param([401, 200, 500], id="stale token, renewed, then an outage"),
        pytest.param([401, 400, -10, 403], id="accepted, without permission"),
    ],
)
async def test_one_rejection_after_a_success_is_not_confirmed(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch, before: list[int]
) -> None:
    """Test that new credentials are not asked for after a single rejection."""
    now = 1000.0
    statuses = [200, 200]

    async def request(*_: object, status_errors: StatusErrors, **__: Any) -> Response:
        """Answer with the next status; a negative one lets seconds pass first."""
        nonlocal now
        if (status := statuses.pop(0)) < 0:
            now -= status
            status = statuses.pop(0)
        if status != 200:
            raise status_errors.get(status, CannotConnectError)(f"HTTP {status}")
        return Response(body={"id_token": f"id-token-{now}"}, headers={})

    monkeypatch.setattr(f"{PDK}.account.request", request)
    monkeypatch.setattr(f"{PDK}.account.time.monotonic", lambda: now)
    accounts = account_client(session, "http://localhost")
    await accounts.request("GET", "/")
    statuses += before
    while statuses:
        with pytest.raises(PdkError) as failed:
            await accounts.request("GET", "/")
        assert not getattr(failed.value, "confirmed", False)
    for seconds, confirmed in ((3600, False), (10, True)):
        now += seconds
        statuses.append(400)
        accounts._id_token = None
        with pytest.raises(InvalidAuthError) as rejected:
            await accounts.request("GET", "/")
        assert rejected.value.confirmed is confirmed


async def test_client_secret_is_removed_after_many_tokens(
    session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Test that the ID tokens, of which the last are kept, do not displace the secret."""
    made = count(1)

    async def request(*_: object, **__: object) -> Response:
        token = f"token-{next(made)}"
        return Response(body={"id_token": token, "token": token}, headers={})

    monkeypatch.setattr(f"{PDK}.account.AccountClient._send", request)
    accounts = account_client(session, "http://localhost", client_secret="hidden")
    client = panel_client(session, accounts, "http://localhost/")
    for _ in range(20):
        accounts._id_token = None
        await client.renew_token()
    assert client.scrub("hidden token-39") == f"{REDACTED} {REDACTED}"
