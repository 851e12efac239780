"""JSON that is not trusted."""

import json

import pytest

from custom_components.prodatakey.pdk.fields import loads

SMILE = "\U0001f600"
HIGH, LOW = r"\ud83d", r"\ude00"


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (f"Caf{HIGH}", "Caf\ufffd"),
        (f"{LOW}Café", "\ufffdCafé"),
        (f"{HIGH}{HIGH}{LOW}{LOW}", f"\ufffd{SMILE}\ufffd"),
        (HIGH.upper().replace("U", "u") + LOW + HIGH, f"{SMILE}\ufffd"),
        (HIGH + LOW, SMILE),
    ],
)
def test_half_a_character(told: str, shown: str) -> None:
    """A name that was cut in the middle of an emoji is a name all the same."""
    assert loads(f'["{told}", 1]') == [shown, 1]


@pytest.mark.parametrize("text", ["", "[", "[NaN]", "[" * 9000, HIGH, f'["{HIGH}"'])
def test_no_json(text: str) -> None:
    """It is an error of one kind."""
    with pytest.raises(ValueError):
        loads(text)


def test_what_is_whole_stays_as_it_is() -> None:
    """The text of an escape is no escape."""
    names = [f"{SMILE} {HIGH}", "Sørüß", "\\"]
    assert loads(json.dumps(names)) == names
