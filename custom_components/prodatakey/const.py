"""Names that the integration's files share."""

from typing import Final

DOMAIN: Final = "prodatakey"
MANUFACTURER: Final = "ProdataKey"

CONF_PANEL_ID: Final = "panel_id"
CONF_RECORD_PEOPLE: Final = "record_people"
CONF_UNLOCK_DURATION: Final = "unlock_duration"
CONF_UNLOCK_MODE: Final = "unlock_mode"

UNLOCK_HOLD: Final = "hold"
UNLOCK_MOMENTARY: Final = "momentary"

SHORTEST_OPENING: Final = 0.1
LONGEST_OPENING: Final = 540.0

# Entities that open a door without asking for a code: not there where one is set.
KEYS_ROUND_CODE: Final = frozenset({"open", "force_toggle", "output"})
