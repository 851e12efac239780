"""A user adds a panel."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .common import CREDENTIALS, PANEL, Json
from .simulator_process import SimulatedPdk

OTHER_PANEL = "2080DEF"


async def start(
    hass: HomeAssistant, credentials: dict[str, str] | None = None
) -> ConfigFlowResult:
    """Begin, and give the credentials."""
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == "user"
    return await answer(hass, form, credentials or CREDENTIALS)


async def answer(
    hass: HomeAssistant, form: ConfigFlowResult, user_input: dict[str, str]
) -> ConfigFlowResult:
    """Fill in a form."""
    return await hass.config_entries.flow.async_configure(form["flow_id"], user_input)


def offered(form: ConfigFlowResult) -> list[Json]:
    """Return the panels that a form offers."""
    assert form["data_schema"]
    return list(form["data_schema"].schema["panel_id"].config["options"])


async def finish(
    hass: HomeAssistant, form: ConfigFlowResult, pdk: SimulatedPdk
) -> None:
    """Choose the panel; the entry must work."""
    done = await answer(hass, form, {"panel_id": PANEL})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == "Headquarters"
    assert done["data"] == {**CREDENTIALS, "panel_id": PANEL}
    assert done["result"].unique_id == PANEL
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(done["result"].entry_id)
    await pdk.sockets(PANEL, 0)


async def test_the_whole_way(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Credentials, then a list of panels, then an entry."""
    padded = {key: f" {value}\n" for key, value in CREDENTIALS.items()}
    form = await start(hass, padded)
    assert form["step_id"] == "panel"
    assert offered(form) == [
        {"value": PANEL, "label": "Headquarters (1070ABC)"},
        {"value": OTHER_PANEL, "label": "Branch office (2080DEF)"},
    ]
    await finish(hass, form, pdk)


CREDENTIAL_FAULTS = [
    ({"token": {"status": 400}}, "invalid_auth"),
    ({"token": {"status": 401}}, "invalid_auth"),
    ({"token": {"status": 403}}, "cannot_connect"),
    ({"token": {"status": 429}}, "rate_limited"),
    ({"token": {"status": 500}}, "cannot_connect"),
    ({"token": {"status": 200, "body": "html"}}, "cannot_connect"),
    ({"token": {"status": 200, "body": "truncated"}}, "cannot_connect"),
    ({"token": {"abort": True}}, "cannot_connect"),
    ({"ous": {"status": 401}}, "invalid_auth"),
    ({"ous": {"status": 502, "body": "html"}}, "cannot_connect"),
]


@pytest.mark.parametrize(("fault", "error"), CREDENTIAL_FAULTS)
async def test_credentials_do_not_work(
    hass: HomeAssistant, pdk: SimulatedPdk, fault: Json, error: str
) -> None:
    """The form says what is wrong."""
    await pdk.faults(**fault)
    form = await start(hass)
    assert form["step_id"] == "user"
    assert form["errors"] == {"base": error}


async def test_wrong_secret_then_right(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A typing error is put right in the same form."""
    form = await start(hass, {**CREDENTIALS, "client_secret": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    form = await answer(hass, form, CREDENTIALS)
    await finish(hass, form, pdk)


PANEL_FAULTS = [
    ({"panel_token": {"status": 403}}, "no_permission"),
    ({"panel_token": {"status": 404}}, "no_permission"),
    ({"panel_token": {"status": 429}}, "rate_limited"),
    ({"panel_token": {"status": 401}}, "invalid_auth"),
    ({"panel_token": {"status": 500}}, "cannot_connect"),
    ({"panel_token": {"status": 200, "body": "empty"}}, "cannot_connect"),
    ({"devices": {"status": 500}}, "cannot_connect"),
    ({"devices": {"status": 401}}, "cannot_connect"),
    ({"devices": {"status": 200, "body": "html"}}, "cannot_connect"),
    ({"handshake": {"mode": "http", "status": 403}}, "stream_refused"),
    ({"handshake": {"mode": "http", "status": 503}}, "cannot_connect"),
    ({"handshake": {"mode": "error44"}}, "stream_refused"),
    ({"handshake": {"mode": "abort"}}, "cannot_connect"),
    ({"handshake": {"mode": "no_connect"}}, "cannot_connect"),
    ({"handshake": {"mode": "hang"}}, "cannot_connect"),
]


@pytest.mark.parametrize(("fault", "error"), PANEL_FAULTS)
async def test_the_panel_does_not_work(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    fault: dict[str, Any],
    error: str,
) -> None:
    """Nothing is created until token, REST and stream have all worked."""
    monkeypatch.setattr(
        "custom_components.prodatakey.pdk.socketio2.CONNECT_TIMEOUT", 0.5
    )
    form = await start(hass)
    await pdk.faults(**fault)
    form = await answer(hass, form, {"panel_id": PANEL})
    assert form["step_id"] == "panel"
    assert form["errors"] == {"base": error}
    assert not hass.config_entries.async_entries(DOMAIN)
    await pdk.sockets(PANEL, 0)


async def test_it_works_after_a_fault(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """The same form goes on once the panel answers."""
    form = await start(hass)
    await pdk.faults(handshake={"mode": "error44"})
    form = await answer(hass, form, {"panel_id": PANEL})
    await pdk.faults(handshake=None)
    await finish(hass, form, pdk)


async def test_pdk_io_is_unreachable(
    hass: HomeAssistant, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody listens there."""
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:9")
    form = await start(hass)
    assert form["errors"] == {"base": "cannot_connect"}


async def test_an_account_without_panels(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """There is nothing to set up."""
    await pdk.reset({"panels": [], "applications": [CREDENTIALS]})
    done = await start(hass)
    assert done["type"] is FlowResultType.ABORT
    assert done["reason"] == "no_panels"


async def test_panels_are_offered_once(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A panel that is set up is not offered; with all set up there is nothing to do."""
    MockConfigEntry(domain=DOMAIN, unique_id=PANEL).add_to_hass(hass)
    form = await start(hass)
    assert [option["value"] for option in offered(form)] == [OTHER_PANEL]
    MockConfigEntry(domain=DOMAIN, unique_id=OTHER_PANEL).add_to_hass(hass)
    done = await start(hass)
    assert done["reason"] == "already_configured"


async def test_two_flows_for_one_panel(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """The second one finds that the first was faster."""
    form = await start(hass)
    MockConfigEntry(domain=DOMAIN, unique_id=PANEL).add_to_hass(hass)
    done = await answer(hass, form, {"panel_id": PANEL})
    assert done["type"] is FlowResultType.ABORT
    assert done["reason"] == "already_configured"


async def test_a_flow_that_was_left_open(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """The set-up failed, and the browser was closed: it can be tried again."""
    await pdk.faults(devices={"status": 500})
    form = await answer(hass, await start(hass), {"panel_id": PANEL})
    assert form["errors"] == {"base": "cannot_connect"}
    await pdk.faults(devices=None)
    done = await answer(hass, await start(hass), {"panel_id": PANEL})
    assert done["type"] is FlowResultType.CREATE_ENTRY


async def test_a_fault_of_ours(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even then there is a form with words in it."""
    monkeypatch.setattr(
        "custom_components.prodatakey.pdk.accounts.Accounts.panels", lambda _: 1 / 0
    )
    form = await start(hass)
    assert form["errors"] == {"base": "unknown"}
