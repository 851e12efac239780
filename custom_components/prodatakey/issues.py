"""Repair issues of a panel."""

from datetime import timedelta
import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util

from .account import async_get_account
from .const import CONF_PANEL_ID, CONF_SYSTEM_ID, DOMAIN
from .devices import async_get_panel_name
from .pdk import AccountClient, PanelInfo, PdkError, find_moved_site

_LOGGER = logging.getLogger(__name__)

PERMISSION_MISSING = "permission_missing"
PANEL_MOVED = "panel_moved"
TOO_MANY_DOORS = "too_many_doors"
HOLD_NOT_ENDED = "hold_not_ended"
ISSUES = (PERMISSION_MISSING, PANEL_MOVED, TOO_MANY_DOORS, HOLD_NOT_ENDED)
# The generations of PDK that a panel can move to, as texts name them.
PDK_1, PDK_2 = "1.0", "2.0"

# pdk.io may list a migrated panel this much after the panel has announced it.
MIGRATION_TIME = timedelta(hours=1)

LEARN_MORE_URL = (
    "https://github.com/prodatakey-ha/prodatakey/blob/main/docs/troubleshooting.md"
)


@callback
def async_create_issue(
    hass: HomeAssistant,
    panel_id: str,
    panel_name: str,
    key: str,
    **placeholders: str,
) -> None:
    """Create an issue of a panel that has no fix."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(key, panel_id),
        is_fixable=False,
        learn_more_url=LEARN_MORE_URL,
        severity=ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"panel": panel_name, **placeholders},
    )


@callback
def async_create_moved_issue(
    hass: HomeAssistant, entry: ConfigEntry, generation: str
) -> None:
    """Create the issue of a panel that has moved; its fix is in repairs.py.

    That of a migration to PDK 2.0 is persistent: the panel announces it only once.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(PANEL_MOVED, str(entry.unique_id)),
        data={"entry_id": entry.entry_id},
        is_fixable=True,
        is_persistent=generation == PDK_2,
        learn_more_url=LEARN_MORE_URL,
        severity=ir.IssueSeverity.ERROR,
        translation_key=PANEL_MOVED,
        translation_placeholders={
            "panel": async_get_panel_name(hass, entry),
            "generation": generation,
        },
    )


@callback
def async_delete_moved_issue(
    hass: HomeAssistant, panel_id: str, generation: str
) -> None:
    """Delete the issue of a panel that has moved to this generation, not to the other."""
    issue_id = _issue_id(PANEL_MOVED, panel_id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    placeholders = (issue and issue.translation_placeholders) or {}
    if placeholders.get("generation") == generation:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


@callback
def async_delete_issues(hass: HomeAssistant, panel_id: str, *keys: str) -> None:
    """Delete issues of a panel."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(key, panel_id))


@callback
def async_update_skipped_issue(
    hass: HomeAssistant, panel_id: str, panel_name: str, skipped: int, most: int
) -> None:
    """Create or delete the issue for doors beyond the maximum."""
    if skipped:
        async_create_issue(
            hass,
            panel_id,
            panel_name,
            TOO_MANY_DOORS,
            left_out=str(skipped),
            most=str(most),
        )
    else:
        async_delete_issues(hass, panel_id, TOO_MANY_DOORS)


@callback
def async_update_hold_issue(
    hass: HomeAssistant, panel_id: str, doors: list[str]
) -> None:
    """Create or delete the issue for doors that were not locked at the end of a hold."""
    if doors:
        names = ", ".join(doors)
        async_create_issue(hass, panel_id, "", HOLD_NOT_ENDED, doors=names)
    else:
        async_delete_issues(hass, panel_id, HOLD_NOT_ENDED)


async def async_report_missing_permission(
    hass: HomeAssistant, entry: ConfigEntry
) -> None:
    """Create an issue: the panel has moved to the other generation, or is not ours."""
    panel_id = entry.data.get(CONF_PANEL_ID, entry.unique_id)
    system_id = entry.data.get(CONF_SYSTEM_ID)
    try:
        site = await find_moved_site(
            async_get_account(hass, entry.data), panel_id, system_id
        )
    except PdkError as err:
        _LOGGER.debug("Could not look for %s elsewhere: %s", entry.title, err)
        site = None
    if site is None:
        name = async_get_panel_name(hass, entry)
        async_create_issue(hass, panel_id, name, PERMISSION_MISSING)
    else:
        async_create_moved_issue(hass, entry, site.generation)


async def async_withdraw_migrated_issue(
    hass: HomeAssistant, account: AccountClient, info: PanelInfo
) -> None:
    """Delete the issue of a migration whose roll-back was missed.

    The panel is connected on PDK 1.0, and PDK 2.0 does not have it.
    """
    issue_id = _issue_id(PANEL_MOVED, info.id)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    if issue is None or not info.migrates:
        return
    if dt_util.utcnow() - issue.created < MIGRATION_TIME:
        return
    try:
        moved = await find_moved_site(account, info.id, info.system_id)
    except PdkError as err:
        _LOGGER.debug("Could not look for %s on PDK 2.0: %s", info.name, err)
        return
    if moved is None:
        ir.async_delete_issue(hass, DOMAIN, issue_id)


def _issue_id(key: str, panel_id: str) -> str:
    """Return the id of an issue of a panel."""
    return f"{key}_{panel_id}"
