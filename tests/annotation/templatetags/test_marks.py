"""Marks in a text, and nothing of the text as HTML."""

from __future__ import annotations

from annotation.templatetags.marks import marked


def test_shared_words_are_marked_and_all_else_is_escaped() -> None:
    shown = marked("<b>tents</b> & </mark><script>tent", frozenset({"tent"}))
    assert shown == "&lt;b&gt;<mark>tents</mark>&lt;/b&gt; &amp; &lt;/mark&gt;&lt;script&gt;<mark>tent</mark>"


def test_a_marked_word_is_escaped_too() -> None:
    assert marked("o'neill", frozenset({"o'neill"})) == "<mark>o&#x27;neill</mark>"
