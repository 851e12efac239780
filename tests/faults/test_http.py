"""pdk.io answers, but not with what was asked for: each wrong answer in each phase."""

import pytest

from tests.simulator_process import Json

from . import phases
from .figures import Record
from .phases import Fault
from .site import Site

ANSWERS: dict[str, Json] = {
    "HTTP 400": {"status": 400},
    "HTTP 401": {"status": 401},
    "HTTP 403": {"status": 403},
    "HTTP 404": {"status": 404},
    "HTTP 429": {"status": 429},
    "HTTP 500": {"status": 500},
    "HTTP 502": {"status": 502, "body": "html"},
    "HTML page": {"status": 200, "body": "html"},
    "truncated JSON": {"status": 200, "body": "truncated"},
}
OTHERS = ("HTTP 500", "HTTP 502", "HTML page", "truncated JSON")

# What a user is told, where that is more than that pdk.io cannot be reached.
OF_TOKEN = {
    "HTTP 400": "invalid_auth",
    "HTTP 401": "invalid_auth",
    "HTTP 429": "rate_limited",
}
OF_PANEL_LIST = {"HTTP 401": "invalid_auth", "HTTP 429": "rate_limited"}
OF_REST = {"HTTP 403": "no_permission", "HTTP 429": "rate_limited"}


def wrong_answer(kind: str, name: str) -> Fault:
    """Return a fault: requests of a kind are answered like that."""
    return Fault(
        name=name,
        begin=lambda site: site.pdk.faults(None, **{kind: ANSWERS[name]}),
        end=lambda site: site.pdk.faults(None, **{kind: None}),
    )


@pytest.mark.parametrize("name", ANSWERS)
async def test_token_request(direct: Site, figure: Record, name: str) -> None:
    """The entry says why it is not set up, and is set up once it can be."""
    fault = wrong_answer("token", name)
    error = OF_TOKEN.get(name, "cannot_connect")
    if error == "invalid_auth":
        direct.expected_errors = ("could not authenticate",)
    figure(
        "matrix", name, "token request", str(await phases.set_up(direct, fault, error))
    )


@pytest.mark.parametrize("name", ANSWERS)
async def test_panel_list(direct: Site, figure: Record, name: str) -> None:
    """The form says why there is no list, and goes on once there is one."""
    fault = wrong_answer("ous", name)
    error = OF_PANEL_LIST.get(name, "cannot_connect")
    figure(
        "matrix", name, "panel list", str(await phases.panel_list(direct, fault, error))
    )


@pytest.mark.parametrize("name", ANSWERS)
async def test_rest(direct: Site, figure: Record, name: str) -> None:
    """The entry says why there are no doors."""
    fault = wrong_answer("devices", name)
    error = OF_REST.get(name, "cannot_connect")
    figure("matrix", name, "REST", str(await phases.set_up(direct, fault, error)))


@pytest.mark.parametrize("name", ANSWERS)
async def test_handshake(direct: Site, figure: Record, name: str) -> None:
    """Whatever the answer, it is no websocket."""
    body = phases_body(name)
    fault = Fault(
        name=name,
        begin=lambda site: site.pdk.faults(
            handshake={"mode": "http", "status": ANSWERS[name]["status"], "body": body}
        ),
        end=lambda site: site.pdk.faults(handshake=None),
    )
    figure("matrix", name, "handshake", str(await phases.handshake(direct, fault, "")))


def phases_body(name: str) -> str:
    """Return what a server says in place of a websocket."""
    return "<html></html>" if "HTML" in name else '{"message": "Simu'


@pytest.mark.parametrize("sees", ["nothing", "unavailable"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_renewal(
    direct: Site,
    figure: Record,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    sees: str,
) -> None:
    """While the old token lives nobody notices; then the doors are unavailable."""
    if sees == "nothing":
        monkeypatch.setattr("custom_components.prodatakey.pdk.tokens.RENEW_AT", 0.1)
    fault = wrong_answer("panel_token", name)
    outcome = await phases.renewal(direct, fault, sees)
    if sees == "unavailable":
        figure("matrix", name, "renewal under way", str(outcome))
