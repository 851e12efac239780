"""What a user has to know of a panel, or to mend."""

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .const import CONF_PANEL_ID, DOMAIN
from .pdk.accounts import Panel
from .pdk.errors import PdkError, PermissionMissingError
from .pdk.events import Migration, MigrationStage

PERMISSION_MISSING = "permission_missing"
PANEL_MIGRATING = "panel_migrating"
PANEL_MIGRATED = "panel_migrated"
TOO_MANY_DOORS = "too_many_doors"
ALL = (PERMISSION_MISSING, PANEL_MIGRATING, PANEL_MIGRATED, TOO_MANY_DOORS)


@callback
def async_create(
    hass: HomeAssistant,
    panel: Panel,
    key: str,
    *,
    severity: ir.IssueSeverity = ir.IssueSeverity.WARNING,
    **placeholders: str,
) -> None:
    """Tell the user; issues of a migration outlast a restart, as it is told but once."""
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(key, panel.id),
        is_fixable=False,
        is_persistent=key in (PANEL_MIGRATING, PANEL_MIGRATED),
        severity=severity,
        translation_key=key,
        translation_placeholders={"panel": panel.name, **placeholders},
    )


@callback
def async_clear(hass: HomeAssistant, panel_id: str, *keys: str) -> None:
    """Take back what is over."""
    for key in keys:
        ir.async_delete_issue(hass, DOMAIN, _issue_id(key, panel_id))


@callback
def async_take_error(hass: HomeAssistant, entry: ConfigEntry, err: PdkError) -> None:
    """Say that the credentials lack the permission for a panel, if they do."""
    if isinstance(err, PermissionMissingError):
        panel = Panel(id=entry.data[CONF_PANEL_ID], name=entry.title, uri="")
        async_create(hass, panel, PERMISSION_MISSING)


@callback
def async_take_migration(hass: HomeAssistant, panel: Panel, event: Migration) -> None:
    """Say that the panel leaves this API, and when it has left."""
    if event.stage is not MigrationStage.COMPLETED:
        async_create(hass, panel, PANEL_MIGRATING)
        return
    async_clear(hass, panel.id, PANEL_MIGRATING)
    async_create(
        hass,
        panel,
        PANEL_MIGRATED,
        severity=ir.IssueSeverity.ERROR,
        system_id=event.system_id or "?",
    )


def _issue_id(key: str, panel_id: str) -> str:
    """Return the id of an issue of one panel."""
    return f"{key}_{panel_id}"
