import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


#: The outbox. Labels are made by several statements in several actions; Postgres sees them all, in their transaction.
#: Certify cases are never told: whoever may edit rubric, prompt or model reads these messages.
TELL = """
CREATE FUNCTION cojudge_tell(told_project bigint, told_kind text, told jsonb) RETURNS void LANGUAGE sql AS $$
    INSERT INTO judge_delivery (webhook_id, key, kind, data, created_at, next_try_at, n_tries, trouble)
    SELECT w.id, gen_random_uuid(), told_kind, told, statement_timestamp(), statement_timestamp(), 0, ''
    FROM judge_webhook w WHERE w.project_id = told_project AND w.is_on AND told_kind = ANY (w.kinds)
$$;
"""

TELL_LABELS = """
CREATE FUNCTION cojudge_tell_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM judge_webhook w WHERE w.is_on AND 'label.agreed' = ANY (w.kinds)) THEN
        PERFORM cojudge_tell(told.project_id, 'label.agreed', jsonb_build_object('labels', told.labels))
        FROM (SELECT part.project_id, jsonb_agg(part.label ORDER BY part.id) AS labels
              FROM (SELECT c.project_id, n.id,
                           (row_number() OVER (PARTITION BY c.project_id ORDER BY n.id) - 1) / 200 AS place,
                           jsonb_build_object('id', n.id, 'case_id', n.case_id, 'item_id', i.identity,
                                              'criterion', k.key, 'label', n.label, 'basis', n.basis,
                                              'n_people', n.n_people, 'supersedes', n.supersedes_id) AS label
                    FROM fresh n
                    JOIN judge_case c ON c.id = n.case_id
                    JOIN judge_item i ON i.id = c.item_id
                    JOIN judge_criterion k ON k.id = n.criterion_id
                    WHERE n.status = 'live' AND i.stream <> 'certify') part
              GROUP BY part.project_id, part.place) told;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER judge_agreedlabel_told AFTER INSERT ON judge_agreedlabel
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION cojudge_tell_labels();
"""

TELL_CERTIFICATE = """
CREATE FUNCTION cojudge_tell_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cojudge_tell(NEW.project_id, 'certificate.changed', jsonb_build_object(
        'id', NEW.id, 'criterion', (SELECT key FROM judge_criterion WHERE id = NEW.criterion_id),
        'judge_version', (SELECT version FROM judge_judge WHERE id = NEW.judge_id),
        'state', NEW.state, 'was', CASE TG_OP WHEN 'UPDATE' THEN OLD.state END, 'reason', NEW.state_reason,
        'alpha', NEW.alpha));
    RETURN NULL;
END $$;
CREATE TRIGGER judge_certificate_made_told AFTER INSERT ON judge_certificate
    FOR EACH ROW EXECUTE FUNCTION cojudge_tell_certificate();
CREATE TRIGGER judge_certificate_moved_told AFTER UPDATE OF state ON judge_certificate
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION cojudge_tell_certificate();
"""

TELL_ALARM = """
CREATE FUNCTION cojudge_tell_alarm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cojudge_tell(NEW.project_id, 'alarm', jsonb_build_object(
        'id', NEW.id, 'certificate', NEW.certificate_id, 'n_audited', NEW.n_audited, 'n_errors', NEW.n_errors,
        'n_in_doubt', NEW.n_in_doubt, 'criterion', (SELECT k.key FROM judge_certificate c
            JOIN judge_criterion k ON k.id = c.criterion_id WHERE c.id = NEW.certificate_id)));
    RETURN NULL;
END $$;
CREATE TRIGGER judge_alarm_told AFTER INSERT ON judge_alarm
    FOR EACH ROW EXECUTE FUNCTION cojudge_tell_alarm();
"""

TELL_EXPORT = """
CREATE FUNCTION cojudge_tell_export() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cojudge_tell(NEW.project_id, 'export.ready', jsonb_build_object(
        'export', NEW.key, 'format', coalesce(NEW.order ->> 'format', 'labels'), 'rows', NEW.n_rows,
        'snapshot', NEW.snapshot_id));
    RETURN NULL;
END $$;
CREATE TRIGGER judge_exportjob_told AFTER UPDATE OF state ON judge_exportjob
    FOR EACH ROW WHEN (NEW.state = 'done' AND OLD.state <> 'done') EXECUTE FUNCTION cojudge_tell_export();
"""

FORGET = """
DROP TRIGGER judge_agreedlabel_told ON judge_agreedlabel;
DROP TRIGGER judge_certificate_made_told ON judge_certificate;
DROP TRIGGER judge_certificate_moved_told ON judge_certificate;
DROP TRIGGER judge_alarm_told ON judge_alarm;
DROP TRIGGER judge_exportjob_told ON judge_exportjob;
DROP FUNCTION cojudge_tell_labels(), cojudge_tell_certificate(), cojudge_tell_alarm(), cojudge_tell_export();
DROP FUNCTION cojudge_tell(bigint, text, jsonb);
"""


class Migration(migrations.Migration):

    dependencies = [
        ('judge', '0011_snapshots'),
    ]

    operations = [
        migrations.CreateModel(
            name='ApiToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80)),
                ('prefix', models.CharField(help_text='the part of the secret that is shown', max_length=8, unique=True)),
                ('digest', models.CharField(max_length=64)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('read', 'read'), ('push', 'push'), ('run', 'run'), ('export', 'export')], max_length=8))),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='api_tokens', to='judge.project')),
                ('revoked_by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ApiReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('request_hash', models.CharField(max_length=64)),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('body', models.JSONField(null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('token', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='replies', to='judge.apitoken')),
            ],
            options={
                'verbose_name_plural': 'api replies',
            },
        ),
        migrations.CreateModel(
            name='ApiUse',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('full_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('used_at', models.DateTimeField(null=True)),
                ('token', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='use', to='judge.apitoken')),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.CharField(max_length=500)),
                ('kinds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('label.agreed', 'label agreed'), ('certificate.changed', 'certificate changed'), ('alarm', 'alarm'), ('export.ready', 'export ready')], max_length=20))),
                ('secret', models.TextField(help_text='encrypted: judge.services.secrets')),
                ('is_trusted', models.BooleanField(default=False, help_text='a site admin named it: it may lie inside the network')),
                ('is_on', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('by', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('project', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='webhooks', to='judge.project')),
            ],
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(unique=True)),
                ('kind', models.CharField(choices=[('label.agreed', 'label agreed'), ('certificate.changed', 'certificate changed'), ('alarm', 'alarm'), ('export.ready', 'export ready')], max_length=20)),
                ('data', models.JSONField()),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('next_try_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), help_text='none: it was taken, or given up', null=True)),
                ('n_tries', models.PositiveSmallIntegerField(db_default=0, default=0)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('status', models.PositiveSmallIntegerField(help_text='of the last answer', null=True)),
                ('trouble', models.CharField(blank=True, db_default='', default='', max_length=300)),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='judge.webhook')),
            ],
            options={
                'verbose_name_plural': 'deliveries',
            },
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__len__gt', 0)), name='api_token_has_a_scope'),
        ),
        migrations.AddConstraint(
            model_name='apitoken',
            constraint=models.CheckConstraint(condition=models.Q(('scopes__contained_by', ['read', 'push', 'run', 'export'])), name='api_token_scopes_are_known'),
        ),
        migrations.AddIndex(
            model_name='apireply',
            index=models.Index(fields=['created_at'], name='api_reply_by_age'),
        ),
        migrations.AddConstraint(
            model_name='apireply',
            constraint=models.UniqueConstraint(fields=('token', 'key'), name='api_reply_once_per_key'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.CheckConstraint(condition=models.Q(('kinds__len__gt', 0)), name='webhook_has_a_kind'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('next_try_at__isnull', False)), fields=['next_try_at'], name='delivery_due'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['created_at'], name='delivery_by_age'),
        ),
        migrations.RunSQL(TELL + TELL_LABELS + TELL_CERTIFICATE + TELL_ALARM + TELL_EXPORT, FORGET),
    ]
