"""Makes `pdk/` importable where Home Assistant is not installed.

Loaded with ``-p tests.without_home_assistant``. The package around `pdk/` is the integration,
which imports Home Assistant: an empty package takes its place.
"""

from importlib.util import find_spec
from pathlib import Path
import sys
from types import ModuleType

import custom_components

assert find_spec("homeassistant") is None, "Home Assistant is installed"

_integration = ModuleType("custom_components.prodatakey")
_folder = Path(__file__).parent.parent / "custom_components" / "prodatakey"
_integration.__path__ = [str(_folder)]
sys.modules[_integration.__name__] = _integration
custom_components.prodatakey = _integration  # type: ignore[attr-defined]  # set as an import would
