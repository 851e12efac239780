"""What Python's garbage collector takes."""

import gc
import time
from typing import Any, Literal


class Collector:
    """The CPU seconds of all collections since this was made."""

    def __init__(self) -> None:
        """Watch every collection."""
        self.seconds = 0.0
        self._started = 0.0
        gc.callbacks.append(self._note)

    def _note(self, phase: Literal["start", "stop"], _: dict[str, Any]) -> None:
        """Note the beginning or the end of a collection."""
        if phase == "start":
            self._started = time.process_time()
        else:
            self.seconds += time.process_time() - self._started
