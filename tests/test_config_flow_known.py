"""A user adds another panel with credentials that an entry uses already."""

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType

from .common import CREDENTIALS, OTHER_PANEL, TEXTS, Json, wait_for_connection
from .simulator_process import SimulatedPdk
from .test_config_flow import submit

pytestmark = pytest.mark.usefixtures("pdk", "entry")


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Start a flow."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )


def accounts(form: ConfigFlowResult) -> list[Json]:
    """Return the accounts that a form offers."""
    assert form["step_id"] == "known"
    assert form["data_schema"]
    return list(form["data_schema"].schema["credentials"].config["options"])


def add_entry(hass: HomeAssistant, title: str, **credentials: str) -> MockConfigEntry:
    """Add another entry with these credentials."""
    data = {**CREDENTIALS, **credentials, "panel_id": title}
    entry = MockConfigEntry(domain=DOMAIN, title=title, unique_id=title, data=data)
    entry.add_to_hass(hass)
    return entry


async def test_second_panel(hass: HomeAssistant) -> None:
    """The account is preselected, and its other panel works."""
    form = await start(hass)
    (account, other) = accounts(form)
    assert account["label"] == "Headquarters"
    assert other["value"] in TEXTS["selector"]["credentials"]["options"]
    assert form["data_schema"] and form["data_schema"]({}) == {
        "credentials": account["value"]
    }
    form = await submit(hass, form, credentials=account["value"])
    assert form["step_id"] == "panel"
    form = await submit(hass, form, panel_id=OTHER_PANEL)
    done = await submit(hass, form)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert done["data"] == {**CREDENTIALS, "panel_id": OTHER_PANEL}
    await wait_for_connection(hass, done["result"])


async def test_other_credentials(hass: HomeAssistant) -> None:
    """The form for credentials is shown, and can be corrected."""
    form = await submit(hass, await start(hass), credentials="other")
    assert form["step_id"] == "user"
    wrong = {**CREDENTIALS, "client_secret": "wrong"}
    form = await submit(hass, form, **wrong)
    assert form["errors"] == {"base": "invalid_auth"}
    form = await submit(hass, form, **CREDENTIALS)
    assert form["step_id"] == "panel"


async def test_accounts(hass: HomeAssistant) -> None:
    """Each account is named by its panels; secrets and entries without any are not shown."""
    add_entry(hass, "Branch office")
    add_entry(hass, "Warehouse", client_id="another", client_secret="hidden")
    MockConfigEntry(domain=DOMAIN, unique_id="no credentials").add_to_hass(hass)
    labels = [each["label"] for each in accounts(await start(hass))]
    assert labels == ["Headquarters, Branch office", "Warehouse", "other"]
    assert "hidden" not in str(accounts(await start(hass)))


async def test_known_credentials_do_not_work(
    hass: HomeAssistant, entry: MockConfigEntry, pdk: SimulatedPdk
) -> None:
    """The error is shown with the choice; another attempt works."""
    form = await start(hass)
    await pdk.faults(token={"status": 503})
    form = await submit(hass, form, credentials=entry.entry_id)
    assert (form["step_id"], form["errors"]) == ("known", {"base": "cannot_connect"})
    await pdk.faults(token=None)
    form = await submit(hass, form, credentials=entry.entry_id)
    assert form["step_id"] == "panel"
