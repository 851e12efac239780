"""Names that the integration's files share."""

from typing import Final

DOMAIN: Final = "prodatakey"
MANUFACTURER: Final = "ProdataKey"

CONF_PANEL_ID: Final = "panel_id"
