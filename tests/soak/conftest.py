"""A panel for very long: without what a test would keep of it."""

from collections.abc import Iterator
import logging

import pytest


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Let no log line be kept: that is not what memory is measured for."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)
