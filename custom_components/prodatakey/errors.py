"""Where the errors of pdk.io become words for the user. The only such place."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntry
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import (
    ConfigEntryAuthFailed,
    ConfigEntryNotReady,
    HomeAssistantError,
)

from .const import DOMAIN
from .pdk.errors import (
    CannotConnectError,
    CommandRefusedError,
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    StreamRefusedError,
)

_KEYS: dict[type[PdkError], str] = {
    CannotConnectError: "cannot_connect",
    InvalidAuthError: "invalid_auth",
    PermissionMissingError: "no_permission",
    RateLimitedError: "rate_limited",
    StreamRefusedError: "stream_refused",
    NotConnectedError: "not_connected",
    CommandRefusedError: "command_refused",
    CommandUnansweredError: "no_answer",
}


def error_key(err: PdkError) -> str:
    """Return the translation key of an error."""
    return next(_KEYS[kind] for kind in type(err).__mro__ if kind in _KEYS)


@contextmanager
def translated_errors(
    panel: str, kind: type[HomeAssistantError] = HomeAssistantError
) -> Iterator[None]:
    """Raise errors of pdk.io as Home Assistant's."""
    try:
        yield
    except PdkError as err:
        raise kind(
            translation_domain=DOMAIN,
            translation_key=error_key(err),
            translation_placeholders={"panel": panel, "reason": str(err)},
        ) from err


def setup_error(
    hass: HomeAssistant, entry: ConfigEntry, err: PdkError
) -> type[ConfigEntryAuthFailed | ConfigEntryNotReady]:
    """Return what the set-up raises: a refusal starts reauth, anything else waits.

    One reauth serves all entries with the same credentials, so the others wait too.
    """
    if isinstance(err, InvalidAuthError) and not _reauth_is_under_way(hass, entry):
        return ConfigEntryAuthFailed
    return ConfigEntryNotReady


@callback
def async_start_reauth(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Ask for new credentials, once for all entries that share the old ones."""
    if not _reauth_is_under_way(hass, entry):
        entry.async_start_reauth(hass)


def _reauth_is_under_way(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether somebody is asked for these credentials already."""
    sharing = {other.entry_id for other in entries_sharing_credentials(hass, entry)}
    return any(
        flow["context"].get("entry_id") in sharing
        for flow in hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, match_context={"source": SOURCE_REAUTH}
        )
    )


def entries_sharing_credentials(
    hass: HomeAssistant, entry: ConfigEntry
) -> list[ConfigEntry]:
    """Return the entries that have the same credentials, this one included."""
    return [
        other
        for other in hass.config_entries.async_entries(DOMAIN)
        if all(
            other.data.get(key) == entry.data[key]
            for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)
        )
    ]
