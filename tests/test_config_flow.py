"""A user adds a panel, and changes its options."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData, UnknownFlow

from .common import (
    CONNECT_TIMEOUT,
    CREDENTIALS,
    FRONT,
    OTHER_PANEL,
    PANEL,
    TEXTS,
    WORKSHOP,
    Json,
    act,
    state_of,
    wait_for_connection,
)
from .simulator_process import SimulatedPdk

pytestmark = pytest.mark.usefixtures("unload_at_end")


async def start(
    hass: HomeAssistant, credentials: dict[str, str] = CREDENTIALS
) -> ConfigFlowResult:
    """Start a flow, and submit the credentials."""
    form = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert form["step_id"] == "user"
    return await submit(hass, form, **credentials)


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, **user_input: Any
) -> ConfigFlowResult:
    """Submit a form; what comes next has all its texts."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], user_input)
    if result["type"] is FlowResultType.FORM:
        check_form(result, TEXTS["config"])
    elif result["type"] is FlowResultType.ABORT:
        assert result["reason"] in TEXTS["config"]["abort"]
    return result


def check_form(form: Any, texts: Json) -> None:
    """Check that each field and each error of a form has a text."""
    step = texts["step"][form["step_id"]]
    fields = {str(field) for field in form["data_schema"].schema}
    assert set(step["data"]) == set(step["data_description"]) == fields
    assert set((form["errors"] or {}).values()) <= set(texts.get("error", ()))


def offered(form: ConfigFlowResult) -> list[Json]:
    """Return the panels that a form offers."""
    assert form["data_schema"]
    return list(form["data_schema"].schema["panel_id"].config["options"])


async def test_user_flow(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Credentials, a list of panels, an entry that works; errors are corrected."""
    form = await start(hass, {**CREDENTIALS, "client_secret": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    padded = {key: f" {value}\n" for key, value in CREDENTIALS.items()}
    form = await submit(hass, form, **padded)
    assert offered(form) == [
        {"value": PANEL, "label": "Headquarters (1070ABC) · PDK 1.0"},
        {"value": OTHER_PANEL, "label": "Branch office (2080DEF) · PDK 1.0"},
        {"value": WORKSHOP, "label": "Workshop (3090GHI) · PDK 2.0"},
    ]
    await pdk.faults(handshake={"mode": "error44"})
    form = await submit(hass, form, panel_id=PANEL)
    assert form["errors"] == {"base": "stream_refused"}
    # A user who has closed the browser starts again.
    form = await start(hass)
    await pdk.faults(handshake=None)
    form = await submit(hass, form, panel_id=PANEL)
    assert form["step_id"] == "unlock"
    done = await submit(hass, form)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == "Headquarters"
    assert done["data"] == {**CREDENTIALS, "panel_id": PANEL}
    assert done["options"] == {"unlock_mode": "hold"}
    assert done["result"].unique_id == PANEL
    await hass.async_block_till_done()
    await wait_for_connection(hass, done["result"])


async def test_momentary_from_the_beginning(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """The choice of the set-up is what unlocking does, and can be changed in the options."""
    form = await submit(hass, await start(hass), panel_id=PANEL)
    with pytest.raises(InvalidData):
        await submit(hass, form, unlock_duration=541)
    chosen = {"unlock_mode": "momentary", "unlock_duration": 7}
    done = await submit(hass, form, **chosen)
    assert done["options"] == chosen
    await hass.async_block_till_done()
    entry = done["result"]
    await wait_for_connection(hass, entry)
    await act(hass, "lock.unlock")
    (command,) = await pdk.commands(PANEL)
    assert command["topic"] == "door.try.dwellopen"
    assert command["body"] == {"doorId": 1, "dwell": 70}
    shown = await set_options(hass, entry, unlock_mode="hold")
    assert shown == chosen


async def test_two_set_ups_of_one_panel(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """The panel is added once; the set-up that was slower has ended."""
    slower = await submit(hass, await start(hass), panel_id=PANEL)
    assert slower["step_id"] == "unlock"
    done = await submit(hass, await submit(hass, await start(hass), panel_id=PANEL))
    assert done["type"] is FlowResultType.CREATE_ENTRY
    with pytest.raises(UnknownFlow):
        await submit(hass, slower)
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1
    await hass.async_block_till_done()
    await wait_for_connection(hass, done["result"])


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"token": {"status": 400}}, "invalid_auth"),
        ({"token": {"status": 401}}, "invalid_auth"),
        ({"token": {"status": 403}}, "cannot_connect"),
        ({"token": {"status": 429}}, "rate_limited"),
        ({"token": {"status": 500}}, "cannot_connect"),
        ({"token": {"status": 200, "body": "html"}}, "cannot_connect"),
        ({"token": {"status": 200, "body": "truncated"}}, "cannot_connect"),
        ({"token": {"abort": True}}, "cannot_connect"),
        ({"ous": {"status": 401}}, "invalid_auth"),
        ({"ous": {"status": 502}, "organizations": {"status": 502}}, "cannot_connect"),
    ],
)
async def test_credentials_do_not_work(
    hass: HomeAssistant, pdk: SimulatedPdk, fault: Json, error: str
) -> None:
    """The form says what is wrong."""
    await pdk.faults(**fault)
    form = await start(hass)
    assert (form["step_id"], form["errors"]) == ("user", {"base": error})


@pytest.mark.parametrize(
    ("fault", "error"),
    [
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
    ],
)
async def test_the_panel_does_not_work(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    fault: Json,
    error: str,
) -> None:
    """Nothing is created until token, REST and stream have all worked."""
    monkeypatch.setattr(CONNECT_TIMEOUT, 0.3)
    form = await start(hass)
    await pdk.faults(**fault)
    form = await submit(hass, form, panel_id=PANEL)
    assert (form["step_id"], form["errors"]) == ("panel", {"base": error})
    assert not hass.config_entries.async_entries(DOMAIN)
    await pdk.sockets(PANEL, 0)


async def test_pdk_io_is_unreachable(
    hass: HomeAssistant, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No server listens there."""
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:9")
    assert (await start(hass))["errors"] == {"base": "cannot_connect"}


async def test_an_account_without_panels(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """There is nothing to set up."""
    await pdk.reset({"panels": [], "applications": [CREDENTIALS]})
    assert (await start(hass))["reason"] == "no_panels"


async def test_panels_are_offered_once(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A panel that is set up is not offered, nor set up by a flow that was slower."""
    slower = await start(hass)
    MockConfigEntry(domain=DOMAIN, unique_id=PANEL).add_to_hass(hass)
    done = await submit(hass, slower, panel_id=PANEL)
    assert done["reason"] == "already_configured"
    assert [option["value"] for option in offered(await start(hass))] == [
        OTHER_PANEL,
        WORKSHOP,
    ]
    for panel in (OTHER_PANEL, WORKSHOP):
        MockConfigEntry(domain=DOMAIN, unique_id=panel).add_to_hass(hass)
    assert (await start(hass))["reason"] == "already_configured"


async def test_an_unexpected_error(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect of ours is a form with a text, too."""
    panels = "custom_components.prodatakey.pdk.v1.client.get_panels"
    monkeypatch.setattr(panels, lambda _: 1 / 0)
    assert (await start(hass))["errors"] == {"base": "unknown"}


# --- options


async def set_options(
    hass: HomeAssistant, entry: ConfigEntry[Any], **options: Any
) -> Json:
    """Submit the form of the options; return what it showed before."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    check_form(form, TEXTS["options"])
    assert form["data_schema"]
    shown = {
        str(key): key.description["suggested_value"]
        for key in form["data_schema"].schema
        if key.description
    }
    await hass.config_entries.options.async_configure(form["flow_id"], options)
    await hass.async_block_till_done()
    await wait_for_connection(hass, entry)
    return shown


async def test_options(
    hass: HomeAssistant, panel: SimulatedPdk, entry: MockConfigEntry
) -> None:
    """Submitted they reload the panel; what is removed from the form is gone."""
    await set_options(hass, entry)
    assert entry.options == {"unlock_mode": "hold", "record_people": True}
    options = {"unlock_mode": "momentary", "unlock_duration": 7, "code": "1234"}
    await set_options(hass, entry, **options)
    assert state_of(hass, FRONT).attributes["code_format"] == r"^\d*$"
    shown = await set_options(hass, entry, unlock_mode="momentary")
    assert shown == {**options, "record_people": True}
    assert entry.options == {"unlock_mode": "momentary", "record_people": True}


@pytest.mark.parametrize("duration", [0, 0.05, 540.1, -1])
async def test_unlock_duration_out_of_range(
    hass: HomeAssistant, entry: MockConfigEntry, duration: float
) -> None:
    """The form rejects what the panel would."""
    form = await hass.config_entries.options.async_init(entry.entry_id)
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(
            form["flow_id"], {"unlock_duration": duration}
        )
