"""Each language says all that English says, and says it in its own words."""

from collections.abc import Iterator
import json
from pathlib import Path
import string

import pytest

TRANSLATIONS = (
    Path(__file__).parent.parent / "custom_components" / "prodatakey" / "translations"
)
LANGUAGES = ("de", "es", "fr", "it", "nl", "pt-BR")

# What is the same word in that language, or the name that it goes by there.
SAME_WORDS = {
    "de": {"Code", "Person", "Signal"},
    "es": {"Panel"},
    "fr": {"Code", "Signal"},
    "it": {"Client ID", "Client secret"},
    "nl": {"Code"},
    "pt-BR": set[str](),
}
SAME_EVERYWHERE = {"ProdataKey"}

# Words that a text in that language hardly ever has, but a forgotten English one would.
ENGLISH_WORDS = {"the", "and", "with", "its", "this", "from", "for", "has"}

type Json = dict[str, Json | str]


def read(language: str) -> Json:
    """Return the texts of a language."""
    texts: Json = json.loads((TRANSLATIONS / f"{language}.json").read_text("utf-8"))
    return texts


def flat(texts: Json, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield each text with its path."""
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def placeholders(text: str) -> set[str]:
    """Return the names in braces."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


ENGLISH = dict(flat(read("en")))


def test_the_languages_there_are() -> None:
    """A file that is not listed here would not be looked at."""
    files = {path.stem for path in TRANSLATIONS.iterdir()}
    assert files == {"en", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_missing_and_nothing_is_left_over(language: str) -> None:
    """The same keys, in the same order."""
    texts = dict(flat(read(language)))
    assert sorted(texts) == sorted(ENGLISH)
    assert list(texts) == list(ENGLISH)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_in_english(language: str) -> None:
    """Neither a whole text nor a part of one."""
    texts = dict(flat(read(language)))
    allowed = SAME_EVERYWHERE | SAME_WORDS[language]
    same = {text for key, text in texts.items() if text == ENGLISH.get(key)}
    assert same <= allowed
    assert SAME_WORDS[language] <= same, "one of SAME_WORDS is not the same any more"
    mixed = {
        key: text for key, text in texts.items() if ENGLISH_WORDS & set(text.split())
    }
    assert not mixed


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders(language: str) -> None:
    """What the code fills in has its place in every language."""
    texts = dict(flat(read(language)))
    wrong = {
        key: text
        for key, text in texts.items()
        if placeholders(text) != placeholders(ENGLISH.get(key, ""))
    }
    assert not wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_text_has_one_translation(language: str) -> None:
    """The same English words mean the same thing wherever they are."""
    translations: dict[str, set[str]] = {}
    for key, text in flat(read(language)):
        translations.setdefault(ENGLISH[key], set()).add(text)
    assert not {text: all_ for text, all_ in translations.items() if len(all_) > 1}


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_end_as_sentences(language: str) -> None:
    """A full stop where English has one, and only there."""
    wrong = {
        key: text
        for key, text in flat(read(language))
        if text.endswith(".") != ENGLISH[key].endswith(".")
    }
    assert not wrong


@pytest.mark.parametrize("language", ["en", *LANGUAGES])
def test_how_it_is_written(language: str) -> None:
    """Readable as a file: indented by two, and letters as they are."""
    written = (TRANSLATIONS / f"{language}.json").read_text("utf-8")
    texts = json.loads(written)
    assert written == json.dumps(texts, indent=2, ensure_ascii=False) + "\n"
