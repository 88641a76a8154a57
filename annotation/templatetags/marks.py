"""Shows a text with the words marked that context and output share; trusts not a character of it."""

from __future__ import annotations

from django import template
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from annotation.rules.shared_words import pieces

register = template.Library()


@register.filter
def marked(text: str, words: frozenset[str]) -> SafeString:
    """The text, escaped piece by piece, with ``<mark>`` around what is shared."""
    shown = (
        f"<mark>{escape(piece)}</mark>" if is_shared else escape(piece) for piece, is_shared in pieces(text, words)
    )
    return mark_safe("".join(shown))  # noqa: S308 (every piece is escaped above)
