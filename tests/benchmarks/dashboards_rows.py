"""A project of many cases, as machines, people and audits would leave it: for the benchmark of dashboards."""

from __future__ import annotations

from django.db import connection

from judge.actions import projects
from judge.models import Judge, Project, Rater, Role
from tests import factories
from tests.judge import proofs

GENERATORS = 40

FILL = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT %(project)s, 'c' || n, 'u' || n / 2, to_json('person ' || n || ' likes tents')
FROM generate_series(1, %(n)s / 10) n;
UPDATE judge_frame SET train_rate = .01, certify_rate = .015, gold_rate = .005 WHERE id = %(frame)s;
INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator, language,
                        category, stream, stream_probability, stream_reason, imported_at)
SELECT %(project)s, x.id, %(frame)s, 'i' || x.id || '-' || n, 'single', to_json('clip-on grow light ' || n), '', '{}',
       'generator ' || x.id %% %(generators)s, CASE x.id %% 3 WHEN 0 THEN 'zh' ELSE 'en' END, 'category ' || x.id %% 9,
       CASE WHEN x.id %% 200 < 2 THEN 'train' WHEN x.id %% 200 < 5 THEN 'certify' WHEN x.id %% 200 = 5 THEN 'gold'
            ELSE 'open' END, .5, 'drawn', now() - (x.id %% 8) * interval '7 days'
FROM judge_context x CROSS JOIN generate_series(1, 5) n WHERE x.project_id = %(project)s;
INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order,
                        stage_since, is_reference)
SELECT %(project)s, i.id, k.id,
       CASE WHEN i.stream <> 'open' THEN 'agreed' WHEN i.id %% 20 < 12 THEN 'accepted'
            WHEN i.id %% 20 < 17 THEN 'agreed' WHEN i.id %% 20 < 19 THEN 'people' ELSE 'adjudication' END,
       2, CASE WHEN i.id %% 20 < 17 THEN 2 ELSE 0 END, 0, random(), now() - i.id %% 90 * interval '1 hour',
       i.stream = 'open' AND abs(hashtext(i.id::text)) %% 33 = 0
FROM judge_item i CROSS JOIN judge_criterion k
WHERE i.project_id = %(project)s AND k.project_id = %(project)s ON CONFLICT DO NOTHING;
INSERT INTO judge_decision (case_id, route, reason, people_wanted, policy_id, judge_id, certificate_id, confidence,
                            threshold, is_audited, audit_probability, created_at)
SELECT c.id, CASE WHEN accepts THEN 'accept' ELSE 'people' END,
       CASE WHEN accepts AND abs(hashtext(c.id::text)) %% 20 = 0 THEN 'audit' WHEN accepts THEN 'certified'
            WHEN i.stream <> 'open' THEN i.stream || '_stream' ELSE 'low_confidence' END,
       2, %(policy)s, %(judge)s, CASE WHEN accepts THEN t.id END, .8125 + (c.id %% 1800) / 10000.0,
       CASE WHEN accepts THEN .8125 END, accepts AND abs(hashtext(c.id::text)) %% 20 = 0,
       CASE WHEN accepts THEN .05 END,
       now() - (i.id %% 8) * interval '7 days'
FROM judge_case c JOIN judge_item i ON i.id = c.item_id
JOIN judge_certificate t ON t.criterion_id = c.criterion_id
CROSS JOIN LATERAL (SELECT c.stage = 'accepted' AS accepts) a
WHERE c.project_id = %(project)s ORDER BY c.id;
INSERT INTO judge_judgment (case_id, criterion_id, rater_id, purpose, label, probs, unscored_reason, origin, suspicion,
                            duration_ms, submission, created_at)
SELECT c.id, c.criterion_id, r.id, 'vote', s.key, CASE WHEN r.kind = 'machine' THEN jsonb_build_object(s.key, .9) END,
       '', '', '', CASE WHEN r.kind = 'person' THEN 5000 + (c.id * 7919 + r.id) %% 20000 END,
       CASE WHEN r.kind = 'person' THEN md5(c.item_id || ' ' || r.id)::uuid END,
       now() - (c.item_id * 7919 %% 5184000 + r.id %% 60) * interval '1 second'
FROM judge_case c CROSS JOIN judge_rater r
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.position = ((c.id + r.id) %% 7 = 0)::int
WHERE c.project_id = %(project)s AND r.id = ANY (%(raters)s)
  AND (r.kind = 'machine' OR ((c.stage = 'agreed' OR abs(hashtext(c.id::text)) %% 20 = 0)
                              AND (c.item_id + array_position(%(raters)s, r.id)) %% 4 = 0));
INSERT INTO judge_verdict (case_id, criterion_id, judge_id, label, probs, confidence, doubt)
SELECT c.id, c.criterion_id, %(judge)s, s.key, jsonb_build_object(s.key, .8 + (c.id %% 1900) / 10000.0),
       .8 + (c.id %% 1900) / 10000.0, ''
FROM judge_case c
JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.position = (c.id %% 11 = 0)::int
WHERE c.project_id = %(project)s;
INSERT INTO judge_agreedlabel (case_id, criterion_id, label, basis, n_people, probs, p_wrong, status, reason,
                               decision_id)
SELECT c.id, c.criterion_id, s.key,
       CASE WHEN c.stage = 'accepted' AND NOT d.is_audited THEN 'judge' ELSE 'consensus' END,
       CASE WHEN c.stage = 'accepted' AND NOT d.is_audited THEN 0 ELSE 2 END, jsonb_build_object(s.key, 16/17.0),
       1/17.0::float8, 'live', '',
       d.id
FROM judge_case c JOIN judge_scale_label s ON s.criterion_id = c.criterion_id AND s.position = (c.id %% 9 = 0)::int
JOIN judge_decision d ON d.case_id = c.id
WHERE c.project_id = %(project)s AND c.stage IN ('accepted', 'agreed')
"""
#: Cases that wait for the run.
WAITING = """
WITH fresh AS (
    INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator, language,
                            category, stream, stream_probability, stream_reason)
    SELECT %(project)s, (SELECT min(id) FROM judge_context WHERE project_id = %(project)s), %(frame)s, 'late ' || n,
           'single', to_json('tent ' || n), '', '{}', 'generator 1', 'en', '', 'open', .5, 'drawn'
    FROM generate_series(1, %(n)s / 2) n RETURNING id)
INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
SELECT %(project)s, f.id, k.id, 'imported', 0, 0, 0, random()
FROM fresh f CROSS JOIN judge_criterion k WHERE k.project_id = %(project)s
"""


def fill(name: str, n: int) -> Project:
    """A project of ``n`` cases and four judgments each on average, written by Postgres itself."""
    project = factories.make_project(name)
    factories.make_member(project, f"lead-{name.split()[1]}", Role.LEAD)
    for key in ("relevance", "specificity"):
        proofs.certify(project, key)
    project.refresh_from_db()
    (first,) = factories.import_items(project)
    assert project.judge is not None
    values = {
        "project": project.pk, "n": n, "frame": first.frame_id, "policy": project.policy_id, "judge": project.judge_id,
        "raters": raters(project, project.judge), "generators": GENERATORS,
    }  # fmt: skip
    run(FILL, values)
    return project


def raters(project: Project, judge: Judge) -> list[int]:
    """The judge's, two more machines, and eight people, of whom two answer each case."""
    machines = [
        Rater.objects.create(kind="machine", name=f"m{n}", configuration={}, configuration_hash=f"{project.pk} {n}")
        for n in range(2)
    ]
    people = [
        projects.rater_of(factories.make_member(project, f"{project.slug}-{n}", Role.ANNOTATOR)) for n in range(8)
    ]
    return [judge.seats.get().rater_id, *(each.pk for each in [*machines, *people])]


def add_waiting(project: Project, n: int) -> None:
    frame = project.frames.order_by("pk")[0].pk
    run(WAITING, {"project": project.pk, "n": n, "frame": frame})


def run(statements: str, values: dict[str, object]) -> None:
    """Without foreign keys looked up row by row: what is written is right by construction."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements.split(";\n"):
            if statement.strip():
                cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = DEFAULT")
