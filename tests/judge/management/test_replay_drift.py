"""The alarm shown on recorded data: of a project, a file, a made-up stream."""

from __future__ import annotations

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from judge.actions import audits
from judge.models import AuditWatch, Certificate, User
from tests.judge import accepted
from tests.judge.accepted import answer, bring

pytestmark = pytest.mark.django_db


def play(*words: str) -> str:
    said = StringIO()
    call_command("replay_drift", *words, stdout=said)
    return said.getvalue()


@pytest.fixture
def certificate(db: None) -> Certificate:
    """Everything that it accepts is audited."""
    return accepted.make_cell()


def test_a_project_is_replayed_as_its_watch_read_it(certificate: Certificate, ann: User, ben: User) -> None:
    cases = bring(certificate.project, 40)
    answer(cases[:30], "fits", (ann, ben))
    answer(cases[30:], "weak", (ann, ben))
    alarm = audits.read(certificate)
    assert alarm is not None
    watch = AuditWatch.objects.get(certificate=certificate)
    told = play(certificate.project.slug)
    assert f"ALARM at audit {alarm.n_audited}, acceptance {watch.n_accepted}." in told
    assert re.search(rf"\n +{watch.n_audited} +{watch.n_accepted} +{watch.n_errors} +{watch.level:,.1f} ", told)
    assert "relevance, judge 1" in told
    assert play(certificate.project.slug, "--criterion", "relevance") == told


def test_a_replay_reads_as_far_as_people_have_answered_and_writes_nothing(
    certificate: Certificate, ann: User, ben: User
) -> None:
    answer(bring(certificate.project, 5)[:2], "fits", (ann, ben))
    assert "2 accepted, 2 audits" in play(certificate.project.slug)
    assert AuditWatch.objects.get(certificate=certificate).n_accepted == 0


def test_a_project_that_accepted_nothing_says_what_to_do(certificate: Certificate) -> None:
    with pytest.raises(CommandError, match="no certificate of watched has accepted anything on relevance"):
        play("watched", "--criterion", "relevance")
    with pytest.raises(CommandError, match='there is no project "nowhere"'):
        play("nowhere")


def test_a_file_of_json_lines_and_one_of_csv_tell_the_same(tmp_path: Path) -> None:
    rows = [{"error": 0, "confidence": 0.9, "pi": 0.5}] * 60 + [{"confidence": 0.9, "pi": 0.5}] * 20
    rows += [{"error": 1, "confidence": 0.9, "pi": 0.5}] * 40
    lines, table = tmp_path / "accepted.jsonl", tmp_path / "accepted.csv"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table.write_text(
        "error,confidence,pi\n" + "".join(f"{row.get('error', '')},{row['confidence']},{row['pi']}\n" for row in rows)
    )
    told, again = play(str(lines)), play(str(table))
    assert told.split("\n", 1)[1] == again.split("\n", 1)[1]
    assert "120 accepted, 100 audits" in told
    assert "most likely at audit 61 (" in told


def test_a_line_that_was_not_audited_is_not_read_though_it_has_an_error(tmp_path: Path) -> None:
    path = tmp_path / "accepted.jsonl"
    path.write_text('{"error": 1, "audited": false}\n{"error": 0, "audited": true}\n{"error": 0}\n')
    assert "3 accepted, 2 audits" in play(str(path))


@pytest.mark.parametrize(("line", "said"), [
    ('{"error": "maybe"}', 'line 2: error is "maybe" (expected: 0 or 1)'),
    ('{"error": 0, "pi": 1.5}', 'line 2: pi is "1.5" (expected: a number from 0 to 1)'),
    ('{"audited": 1}', "line 2: an audited line without its error (expected: error: 0 or 1)"),
])  # fmt: skip
def test_a_line_that_cannot_be_read_ends_the_replay(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "accepted.jsonl"
    path.write_text('{"error": 0}\n' + line + "\n")
    with pytest.raises(CommandError, match=re.escape(said)):
        play(str(path))


def test_a_made_up_stream_rings_after_the_change_and_the_same_seed_tells_the_same() -> None:
    told = play("--synthetic", "500@.05,400@.30", "--seed", "1")
    assert told == play("--synthetic", "500@.05,400@.30", "--seed", "1")
    rang = re.search(r"ALARM at audit (\d+)", told)
    assert rang is not None
    assert 500 < int(rang[1]) < 600
    assert "no alarm" in play("--synthetic", "900@.05")


def test_what_is_to_be_played_must_be_said_once() -> None:
    for words in ([], ["shop", "--synthetic", "5@.1"]):
        with pytest.raises(CommandError, match="what is to be played"):
            play(*words)
    with pytest.raises(CommandError, match="alpha is 2"):
        play("--synthetic", "5@.1", "--alpha", "2")
