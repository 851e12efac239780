"""Translate errors of pdk.io to Home Assistant exceptions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypedDict

from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .pdk import (
    CannotConnectError,
    CommandRateLimitedError,
    CommandRejectedError,
    CommandUnansweredError,
    InvalidAuthError,
    MaybeRejectedError,
    NoPermissionError,
    NotConfirmedError,
    NotConnectedError,
    PdkError,
    PermissionMissingError,
    RateLimitedError,
    RoleTooSmallError,
    StreamRefusedError,
    TokenRefusedError,
)

_TRANSLATION_KEYS: dict[type[PdkError], str] = {
    CannotConnectError: "cannot_connect",
    InvalidAuthError: "invalid_auth",
    PermissionMissingError: "no_permission",
    RateLimitedError: "rate_limited",
    StreamRefusedError: "stream_refused",
    NotConnectedError: "not_connected",
    CommandRejectedError: "command_rejected",
    CommandRateLimitedError: "command_rate_limited",
    CommandUnansweredError: "no_answer",
    MaybeRejectedError: "maybe_rejected",
    NotConfirmedError: "not_confirmed",
    RoleTooSmallError: "role_too_small",
    TokenRefusedError: "token_refused",
    NoPermissionError: "no_permission",
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
def translated_errors(get_name: Callable[[], str]) -> Iterator[None]:
    """Raise errors about a door or a panel as translated Home Assistant errors.

    Its name is looked up only for an error.
    """
    try:
        yield
    except PdkError as err:
        raise HomeAssistantError(**error_translation(err, get_name())) from err
