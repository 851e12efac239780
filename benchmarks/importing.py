"""Imports the integration: `… MODULES`; prints what else that imports, and its seconds.

MODULES, as JSON, are imported before and not counted. Everything is imported at the
second run: the first tells which of Home Assistant's modules are needed.
"""

import importlib
import json
import sys
import time

from .processes import PROJECT

INTEGRATION = "custom_components.prodatakey"


def modules() -> list[str]:
    """Return every module of the integration."""
    folder = PROJECT / "custom_components" / "prodatakey"
    paths = [path.relative_to(folder).with_suffix("") for path in folder.rglob("*.py")]
    return sorted(".".join([INTEGRATION, *path.parts]) for path in paths)


def _main(before: list[str]) -> None:
    # As in a Home Assistant that has been started before.
    sys.dont_write_bytecode = False
    for name in before:
        importlib.import_module(name)
    known = set(sys.modules)
    started = time.process_time()
    for name in modules():
        importlib.import_module(name.removesuffix(".__init__"))
    seconds = time.process_time() - started
    print(json.dumps({"seconds": seconds, "new": sorted(set(sys.modules) - known)}))


if __name__ == "__main__":
    _main(json.loads(sys.argv[1]))
