"""pdk.io rejects the credentials, and a user gives new ones."""

import asyncio
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.prodatakey.account import async_withdraw_reauth
from custom_components.prodatakey.const import DOMAIN
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    ConfigEntryDisabler,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

from .common import (
    CONFIRM_REJECTION_AFTER,
    CONNECTION,
    CREDENTIALS,
    MIN_RETRY_AFTER,
    MIN_TOKEN_LIFE,
    OTHER_PANEL,
    PANEL,
    WORKSHOP,
    WORKSHOP_SYSTEM,
    Json,
    add_entry,
    let_pass,
    wait_for_connection,
    wait_for_state,
    wait_until,
)
from .simulator_process import SimulatedPdk
from .test_config_flow import submit

OUTDATED = {"client_secret": "outdated"}
REJECTED: Json = {"status": 401}
PANELS = (PANEL, OTHER_PANEL)

pytestmark = pytest.mark.usefixtures("short_waits", "unload_at_end")


@pytest.fixture
def confirmed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the first rejection count."""
    monkeypatch.setattr(CONFIRM_REJECTION_AFTER, 0)


async def setup_all(hass: HomeAssistant) -> None:
    """Set up all entries at the same time, as Home Assistant does at its start."""
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()


def reauth_forms(hass: HomeAssistant) -> list[ConfigFlowResult]:
    """Return the forms that ask for new credentials."""
    return hass.config_entries.flow.async_progress_by_handler(
        DOMAIN, match_context={"source": SOURCE_REAUTH}
    )


async def submit_and_settle(
    hass: HomeAssistant, form: ConfigFlowResult, **credentials: str
) -> ConfigFlowResult:
    """Submit a form, and wait for what follows from it."""
    done = await submit(hass, form, **credentials)
    await hass.async_block_till_done()
    return done


async def all_connected(hass: HomeAssistant, *entries: MockConfigEntry) -> None:
    """Wait until each panel is connected, and no form is left."""
    for entry in entries:
        await wait_for_connection(hass, entry)
    assert not reauth_forms(hass)


@pytest.mark.usefixtures("confirmed")
@pytest.mark.parametrize("reconfigure", [False, True])
async def test_rejected_at_setup(
    hass: HomeAssistant, pdk: SimulatedPdk, reconfigure: bool
) -> None:
    """Two panels with the same credentials have one form; new ones serve both."""
    entries = [add_entry(hass, panel, **OUTDATED) for panel in PANELS]
    await setup_all(hass)
    assert len(reauth_forms(hass)) == 1
    assert {entry.error_reason_translation_key for entry in entries} == {"invalid_auth"}
    for entry in entries:
        await hass.config_entries.async_reload(entry.entry_id)
    (form,) = reauth_forms(hass)
    if reconfigure:
        form = await entries[1].start_reconfigure_flow(hass)
    padded = {**CREDENTIALS, "client_id": " demo "}
    done = await submit_and_settle(hass, form, **padded)
    expected = "reconfigure_successful" if reconfigure else "reauth_successful"
    assert done["reason"] == expected
    await wait_until(lambda: not reauth_forms(hass))
    await all_connected(hass, *entries)
    for entry in entries:
        assert {**CREDENTIALS, "panel_id": entry.unique_id} == entry.data


@pytest.mark.parametrize(("status", "forms"), [(400, 0), (401, 0), (401, 1)])
async def test_rejected_for_a_while_at_setup(
    hass: HomeAssistant,
    pdk: SimulatedPdk,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    forms: int,
) -> None:
    """A single rejection asks nobody, as it may be an outage; the set-up is retried.

    Where one is enough to ask, the question is withdrawn once the credentials work.
    """
    if forms:
        monkeypatch.setattr(CONFIRM_REJECTION_AFTER, 0)
    entry = add_entry(hass, PANEL)
    await pdk.faults(token={"status": status})
    await setup_all(hass)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    assert len(reauth_forms(hass)) == forms
    await pdk.faults(token=None)
    let_pass(hass, minutes=1)
    await wait_until(lambda: entry.state is ConfigEntryState.LOADED)
    await all_connected(hass, entry)


@pytest.mark.usefixtures("confirmed")
async def test_rejected_while_running(hass: HomeAssistant, pdk: SimulatedPdk) -> None:
    """Rejected credentials have one form, however often both panels reconnect."""
    entries = [add_entry(hass, panel) for panel in PANELS]
    await setup_all(hass)
    await all_connected(hass, *entries)
    await pdk.faults(panel_token=REJECTED, token=REJECTED)
    await pdk.faults(handshake={"mode": "http", "status": 403, "count": 2})
    before = (await pdk.requests())["panel_token"]
    for panel in PANELS:
        await pdk.kick(panel, "abort")
    await wait_until(lambda: reauth_forms(hass))
    while (await pdk.requests())["panel_token"] < before + 4:
        await hass.async_block_till_done()
    (form,) = reauth_forms(hass)
    await pdk.faults(panel_token=None, token=None)
    await submit_and_settle(hass, form, **CREDENTIALS)
    await all_connected(hass, *entries)


@pytest.mark.usefixtures("confirmed")
async def test_rejected_at_a_renewal(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quiet stream whose token cannot be renewed asks once the token has expired."""
    monkeypatch.setattr(MIN_TOKEN_LIFE, 0.2)
    entry = add_entry(hass, PANEL)
    await pdk.faults(panel_token_lifetime=0.6)
    await setup_all(hass)
    await all_connected(hass, entry)
    await pdk.faults(panel_token=REJECTED, panel_token_lifetime=None)
    await wait_until(lambda: reauth_forms(hass))
    await wait_for_state(hass, CONNECTION, "off")
    await pdk.faults(panel_token=None)
    await submit_and_settle(hass, reauth_forms(hass)[0], **CREDENTIALS)
    await all_connected(hass, entry)


@pytest.mark.usefixtures("confirmed")
async def test_other_credentials_are_left_alone(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """An entry with credentials of its own has a form of its own, and keeps them."""
    first = add_entry(hass, PANEL, **OUTDATED)
    other = add_entry(hass, OTHER_PANEL, client_id="other", **OUTDATED)
    await setup_all(hass)
    forms = {form["context"]["entry_id"]: form for form in reauth_forms(hass)}
    assert forms.keys() == {first.entry_id, other.entry_id}
    await submit_and_settle(hass, forms[first.entry_id], **CREDENTIALS)
    assert other.data["client_secret"] == "outdated"
    assert [f["context"]["entry_id"] for f in reauth_forms(hass)] == [other.entry_id]


async def start(
    hass: HomeAssistant, entry: MockConfigEntry, step: str
) -> ConfigFlowResult:
    """Return the form for new credentials."""
    if step == "reconfigure":
        return await entry.start_reconfigure_flow(hass)
    return await entry.start_reauth_flow(hass)


@pytest.mark.parametrize("step", ["reauth_confirm", "reconfigure"])
async def test_new_credentials_do_not_work(
    hass: HomeAssistant, pdk: SimulatedPdk, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The form says why new credentials fail, changes nothing, and can be corrected.

    Good credentials of another account do not serve a panel.
    """
    monkeypatch.setattr(MIN_RETRY_AFTER, 0)
    entry = add_entry(hass, PANEL, **OUTDATED)
    form = await start(hass, entry, step)
    assert form["step_id"] == step
    assert (form["description_placeholders"] or {})["panels"] == entry.title
    faults: list[tuple[str, Json, str]] = [
        ("token", {"status": 401}, "invalid_auth"),
        ("token", {"status": 429}, "rate_limited"),
        ("token", {"abort": True}, "cannot_connect"),
        ("panel", {"status": 500}, "cannot_connect"),
        ("panel_token", {"status": 403}, "no_permission"),
        ("devices", {"status": 500}, "cannot_connect"),
        ("handshake", {"mode": "http", "status": 403}, "stream_refused"),
    ]
    for request, fault, error in faults:
        await pdk.faults(**{request: fault})
        form = await submit_and_settle(hass, form, **CREDENTIALS)
        assert (form["step_id"], form["errors"]) == (step, {"base": error})
        assert entry.data["client_secret"] == "outdated"
        await pdk.faults(**{request: None})
    done = await submit_and_settle(hass, form, **CREDENTIALS)
    assert done["reason"] == f"{step.removesuffix('_confirm')}_successful"
    await all_connected(hass, entry)
    elsewhere = add_entry(hass, "9999XYZ", **OUTDATED)
    form = await start(hass, elsewhere, step)
    done = await submit_and_settle(hass, form, **CREDENTIALS)
    assert done["reason"] == "wrong_account"
    assert elsewhere.data["client_secret"] == "outdated"


async def test_old_credentials_work_again_meanwhile(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """The form is withdrawn, but not under a user who has just submitted it."""
    entry = add_entry(hass, PANEL)
    form = await start(hass, entry, "reauth_confirm")
    await pdk.faults(devices={"status": 500, "delay": 0.1, "count": 1})
    submitting = hass.async_create_task(submit(hass, form, **CREDENTIALS))
    async with asyncio.timeout(5):
        while not (await pdk.requests())["devices"]:
            pass
    async_withdraw_reauth(hass, entry)
    assert (await submitting)["errors"] == {"base": "cannot_connect"}
    async_withdraw_reauth(hass, entry)
    assert not reauth_forms(hass)


@pytest.mark.parametrize("step", ["reauth_confirm", "reconfigure"])
async def test_only_panels_that_they_reach_follow(
    hass: HomeAssistant, pdk: SimulatedPdk, step: str
) -> None:
    """Entries that new credentials cannot serve keep the old ones, and are named."""
    entries = [add_entry(hass, panel, **OUTDATED) for panel in (*PANELS, WORKSHOP)]
    data = {**entries[2].data, "system_id": WORKSHOP_SYSTEM}
    hass.config_entries.async_update_entry(entries[2], data=data)
    form = await start(hass, entries[0], step)
    assert (form["description_placeholders"] or {})["panels"] == ", ".join(
        [*PANELS, WORKSHOP]
    )
    await pdk.faults(OTHER_PANEL, panel_token={"status": 403})
    done = await submit_and_settle(hass, form, **CREDENTIALS)
    assert (done["reason"], done["description_placeholders"]) == (
        "some_kept",
        {"panels": f"{PANEL}, {WORKSHOP}", "kept": OTHER_PANEL},
    )
    secrets = [entry.data["client_secret"] for entry in entries]
    assert secrets == ["demo-secret", "outdated", "demo-secret"]


async def test_credentials_leave_with_their_last_entry(
    hass: HomeAssistant, pdk: SimulatedPdk
) -> None:
    """Nothing remembers credentials after their last entry is removed.

    Nor those of an entry that never worked, or that a form rejected.
    """
    entry = add_entry(hass, PANEL)
    outdated = add_entry(hass, OTHER_PANEL, **OUTDATED)
    await setup_all(hass)
    assert outdated.state is ConfigEntryState.SETUP_RETRY
    accounts: dict[tuple[str, ...], Any] = hass.data[DOMAIN]
    assert {secret for _, secret in accounts} == {"demo-secret", "outdated"}
    form = await start(hass, entry, "reconfigure")
    form = await submit(hass, form, client_id="demo", client_secret="mistyped")
    assert form["errors"] == {"base": "invalid_auth"}
    user = ConfigEntryDisabler.USER
    await hass.config_entries.async_set_disabled_by(outdated.entry_id, user)
    assert list(accounts) == [tuple(CREDENTIALS.values())]
    account = accounts[tuple(CREDENTIALS.values())]
    assert entry.runtime_data.site.client.account is account
    await hass.config_entries.async_remove(entry.entry_id)
    assert not accounts
