"""Translate errors of pdk.io to Home Assistant exceptions, and start reauthentication."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.const import CONF_CLIENT_ID, CONF_CLIENT_SECRET
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .pdk.errors import (
    CannotConnectError,
    CommandRejectedError,
    CommandUnansweredError,
    InvalidAuthError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    RoleTooSmallError,
    StreamRefusedError,
)

if TYPE_CHECKING:
    from .coordinator import ProdatakeyConfigEntry

_TRANSLATION_KEYS: dict[type[PdkError], str] = {
    CannotConnectError: "cannot_connect",
    InvalidAuthError: "invalid_auth",
    PermissionMissingError: "no_permission",
    RateLimitedError: "rate_limited",
    StreamRefusedError: "stream_refused",
    NotConnectedError: "not_connected",
    CommandRejectedError: "command_rejected",
    CommandUnansweredError: "no_answer",
    RoleTooSmallError: "role_too_small",
}


class Translation(TypedDict):
    """Arguments of a translated exception."""

    translation_domain: str
    translation_key: str
    translation_placeholders: dict[str, str]


def error_key(err: PdkError) -> str:
    """Return the translation key of an error."""
    return next(
        _TRANSLATION_KEYS[kind]
        for kind in type(err).__mro__
        if kind in _TRANSLATION_KEYS
    )


def error_translation(err: PdkError, name: str) -> Translation:
    """Return the translation of an error about a door or a panel."""
    return {
        "translation_domain": DOMAIN,
        "translation_key": error_key(err),
        "translation_placeholders": {"name": name, "reason": str(err)},
    }


@contextmanager
def translated_errors(name: str) -> Iterator[None]:
    """Raise errors about a door or a panel as translated Home Assistant errors."""
    try:
        yield
    except PdkError as err:
        raise HomeAssistantError(**error_translation(err, name)) from err


@callback
def async_start_reauth(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> None:
    """Start reauthentication, once for all entries that share the credentials."""
    if not _reauth_flow_ids(hass, entry):
        entry.async_start_reauth(hass)


@callback
def async_withdraw_reauth(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> None:
    """Stop asking for credentials: they were accepted after all."""
    for flow_id in _reauth_flow_ids(hass, entry):
        hass.config_entries.flow.async_abort(flow_id)


def _reauth_flow_ids(hass: HomeAssistant, entry: ProdatakeyConfigEntry) -> list[str]:
    """Return the flows that ask for the credentials of an entry."""
    sharing = {other.entry_id for other in entries_sharing_credentials(hass, entry)}
    return [
        flow["flow_id"]
        for flow in hass.config_entries.flow.async_progress_by_handler(
            DOMAIN, match_context={"source": SOURCE_REAUTH}
        )
        if flow["context"].get("entry_id") in sharing
    ]


@callback
def entries_sharing_credentials(
    hass: HomeAssistant, entry: ProdatakeyConfigEntry
) -> list[ProdatakeyConfigEntry]:
    """Return the entries with the same credentials, this one included."""
    return [
        other
        for other in hass.config_entries.async_entries(DOMAIN)
        if all(
            other.data.get(key) == entry.data.get(key)
            for key in (CONF_CLIENT_ID, CONF_CLIENT_SECRET)
        )
    ]
