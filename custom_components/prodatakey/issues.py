"""Repair issues of a panel."""

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import DOMAIN
from .pdk.models import Migration, MigrationStage, PanelInfo

PERMISSION_MISSING = "permission_missing"
PANEL_MIGRATING = "panel_migrating"
PANEL_MIGRATED = "panel_migrated"
TOO_MANY_DOORS = "too_many_doors"
ISSUES = (PERMISSION_MISSING, PANEL_MIGRATING, PANEL_MIGRATED, TOO_MANY_DOORS)


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

    Migration issues are persistent: the panel announces each stage only once.
    """
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(key, panel_id),
        is_fixable=False,
        is_persistent=key in (PANEL_MIGRATING, PANEL_MIGRATED),
        severity=severity,
        translation_key=key,
        translation_placeholders={"panel": panel_name, **placeholders},
    )


@callback
def async_delete_issues(hass: HomeAssistant, panel_id: str, *keys: str) -> None:
    """Delete issues of a panel."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(key, panel_id))


@callback
def async_handle_migration(
    hass: HomeAssistant, panel: PanelInfo, event: Migration
) -> None:
    """Update the migration issues of a panel."""
    if event.stage is not MigrationStage.COMPLETED:
        async_create_issue(hass, panel.id, panel.name, PANEL_MIGRATING)
        return
    async_delete_issues(hass, panel.id, PANEL_MIGRATING)
    async_create_issue(
        hass,
        panel.id,
        panel.name,
        PANEL_MIGRATED,
        severity=ir.IssueSeverity.ERROR,
        system_id=event.system_id or "?",
    )


def _issue_id(key: str, panel_id: str) -> str:
    """Return the id of an issue of a panel."""
    return f"{key}_{panel_id}"
