"""What no ORM field can say: append-only tables refuse change, and a label must be in its criterion's scale."""

from django.db import migrations

#: table → columns that an action may move (judge.models.append_only.moving)
APPEND_ONLY = {
    "judge_policy": "",
    "judge_criterion": "",
    "judge_scale_label": "",
    "judge_rubric": "",
    "judge_rubriccriterion": "",
    "judge_generatortemplate": "",
    "judge_judge": "",
    "judge_judgerater": "",
    "judge_judgment": "'retracted_at'",
    "judge_verdict": "",
    "judge_decision": "",
    "judge_agreedlabel": "'status', 'status_since'",
    "judge_event": "",
}

FUNCTION = """
CREATE FUNCTION cojudge_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND current_setting('cojudge.moving', true) = TG_TABLE_NAME
        AND to_jsonb(NEW) - TG_ARGV = to_jsonb(OLD) - TG_ARGV
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP)
        USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only',
              HINT = 'Write a new row that supersedes this one.';
END $$;
"""

TRIGGER = """
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION cojudge_append_only({movable});
"""

#: (criterion, label) must be a row of the scale; (case, criterion) must be a case's own pair.
LABELLED = ("judge_judgment", "judge_verdict", "judge_agreedlabel")
SCALE = """
ALTER TABLE {table}
    ADD CONSTRAINT {table}_label_in_scale FOREIGN KEY (criterion_id, label)
        REFERENCES judge_scale_label (criterion_id, key) DEFERRABLE INITIALLY IMMEDIATE,
    ADD CONSTRAINT {table}_criterion_of_case FOREIGN KEY (case_id, criterion_id)
        REFERENCES judge_case (id, criterion_id) DEFERRABLE INITIALLY IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("judge", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION cojudge_append_only()"),
        *(
            migrations.RunSQL(
                TRIGGER.format(table=table, movable=movable), f"DROP TRIGGER {table}_append_only ON {table}"
            )
            for table, movable in APPEND_ONLY.items()
        ),
        *(
            migrations.RunSQL(
                SCALE.format(table=table),
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_label_in_scale, "
                f"DROP CONSTRAINT {table}_criterion_of_case",
            )
            for table in LABELLED
        ),
    ]
