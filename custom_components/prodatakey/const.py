"""Constants of the ProdataKey integration."""

from typing import Final

DOMAIN: Final = "prodatakey"
MANUFACTURER: Final = "ProdataKey"

CONF_PANEL_ID: Final = "panel_id"
CONF_RECORD_PEOPLE: Final = "record_people"
CONF_SYSTEM_ID: Final = "system_id"
CONF_UNLOCK_DURATION: Final = "unlock_duration"
CONF_UNLOCK_MODE: Final = "unlock_mode"

UNLOCK_HOLD: Final = "hold"
UNLOCK_MOMENTARY: Final = "momentary"

# Seconds that a door can be opened for.
MIN_UNLOCK_DURATION: Final = 0.1
MAX_UNLOCK_DURATION: Final = 540.0
