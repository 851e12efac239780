"""pdk.io refuses the credentials, and a user gives new ones."""

import asyncio

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component

from .common import CREDENTIALS, PANEL, Json, wait_until
from .simulator_process import SimulatedPdk

OTHER_PANEL = "2080DEF"
OUTDATED = {"client_id": "demo", "client_secret": "outdated"}
REFUSING: Json = {"status": 401}


def add_entry(
    hass: HomeAssistant, panel_id: str, credentials: dict[str, str]
) -> MockConfigEntry:
    """Add the entry of a panel, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=f"Panel {panel_id}",
        unique_id=panel_id,
        data={**credentials, "panel_id": panel_id},
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def entries(hass: HomeAssistant) -> list[MockConfigEntry]:
    """Return two entries with the same outdated credentials."""
    return [add_entry(hass, panel, OUTDATED) for panel in (PANEL, OTHER_PANEL)]


async def set_up(hass: HomeAssistant) -> None:
    """Set all entries up at the same time, as Home Assistant does when it starts."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()


def reauths(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Return the forms that ask for new credentials."""
    return hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"source": SOURCE_REAUTH}
    )


async def answer(
    hass: HomeAssistant, form: ConfigFlowResult, credentials: dict[str, str]
) -> ConfigFlowResult:
    """Fill in a form, and let what follows from it happen."""
    done = await hass.config_entries.flow.async_configure(form["flow_id"], credentials)
    await hass.async_block_till_done()
    return done


async def all_connected(hass: HomeAssistant, entries: list[MockConfigEntry]) -> None:
    """Wait until every panel is connected; then nobody is asked any more."""
    await wait_until(
        lambda: all(
            entry.state is ConfigEntryState.LOADED and entry.runtime_data.connected
            for entry in entries
        )
    )
    assert not reauths(hass)


async def unload(hass: HomeAssistant, entries: list[MockConfigEntry]) -> None:
    """Disconnect."""
    for entry in entries:
        await hass.config_entries.async_unload(entry.entry_id)


async def test_refused_at_set_up(
    hass: HomeAssistant, pdk: SimulatedPdk, entries: list[MockConfigEntry]
) -> None:
    """Two panels with one pair of credentials ask once; the answer serves both."""
    await set_up(hass)
    assert len(reauths(hass)) == 1
    assert {entry.error_reason_translation_key for entry in entries} == {"invalid_auth"}
    for entry in entries:
        await hass.config_entries.async_reload(entry.entry_id)
    (form,) = reauths(hass)

    done = await answer(hass, form, {**CREDENTIALS, "client_id": " demo "})
    assert (done["type"], done["reason"]) == (
        FlowResultType.ABORT,
        "reauth_successful",
    )
    await all_connected(hass, entries)
    for entry in entries:
        assert {**CREDENTIALS, "panel_id": entry.unique_id} == entry.data
    await unload(hass, entries)


@pytest.mark.usefixtures("short_back_off")
async def test_refused_while_running(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """However often both try to reconnect, there is one question."""
    entries = [add_entry(hass, panel, CREDENTIALS) for panel in (PANEL, OTHER_PANEL)]
    await set_up(hass)
    await all_connected(hass, entries)
    await pdk.faults(panel_token=REFUSING, token=REFUSING)
    await pdk.faults(handshake={"mode": "http", "status": 403, "count": 2})
    before = (await pdk.requests())["panel_token"]
    for panel in (PANEL, OTHER_PANEL):
        await pdk.control("POST", f"panels/{panel}/kick", {"how": "abort"})
    await wait_until(lambda: reauths(hass))
    while (await pdk.requests())["panel_token"] < before + 4:
        await hass.async_block_till_done()
    (form,) = reauths(hass)
    await pdk.faults(panel_token=None, token=None)
    await answer(hass, form, CREDENTIALS)
    await all_connected(hass, entries)
    await unload(hass, entries)


@pytest.mark.usefixtures("short_back_off")
async def test_refused_at_a_renewal(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """A quiet stream whose token cannot be renewed asks once the token is dead."""
    entry = add_entry(hass, PANEL, CREDENTIALS)
    await pdk.faults(panel_token_lifetime=2)
    await set_up(hass)
    await all_connected(hass, [entry])
    await pdk.faults(panel_token=REFUSING, panel_token_lifetime=None)
    await wait_until(lambda: reauths(hass))
    assert not entry.runtime_data.connected
    await pdk.faults(panel_token=None)
    await answer(hass, reauths(hass)[0], CREDENTIALS)
    await all_connected(hass, [entry])
    await unload(hass, [entry])


async def test_other_credentials_are_left_alone(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """An entry with credentials of its own asks for itself, and keeps them."""
    own = {"client_id": "other", "client_secret": "outdated"}
    entries = [add_entry(hass, PANEL, OUTDATED), add_entry(hass, OTHER_PANEL, own)]
    await set_up(hass)
    assert len(reauths(hass)) == 2
    form = next(
        f for f in reauths(hass) if f["context"]["entry_id"] == entries[0].entry_id
    )
    await answer(hass, form, CREDENTIALS)
    assert entries[1].data["client_secret"] == "outdated"
    assert [f["context"]["entry_id"] for f in reauths(hass)] == [entries[1].entry_id]
    await unload(hass, entries[:1])


FAULTS = [
    ({"token": {"status": 401}}, "invalid_auth"),
    ({"token": {"status": 429}}, "rate_limited"),
    ({"token": {"abort": True}}, "cannot_connect"),
    ({"ous": {"status": 500}}, "cannot_connect"),
]


@pytest.mark.parametrize("step", ["reauth_confirm", "reconfigure"])
@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_the_new_ones_do_not_work_either(
    hass: HomeAssistant, pdk: SimulatedPdk, step: str, fault: Json, error: str
) -> None:
    """The form says why and nothing is changed; it goes on once they work."""
    entry = add_entry(hass, PANEL, OUTDATED)
    form = await (
        entry.start_reauth_flow(hass)
        if step == "reauth_confirm"
        else entry.start_reconfigure_flow(hass)
    )
    assert form["step_id"] == step
    assert (form["description_placeholders"] or {})["panel"] == entry.title
    await pdk.faults(**fault)
    form = await answer(hass, form, CREDENTIALS)
    assert (form["step_id"], form["errors"]) == (step, {"base": error})
    assert entry.data["client_secret"] == "outdated"
    await pdk.faults(**dict.fromkeys(fault))
    if error == "rate_limited":
        await asyncio.sleep(1)  # as long as pdk.io has asked to wait
    done = await answer(hass, form, CREDENTIALS)
    assert done["reason"] == f"{step.removesuffix('_confirm')}_successful"
    await all_connected(hass, [entry])
    await unload(hass, [entry])


@pytest.mark.parametrize("reconfigure", [False, True])
async def test_a_wrong_account(
    hass: HomeAssistant, pdk: SimulatedPdk, reconfigure: bool
) -> None:
    """Good credentials of somebody else do not serve this panel."""
    entry = add_entry(hass, "9999XYZ", OUTDATED)
    start = entry.start_reconfigure_flow if reconfigure else entry.start_reauth_flow
    done = await answer(hass, await start(hass), CREDENTIALS)
    assert (done["type"], done["reason"]) == (FlowResultType.ABORT, "wrong_account")
    assert entry.data["client_secret"] == "outdated"


async def test_reconfigure_serves_all(
    hass: HomeAssistant, pdk: SimulatedPdk, entries: list[MockConfigEntry]
) -> None:
    """A user who changes one panel's credentials has changed those of all."""
    await set_up(hass)
    done = await answer(
        hass, await entries[1].start_reconfigure_flow(hass), CREDENTIALS
    )
    assert done["reason"] == "reconfigure_successful"
    await wait_until(lambda: not reauths(hass))
    await all_connected(hass, entries)
    await unload(hass, entries)
