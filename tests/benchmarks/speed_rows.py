"""Many cases, written by one statement each into a database that is thrown away."""

from __future__ import annotations

from django.db import connection

from judge.actions import projects, rubrics
from judge.models import Frame, Project

#: Four criteria of the task, twenty items to a context. No two projects ask the same, for what one rater answered in
#: one is not asked again in the other.
N_CRITERIA, PER_CONTEXT = 4, 20

CONTEXTS = """
INSERT INTO judge_context (project_id, identity, user_key, content)
SELECT %(project)s, 'shopper ' || u, '', json_build_object(
    'profile', format('shopper %%s of %%s', u, %(project)s),
    'history', (SELECT json_agg(format('viewed thing %%s on day %%s', (u * 7 + step) %% 1000, step))
                FROM generate_series(1, 15) step))
FROM generate_series(1, %(contexts)s) u
"""
ITEMS = """
INSERT INTO judge_item (project_id, context_id, frame_id, identity, kind, output, prompt, meta, generator, language,
                        category, stream, stream_probability, stream_reason)
SELECT %(project)s, c.id, %(frame)s, format('%%s, %%s', c.identity, i), 'single',
       json_build_object('Item Tag', format('folding kettle for a small tent, number %%s', i), 'Interest', 'camping',
                         'Reason', format('%%s often looks at light things for a weekend outdoors', c.identity)),
       '', '{}', '', 'en', '', CASE i %% 10 WHEN 0 THEN 'train' WHEN 1 THEN 'certify' ELSE 'open' END, .5, 'drawn'
FROM judge_context c, generate_series(1, %(per_context)s) i WHERE c.project_id = %(project)s
"""
CASES = """
INSERT INTO judge_case (project_id, item_id, criterion_id, stage, people_wanted, seats_taken, priority, queue_order)
SELECT %(project)s, i.id, c.id, 'imported', 0, 0, 0, random()
FROM judge_item i JOIN judge_criterion c USING (project_id) WHERE i.project_id = %(project)s
"""


def make_project(name: str, n_cases: int) -> Project:
    """A tag project with about so many cases that wait for a judge."""
    project = projects.create(name, rubric=rubrics.template("tag"))
    frame = Frame.objects.create(
        project=project, name="bench", salt="bench", train_rate=0.1, certify_rate=0.1, gold_rate=0
    )
    values = {
        "project": project.pk,
        "frame": frame.pk,
        "contexts": n_cases // (N_CRITERIA * PER_CONTEXT),
        "per_context": PER_CONTEXT,
    }
    with connection.cursor() as cursor:
        for statement in (CONTEXTS, ITEMS, CASES):
            cursor.execute(statement, values)
        cursor.execute("VACUUM ANALYZE judge_case, judge_item, judge_context")
    return project
