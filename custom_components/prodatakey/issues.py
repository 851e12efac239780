"""Repair issues of a panel."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN

PERMISSION_MISSING = "permission_missing"
PANEL_MIGRATED = "panel_migrated"
TOO_MANY_DOORS = "too_many_doors"
ISSUES = (PERMISSION_MISSING, PANEL_MIGRATED, TOO_MANY_DOORS)

LEARN_MORE_URL = "https://github.com/prodatakey-ha/prodatakey#when-it-does-not-work"


@callback
def async_create_issue(
    hass: HomeAssistant,
    panel_id: str,
    panel_name: str,
    key: str,
    *,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    **placeholders: str,
) -> None:
    """Create an issue of a panel.

    The issue of a migration is persistent: the panel announces it only once.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(key, panel_id),
        is_fixable=False,
        is_persistent=key == PANEL_MIGRATED,
        learn_more_url=LEARN_MORE_URL,
        severity=severity,
        translation_key=key,
        translation_placeholders={"panel": panel_name, **placeholders},
    )


@callback
def async_delete_issues(hass: HomeAssistant, panel_id: str, *keys: str) -> None:
    """Delete issues of a panel."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(key, panel_id))


def _issue_id(key: str, panel_id: str) -> str:
    """Return the id of an issue of a panel."""
    return f"{key}_{panel_id}"
