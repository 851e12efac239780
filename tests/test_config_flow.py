"""A user adds panels, also with credentials that are known, and changes options."""

from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_USER,
    ConfigEntry,
    ConfigFlowContext,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData

from .common import (
    CONNECT_TIMEOUT,
    CREDENTIALS,
    FRONT,
    OTHER_PANEL,
    PANEL,
    STEP_TIMEOUT,
    TEXTS,
    WORKSHOP,
    Json,
    Site,
    add_entry,
    wait_for_connection,
)
from .simulator_process import SimulatedPdk

pytestmark = pytest.mark.usefixtures("short_waits", "unload_at_end")


async def start(
    hass: HomeAssistant, credentials: dict[str, str] = CREDENTIALS
) -> ConfigFlowResult:
    """Start a flow, and submit credentials."""
    form = await init(hass)
    if form["step_id"] == "known":
        form = await submit(hass, form, credentials="other")
    assert form["step_id"] == "user"
    return await submit(hass, form, **credentials)


async def init(hass: HomeAssistant) -> ConfigFlowResult:
    """Start a flow."""
    context = ConfigFlowContext(source=SOURCE_USER)
    return await hass.config_entries.flow.async_init(DOMAIN, context=context)


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, **user_input: Any
) -> ConfigFlowResult:
    """Submit a form; what comes next has all its texts."""
    flows = hass.config_entries.flow
    result = await flows.async_configure(form["flow_id"], user_input)
    if result["type"] is FlowResultType.SHOW_PROGRESS:
        assert result["progress_action"] in TEXTS["config"]["progress"]
        await hass.async_block_till_done()
        result = await flows.async_configure(form["flow_id"])
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


def offered(form: ConfigFlowResult, field: str = "panel_id") -> dict[str, str]:
    """Return the panels, or the accounts, that a form offers, with their labels."""
    assert form["data_schema"]
    options = form["data_schema"].schema[field].config["options"]
    return {option["value"]: option["label"] for option in options}


def notes(form: ConfigFlowResult) -> str:
    """Return what the list of panels says about itself."""
    return (form["description_placeholders"] or {})["notes"]


async def test_user_flow(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A user enters credentials, chooses a panel, corrects errors, and gets an entry."""
    form = await start(hass, {**CREDENTIALS, "client_secret": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    padded = {key: f" {value}\n" for key, value in CREDENTIALS.items()}
    form = await submit(hass, form, **padded)
    assert offered(form) == {
        PANEL: "Headquarters (1070ABC) · Demo Integrator · PDK 1.0",
        OTHER_PANEL: "Branch office (2080DEF) · Branches · PDK 1.0",
        WORKSHOP: "Workshop (3090GHI) · Workshop · PDK 2.0",
    }
    assert notes(form) == TEXTS["common"]["pdk_2_note"]
    await pdk.faults(handshake={"mode": "error44"})
    form = await submit(hass, form, panel_id=PANEL)
    assert form["errors"] == {"base": "stream_refused"}
    # A user who has closed the browser starts again.
    form = await start(hass)
    await pdk.faults(handshake=None)
    form = await submit(hass, form, panel_id=PANEL)
    assert form["step_id"] == "unlock"
    with pytest.raises(InvalidData):
        await submit(hass, form, unlock_duration=541)
    options = {"unlock_mode": "momentary", "unlock_duration": 7}
    done = await submit(hass, form, **options)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["title"] == "Headquarters"
    assert done["data"] == {**CREDENTIALS, "panel_id": PANEL}
    assert done["options"] == options
    assert done["result"].unique_id == PANEL
    await hass.async_block_till_done()
    await wait_for_connection(hass, done["result"])


async def test_panels_are_offered_once(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A flow whose panel another one has set up goes on with those that are left."""
    slow, slower = await start(hass), await start(hass)
    slow = await submit(hass, slow, panel_id=PANEL)
    done = await submit(hass, await submit(hass, await start(hass), panel_id=PANEL))
    assert done["type"] is FlowResultType.CREATE_ENTRY
    for form in (
        await submit(hass, slow, unlock_mode="momentary"),
        await submit(hass, slower, panel_id=PANEL),
    ):
        assert form["errors"] == {"base": "configured_meanwhile"}
        assert list(offered(form)) == [OTHER_PANEL, WORKSHOP]
    for panel in (OTHER_PANEL, WORKSHOP):
        MockConfigEntry(domain=DOMAIN, unique_id=panel).add_to_hass(hass)
    for form in (slow, slower):
        ended = await submit(hass, form, panel_id=OTHER_PANEL)
        assert ended["reason"] == "already_configured"
    assert (await start(hass))["reason"] == "already_configured"
    await hass.async_block_till_done()
    await wait_for_connection(hass, done["result"])


async def test_some_cannot_be_read(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """The form names what cannot be read and offers the rest.

    Without a panel of PDK 2.0 it does not mention PDK 2.0.
    """
    await pdk.reset(
        {
            "ous": [{"name": "North"}, {"name": "South"}],
            "panels": [{"id": "1", "ou": "North"}, {"id": "2", "ou": "South"}],
            "applications": [CREDENTIALS],
        }
    )
    form = await start(hass)
    assert list(offered(form).values()) == ["1 (1) · North", "2 (2) · South"]
    assert notes(form) == ""
    # the simulator numbers the account's own organization 1, and North 2
    await pdk.faults(ous={"status": 500, "paths": ["/ous/2"]})
    form = await start(hass)
    assert offered(form) == {"2": "2 (2)"}
    assert notes(form) == TEXTS["common"]["unreadable_note"].format(names="North")
    await pdk.faults(ous={"status": 403, "paths": ["/ous/2", "/ous/3"]})
    ended = await start(hass)
    assert ended["reason"] == "none_readable"
    assert ended["description_placeholders"] == {"names": "North, South"}


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"token": {"status": 400}}, "invalid_auth"),
        ({"token": {"status": 401}}, "invalid_auth"),
        ({"token": {"status": 403}}, "cannot_connect"),
        ({"token": {"status": 429}}, "rate_limited"),
        ({"token": {"status": 200, "body": "html"}}, "cannot_connect"),
        ({"token": {"abort": True}}, "cannot_connect"),
        ({"ous": {"status": 401}}, "invalid_auth"),
        ({"panel_token": {"status": 403}}, "no_permission"),
        ({"panel_token": {"status": 404}}, "no_permission"),
        ({"panel_token": {"status": 429}}, "rate_limited"),
        ({"panel_token": {"status": 401}}, "invalid_auth"),
        ({"panel_token": {"status": 200, "body": "empty"}}, "cannot_connect"),
        ({"devices": {"status": 401}}, "cannot_connect"),
        ({"devices": {"status": 500}}, "cannot_connect"),
        ({"devices": {"hang": True}}, "cannot_connect"),
        ({"handshake": {"mode": "http", "status": 403}}, "stream_refused"),
        ({"handshake": {"mode": "http", "status": 503}}, "cannot_connect"),
        ({"handshake": {"mode": "no_connect"}}, "cannot_connect"),
        ({"handshake": {"mode": "hang"}}, "cannot_connect"),
    ],
)
async def test_something_does_not_work(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    fault: Json,
    error: str,
) -> None:
    """The form says what fails; nothing is created until all has worked."""
    monkeypatch.setattr(CONNECT_TIMEOUT, 0.3)
    if {"hang": True} in fault.values():
        monkeypatch.setattr(STEP_TIMEOUT, 0.3)
    step = "user" if fault.keys() <= {"token", "ous"} else "panel"
    if step == "user":
        await pdk.faults(**fault)
    form = await start(hass)
    if step == "panel":
        await pdk.faults(**fault)
        form = await submit(hass, form, panel_id=PANEL)
    assert (form["step_id"], form["errors"]) == (step, {"base": error})
    assert not hass.config_entries.async_entries(DOMAIN)
    await pdk.sockets(PANEL, 0)


async def test_closed_while_pdk_io_is_asked(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """An error is not shown while the next try is on its way; closed then, it ends."""
    await pdk.faults(token={"status": 401, "count": 1})
    form = await start(hass)
    assert form["errors"] == {"base": "invalid_auth"}
    await pdk.faults(token={"hang": True})
    flows = hass.config_entries.flow
    asking = await flows.async_configure(form["flow_id"], CREDENTIALS)
    assert asking["type"] is FlowResultType.SHOW_PROGRESS
    assert "errors" not in asking
    flows.async_abort(form["flow_id"])
    await hass.async_block_till_done()
    assert not hass.config_entries.async_entries(DOMAIN)


async def test_nothing_to_set_up(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The flow says that the account has no panels, or that something is wrong."""
    await pdk.reset({"panels": [], "applications": [CREDENTIALS]})
    assert (await start(hass))["reason"] == "no_panels"
    panels = "custom_components.prodatakey.pdk.generations.read_organizations"
    with monkeypatch.context() as patch:
        patch.setattr(panels, lambda _: 1 / 0)
        assert (await start(hass))["errors"] == {"base": "unknown"}
    monkeypatch.setenv("PDK_ACCOUNTS_URL", "http://127.0.0.1:9")
    others = {**CREDENTIALS, "client_id": "other"}
    assert (await start(hass, others))["errors"] == {"base": "cannot_connect"}


# --- credentials that an entry uses already


async def test_known_credentials(new_site: Site) -> None:
    """The account is preselected, and its other panel works; an error is shown."""
    form = await init(new_site.hass)
    known = {"credentials": new_site.entry.entry_id}
    assert form["data_schema"] and form["data_schema"]({}) == known
    await new_site.pdk.faults(token={"status": 503})
    form = await submit(new_site.hass, form, **known)
    assert (form["step_id"], form["errors"]) == ("known", {"base": "cannot_connect"})
    await new_site.pdk.faults(token=None)
    form = await submit(new_site.hass, form, **known)
    assert form["step_id"] == "panel"
    done = await submit(
        new_site.hass, await submit(new_site.hass, form, panel_id=OTHER_PANEL)
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == {**CREDENTIALS, "panel_id": OTHER_PANEL}
    assert done["options"] == {"unlock_mode": "hold"}
    await wait_for_connection(new_site.hass, done["result"])


async def test_known_accounts(new_site: Site) -> None:
    """Known accounts are named by their panels, and others can be entered."""
    add_entry(new_site.hass, "Branch office")
    add_entry(new_site.hass, "Warehouse", client_id="another", client_secret="hidden")
    MockConfigEntry(domain=DOMAIN, unique_id="no credentials").add_to_hass(
        new_site.hass
    )
    accounts = offered(await init(new_site.hass), "credentials")
    other = TEXTS["selector"]["credentials"]["options"].keys()
    assert accounts.keys() >= {new_site.entry.entry_id, *other}
    labels = ["Headquarters, Branch office", "Warehouse", "other"]
    assert list(accounts.values()) == labels
    assert "hidden" not in str(accounts)
    form = await start(new_site.hass, {**CREDENTIALS, "client_secret": "wrong"})
    assert form["errors"] == {"base": "invalid_auth"}
    form = await submit(new_site.hass, form, **CREDENTIALS)
    assert form["step_id"] == "panel"


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
    for duration in (0, 0.05, 540.1, -1):
        rejected = {"unlock_duration": duration}
        with pytest.raises(InvalidData):
            await hass.config_entries.options.async_configure(form["flow_id"], rejected)
    blank = await hass.config_entries.options.async_configure(
        form["flow_id"], {**options, "code": "   "}
    )
    assert blank["errors"] == {"code": "blank_code"}
    await hass.config_entries.options.async_configure(form["flow_id"], options)
    await hass.async_block_till_done()
    await wait_for_connection(hass, entry)
    return shown


async def test_options(site: Site) -> None:
    """An option that is removed from the form is not set any more.

    The form rejects what the panel would, and a code of blanks.
    """
    await set_options(site.hass, site.entry)
    assert site.entry.options == {"unlock_mode": "hold", "record_people": True}
    options = {"unlock_mode": "momentary", "unlock_duration": 7, "code": "1234"}
    await set_options(site.hass, site.entry, **{**options, "code": " 1234 "})
    assert site.state(FRONT).attributes["code_format"] == r"^\d*$"
    shown = await set_options(site.hass, site.entry, unlock_mode="momentary")
    assert shown == {**options, "record_people": True}
    assert site.entry.options == {"unlock_mode": "momentary", "record_people": True}
