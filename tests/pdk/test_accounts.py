"""The accounts service: whom it knows, what it refuses and how it fails."""

import asyncio
import base64
from typing import Any

import aiohttp
import pytest

from custom_components.prodatakey.pdk import rest
from custom_components.prodatakey.pdk.accounts import ACCOUNTS_URL, Accounts, Panel
from custom_components.prodatakey.pdk.errors import (
    CannotConnectError,
    InvalidAuthError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
)
from custom_components.prodatakey.pdk.rest import Reply
from tests.simulator_process import SimulatedPdk

from .common import CLIENT_ID, CLIENT_SECRET, PANEL, wait_for

NO_ANSWER: list[dict[str, Any]] = [
    {"status": 500},
    {"status": 503, "body": "html"},
    {"status": 302, "headers": {"Location": "/elsewhere"}},
    {"status": 200, "body": "html"},
    {"status": 200, "body": "truncated"},
    {"status": 200, "body": "empty"},
    {"abort": True},
    {"hang": True},
]
_FAULT_NAMES = [" ".join(str(each) for each in fault.values()) for fault in NO_ANSWER]


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a service that hangs be given up soon."""
    monkeypatch.setattr(rest, "TIMEOUT", aiohttp.ClientTimeout(total=0.3))


async def _outcomes(accounts: Accounts, count: int) -> list[object]:
    asking = (accounts.panel(PANEL) for _ in range(count))
    return await asyncio.gather(*asking, return_exceptions=True)


async def test_panels_of_the_whole_tree(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """An integrator's panels are in branches of branches; PDK 2.0 is left out."""
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
    assert await accounts.panels() == [
        Panel(id="1", name="Root", uri=simulator.panel_url("1")),
        Panel(id="2", name="Branch", uri=simulator.panel_url("2")),
        Panel(id="3", name="3", uri=simulator.panel_url("3")),
    ]
    assert (await simulator.requests())["ous"] == 3


async def test_tree_that_bites_its_tail(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """A loop in the tree does not hang the set-up."""
    loop = {"id": 1, "panels": None, "children": [{"id": 1}, {"id": "1"}, 5, {}]}
    await simulator.faults(ous={"body": loop})
    assert await accounts.panels() == []
    assert (await simulator.requests())["ous"] == 2


@pytest.mark.parametrize(
    ("uri", "trusted"),
    [
        ("https://panel-1070ABC.pdk.io/", True),
        ("https://panel-1070ABC.pdk.io", True),
        ("http://panel-1070ABC.pdk.io/", False),
        ("https://pdk.io.example.com/", False),
        ("https://panel-pdk.io/", False),
        ("https://panel.pdk.io@example.com/", False),
        ("https://[", False),
        ("http://127.0.0.1:8701/", False),
        ("", False),
    ],
)
async def test_panel_token_goes_to_pdk_io_only(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    trusted: bool,
) -> None:
    """A panel with an address elsewhere is left out, whoever put it there."""

    async def request(_session: object, _method: str, url: str, **_: object) -> Reply:
        assert url.startswith(f"{ACCOUNTS_URL}/")
        panel = {"id": PANEL, "name": "Headquarters", "uri": uri}
        body = {"id_token": "x"} if "oauth2" in url else panel | {"panels": [panel]}
        return Reply(body=body, headers={})

    monkeypatch.setattr("custom_components.prodatakey.pdk.accounts.request", request)
    accounts = Accounts(session, CLIENT_ID, CLIENT_SECRET)
    panels = await accounts.panels()
    if trusted:
        assert [panel.uri for panel in panels] == ["https://panel-1070ABC.pdk.io/"]
        assert await accounts.panel(PANEL) == panels[0]
    else:
        assert panels == []
        with pytest.raises(CannotConnectError):
            await accounts.panel(PANEL)


async def test_other_accounts_service_may_have_panels_anywhere(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """Who overrides the address of the accounts service means its panels too."""
    panel = await accounts.panel(PANEL)
    assert panel.uri == simulator.panel_url(PANEL)
    assert panel.uri.startswith("http://127.0.0.1:")


async def test_credentials_are_sent_as_documented(
    accounts: Accounts, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTTP Basic and a form, exactly."""
    sent: list[dict[str, Any]] = []

    async def request(*arguments: object, **options: Any) -> Reply:
        sent.append(options | {"way": arguments[1:]})
        raise CannotConnectError

    monkeypatch.setattr("custom_components.prodatakey.pdk.accounts.request", request)
    with pytest.raises(CannotConnectError):
        await Accounts(session, "a", "b:ü").panels()
    assert sent[0]["way"] == ("POST", f"{ACCOUNTS_URL}/oauth2/token")
    basic = base64.b64encode("a:b:ü".encode()).decode()
    assert sent[0]["authorization"] == f"Basic {basic}"
    assert sent[0]["form"] == {"grant_type": "client_credentials"}


@pytest.mark.parametrize("status", [400, 401])
async def test_bad_credentials(
    accounts: Accounts, simulator: SimulatedPdk, status: int
) -> None:
    """400 and 401 at the token's address mean the credentials."""
    await simulator.faults(token={"status": status})
    with pytest.raises(InvalidAuthError):
        await accounts.panels()


async def test_wrong_secret(
    session: aiohttp.ClientSession, simulator: SimulatedPdk
) -> None:
    """A user mistypes; the error does not repeat it."""
    accounts = Accounts(session, CLIENT_ID, "mistyped", simulator.accounts_url)
    with pytest.raises(InvalidAuthError) as raised:
        await accounts.panels()
    assert "mistyped" not in repr(raised.value)


@pytest.mark.parametrize("status", [403, 404])
async def test_panel_out_of_reach(
    accounts: Accounts, simulator: SimulatedPdk, status: int
) -> None:
    """The permission was withdrawn, or the panel is gone."""
    await simulator.faults(panel_token={"status": status})
    with pytest.raises(PermissionMissingError):
        await accounts.panel_token(PANEL)


async def test_panel_that_nobody_knows(accounts: Accounts) -> None:
    """A serial number mistyped, even into a path."""
    for panel_id in ("9999XYZ", "../../control", f"{PANEL}/token"):
        with pytest.raises(PermissionMissingError):
            await accounts.panel(panel_id)


@pytest.mark.parametrize("kind", ["token", "ous", "panel_token"])
@pytest.mark.parametrize("fault", NO_ANSWER, ids=_FAULT_NAMES)
async def test_no_answer(
    accounts: Accounts,
    simulator: SimulatedPdk,
    short_timeout: None,
    kind: str,
    fault: dict[str, Any],
) -> None:
    """Whatever a service in trouble sends, it is 'try again later', and then works."""
    await simulator.faults(None, **{kind: fault})

    async def ask() -> object:
        if kind == "ous":
            return await accounts.panels()
        return await accounts.panel_token(PANEL)

    with pytest.raises(CannotConnectError):
        await ask()
    await simulator.faults(None, **{kind: None})
    assert await ask()


async def test_service_that_is_not_there(session: aiohttp.ClientSession) -> None:
    """Connection refused."""
    with pytest.raises(CannotConnectError, match="ClientConnectorError"):
        await Accounts(session, "a", "b", "http://127.0.0.1:9").panels()


@pytest.mark.parametrize("kind", ["token", "ous"])
async def test_waits_as_long_as_the_service_asks(
    accounts: Accounts, simulator: SimulatedPdk, kind: str
) -> None:
    """After a 429 nothing is sent before the reset, not even for another panel."""
    reset = {"X-RateLimit-Reset": "0"}
    await simulator.faults(
        None, **{kind: {"status": 429, "headers": reset, "count": 1}}
    )
    with pytest.raises(RateLimitedError) as raised:
        await accounts.panels()
    assert raised.value.retry_after == 1.0
    asked = await simulator.requests()
    outcomes = await _outcomes(accounts, 5)
    assert all(isinstance(outcome, RateLimitedError) for outcome in outcomes)
    assert await simulator.requests() == asked
    loop = asyncio.get_running_loop()
    began = loop.time()
    await wait_for(lambda: loop.time() > began + raised.value.retry_after)
    assert await accounts.panels()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Reset": "1000007", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 7),
        ({"X-RateLimit-Reset": "999000", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 1),
        ({"X-RateLimit-Reset": "9e9", "Date": "Mon, 12 Jan 1970 13:46:40 GMT"}, 300),
        ({"X-RateLimit-Reset": "9e9", "Date": "yesterday"}, 300),
        ({"X-RateLimit-Reset": "9e9"}, 300),
        ({"X-RateLimit-Reset": "inf"}, 300),
        ({"X-RateLimit-Reset": "nan"}, 1),
        ({"X-RateLimit-Reset": "soon"}, 1),
        ({}, 1),
    ],
)
def test_reset_by_the_servers_clock(headers: dict[str, str], seconds: float) -> None:
    """A wrong clock, on either side, must not silence the integration for hours."""
    assert rest._seconds_until_reset(headers) == seconds


async def test_twenty_callers_share_one_id_token(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """Home Assistant starts with twenty panels of one account."""
    outcomes = await _outcomes(accounts, 20)
    assert all(isinstance(outcome, Panel) for outcome in outcomes)
    assert (await simulator.requests())["token"] == 1


@pytest.mark.parametrize(
    ("status", "error"), [(401, InvalidAuthError), (500, CannotConnectError)]
)
async def test_twenty_callers_share_one_failure(
    accounts: Accounts, simulator: SimulatedPdk, status: int, error: type[PdkError]
) -> None:
    """Wrong credentials are not tried twenty times; the next call tries anew."""
    await simulator.faults(token={"status": status, "delay": 0.1, "count": 1})
    outcomes = await _outcomes(accounts, 20)
    assert {type(outcome) for outcome in outcomes} == {error}
    assert (await simulator.requests())["token"] == 1
    assert await accounts.panels()


async def test_first_of_many_callers_is_cancelled(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """The one who was to renew the token for all leaves: another takes over."""
    await simulator.faults(token={"delay": 0.2, "count": 1})
    asking = [asyncio.create_task(accounts.panel(PANEL)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    await asyncio.wait(asking)
    assert [task.cancelled() for task in asking] == [True, False, False]
    assert all(task.result().id == PANEL for task in asking[1:])


async def test_expired_id_token_is_renewed_once(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """Twenty requests find the token expired; one new token serves them all."""
    await accounts.panels()
    before = await simulator.requests()
    await simulator.reset()  # the service forgets every token that it ever gave
    outcomes = await _outcomes(accounts, 20)
    assert all(isinstance(outcome, Panel) for outcome in outcomes)
    assert before["token"] == (await simulator.requests())["token"] == 1


async def test_id_token_is_refused_for_good(
    accounts: Accounts, simulator: SimulatedPdk
) -> None:
    """A 401 with a new token is an answer: an old one is replaced once, and only once."""
    await simulator.faults(ous={"status": 401})
    for asked in ((1, 1), (2, 2)):
        with pytest.raises(InvalidAuthError):
            await accounts.panels()
        requests = await simulator.requests()
        assert (requests["token"], requests["ous"]) == asked
    await simulator.faults(ous=None)
    await accounts.panels()
    before = await simulator.requests()
    await simulator.faults(ous={"status": 401})
    with pytest.raises(InvalidAuthError):
        await accounts.panels()
    requests = await simulator.requests()
    assert requests["token"] == before["token"] + 1
    assert requests["ous"] == before["ous"] + 2
