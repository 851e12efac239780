"""Repair issues of a panel."""

import logging

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .account import async_get_account
from .const import CONF_PANEL_ID, CONF_SYSTEM_ID, DOMAIN
from .devices import async_get_panel_name
from .pdk.errors import PdkError
from .pdk.site import find_moved_site

_LOGGER = logging.getLogger(__name__)

PERMISSION_MISSING = "permission_missing"
PANEL_MIGRATED = "panel_migrated"
PANEL_MOVED_BACK = "panel_moved_back"
TOO_MANY_DOORS = "too_many_doors"
ISSUES = (PERMISSION_MISSING, PANEL_MIGRATED, PANEL_MOVED_BACK, TOO_MANY_DOORS)
# Their fix is in repairs.py.
FIXABLE_ISSUES = (PANEL_MIGRATED, PANEL_MOVED_BACK)

LEARN_MORE_URL = "https://github.com/prodatakey-ha/prodatakey#when-it-does-not-work"


@callback
def async_create_issue(
    hass: HomeAssistant,
    panel_id: str,
    panel_name: str,
    key: str,
    *,
    entry_id: str | None = None,
    **placeholders: str,
) -> None:
    """Create an issue of a panel; `entry_id` is for those that have a fix.

    The issue of a migration is persistent: the panel announces it only once.
    """
    fixable = key in FIXABLE_ISSUES
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(key, panel_id),
        data={"entry_id": entry_id},
        is_fixable=fixable,
        is_persistent=key == PANEL_MIGRATED,
        learn_more_url=LEARN_MORE_URL,
        severity=ir.IssueSeverity.ERROR if fixable else ir.IssueSeverity.WARNING,
        translation_key=key,
        translation_placeholders={"panel": panel_name, **placeholders},
    )


@callback
def async_delete_issues(hass: HomeAssistant, panel_id: str, *keys: str) -> None:
    """Delete issues of a panel."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(key, panel_id))


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
    name = async_get_panel_name(hass, entry)
    if site is None:
        async_create_issue(hass, panel_id, name, PERMISSION_MISSING)
    else:
        async_create_issue(
            hass,
            panel_id,
            name,
            PANEL_MIGRATED if system_id is None else PANEL_MOVED_BACK,
            entry_id=entry.entry_id,
            system_id=site.system_id or "",
        )


def _issue_id(key: str, panel_id: str) -> str:
    """Return the id of an issue of a panel."""
    return f"{key}_{panel_id}"
