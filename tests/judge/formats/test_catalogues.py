from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from judge.errors import InputError
from judge.formats.catalogues import compile_catalogue, read_catalogue

ROOT = Path(__file__).resolve().parents[3]
CATALOGUES = sorted(ROOT.glob("*/locale/*/LC_MESSAGES/django.po"))
TEXT = st.text(st.characters(blacklist_characters="\x00\x04", blacklist_categories=["Cs"]), min_size=1)


@given(st.dictionaries(TEXT, TEXT))
def test_pythons_gettext_reads_what_we_compile(entries: dict[str, str]) -> None:
    header = {"": "Content-Type: text/plain; charset=UTF-8\n"}
    catalogue = gettext.GNUTranslations(io.BytesIO(compile_catalogue(entries | header)))

    assert {source: catalogue.gettext(source) for source in entries} == entries


def test_plurals_contexts_comments_and_long_texts_are_read() -> None:
    text = """
# a comment
msgid "%(n)s item"
msgid_plural "%(n)s items"
msgstr[0] "%(n)s 条"

msgctxt "verb"
msgid "open"
msgstr "打"
"开"

#, fuzzy
msgid "guess"
msgstr "猜"

msgid "later"
msgstr ""

#~ msgid "gone"
#~ msgstr "没了"
"""
    assert read_catalogue(text, name="t.po") == {"%(n)s item\x00%(n)s items": "%(n)s 条", "verb\x04open": "打开"}


@pytest.mark.parametrize(("text", "said"), [
    ('msgid "a"\nmsgstr "b\n', "t.po, line 2"),
    ("hello\n", "t.po, line 1"),
    ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', 't.po, line 5: "a" is translated twice'),
])  # fmt: skip
def test_broken_catalogue_is_told_by_line(text: str, said: str) -> None:
    with pytest.raises(InputError, match=re.escape(said)):
        read_catalogue(text, name="t.po")


@pytest.mark.parametrize("source", CATALOGUES, ids=lambda path: path.relative_to(ROOT).parts[0])
def test_compiled_catalogue_is_what_the_text_says(source: Path) -> None:
    entries = read_catalogue(source.read_text(encoding="utf-8"), name=source.name)

    assert source.with_suffix(".mo").read_bytes() == compile_catalogue(entries), "run: manage.py compilemessages"


@pytest.mark.parametrize("source", CATALOGUES, ids=lambda path: path.relative_to(ROOT).parts[0])
def test_translations_keep_every_placeholder(source: Path) -> None:
    entries = read_catalogue(source.read_text(encoding="utf-8"), name=source.name)
    holes = re.compile(r"%\([a-z_]+\)[sd]")
    wrong = [
        source for source, translation in entries.items()
        if source and set(holes.findall(source)) != set(holes.findall(translation))
    ]  # fmt: skip

    assert wrong == []


def test_every_text_of_every_page_is_translated() -> None:
    entries = {
        key.split("\x04")[-1].split("\x00")[0]
        for source in CATALOGUES
        for key in read_catalogue(source.read_text(encoding="utf-8"), name=source.name)
    }
    marked = re.compile(r"""\{% translate (?:"([^"]*)"|'([^']*)')""")
    pages = (ROOT / "templates").rglob("*.html")
    found = {one or two for path in pages for one, two in marked.findall(path.read_text(encoding="utf-8"))}
    texts = {text.replace("%", "%%") for text in found}  # as the tag looks them up

    assert texts
    assert sorted(texts - entries) == []
