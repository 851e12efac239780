"""Makes Home Assistant's test plugin load, and our integration the one it finds.

To be loaded before that plugin, with ``-p tests.pytest_ha_compat``. The newest test plugin is
made for the Home Assistant before the newest, which has moved two things that it imports.
"""

# Before anything else: Home Assistant replaces `httpx`, and that must not be imported by then.
import homeassistant  # noqa: F401  # isort: skip

# The plugin brings a package of this name too; the first one imported is the one that stays.
import custom_components  # noqa: F401
from homeassistant.components import logger
from homeassistant.components.logger import helpers

_MOVED = "_clear_logger_overwrites"

if not hasattr(logger, _MOVED):
    setattr(logger, _MOVED, getattr(helpers, _MOVED))
