"""Planted secrets, in every form in which a log may come to hold them; and what must stay readable."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from judge import redaction
from judge.log_lines import JsonLine
from judge.redaction import RedactingHandler, redact

SECRET = "Zx9planted8secret7"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"{{'Authorization': 'Bearer {SECRET}'}}",
        f'{{"authorization": "Basic {SECRET}"}}',
        f"authorization={SECRET}",
        f"headers=<CIMultiDict('Authorization': 'Bearer {SECRET}', 'X': 'y')>",
        f"called with bearer {SECRET}",
        f"postgresql://cojudge:{SECRET}@db.example:5432/x",
        f"redis://:{SECRET}@cache.example/0 does not answer",
        f"smtp+tls://me%40x:{SECRET}@mail.example:587",
        f"host=db user=c password={SECRET} dbname=x",
        f"GET /callback?code=1&access_token={SECRET}&state=2",
        f"POST /x?api_key={SECRET}",
        f"api-key: {SECRET}",
        f"{{'client_secret': '{SECRET}', 'a': 1}}",
        f"Cookie: sessionid={SECRET}; csrftoken=abc",
        f"sessionid_ab12={SECRET}",
        f"csrfmiddlewaretoken={SECRET}",
        f"GET /welcome/MQ/{SECRET}/ 200",
        f"token cojudge_0a1b2c3d_{SECRET} opens nothing",
        f"sk-{SECRET}",
        f"whsec_{SECRET}",
        f"fernet:{SECRET}",
    ],
)
def test_a_planted_secret_does_not_show(text: str) -> None:
    assert SECRET not in redact(text)
    assert "***" in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "judge_items: 12 cases, 340 tokens, 2.1 s",
        "The endpoint server takes its key from COJUDGE_KEY_TEAM, which is not set here.",
        "GET /projects/shop/items/?stage=people&after=17 200",
        "http://127.0.0.1:8000/v1 does not answer",
        "prompt_tokens=12 completion_tokens=3",
        "mail to ann@one.example: the passwords page",
    ],
)
def test_plain_lines_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("COJUDGE_KEY_TEAM", SECRET)
    monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{SECRET[::-1]}@db/x")
    monkeypatch.setenv("COJUDGE_SECRETS_KEY", "first-long-enough-key,second-long-enough-key")
    redaction._known.cache_clear()
    yield
    redaction._known.cache_clear()


@pytest.mark.usefixtures("environment")
def test_secrets_of_the_environment_show_in_no_form() -> None:
    said = redact(f"odd: <{SECRET}> and {SECRET[::-1]!r} and second-long-enough-key")
    assert said == "odd: <***> and '***' and ***"


@pytest.mark.parametrize("formatter", [logging.Formatter("%(levelname)s %(message)s"), JsonLine()])
def test_the_handler_hides_in_messages_arguments_and_tracebacks(formatter: logging.Formatter) -> None:
    stream = io.StringIO()
    handler = RedactingHandler(stream)
    handler.setFormatter(formatter)
    log = logging.Logger("planted")  # apart from the tree of loggers
    log.addHandler(handler)
    try:
        raise ValueError(f"could not reach redis://:{SECRET}@cache.example/0")
    except ValueError:
        log.exception("trouble with %s", {"password": SECRET})
    said = stream.getvalue()
    assert "trouble with" in said
    assert "ValueError" in said
    assert SECRET not in said


def test_the_product_logs_through_it() -> None:
    from django.conf import settings

    assert {each["class"] for each in settings.LOGGING["handlers"].values()} == {"judge.redaction.RedactingHandler"}


def test_a_long_line_is_hidden_in_little_time() -> None:
    """No pattern may go back and forth over a line that a stranger made."""
    import time

    began = time.perf_counter()
    for text in ("token" * 40_000, "a:" * 100_000, "authorization" * 15_000, "http://" + "a" * 200_000, "=" * 200_000):
        redact(text)
    assert time.perf_counter() - began < 5
