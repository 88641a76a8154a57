from django.db import migrations, models

WALL = """
DROP TRIGGER judge_event_append_only ON judge_event;
CREATE TRIGGER judge_event_append_only BEFORE UPDATE OR DELETE ON judge_event
    FOR EACH ROW EXECUTE FUNCTION cojudge_append_only({movable});
"""
#: Place and hash move once: a sealed row refuses even what may move in others.
SEALED = """
CREATE TRIGGER judge_event_sealed BEFORE UPDATE ON judge_event
    FOR EACH ROW WHEN (OLD.hash IS NOT NULL) EXECUTE FUNCTION cojudge_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('judge', '0012_api'),
    ]

    operations = [
        migrations.AddField(
            model_name='event',
            name='hash',
            field=models.CharField(help_text='SHA-256 over the hash before it and this row', max_length=64, null=True),
        ),
        migrations.AddField(
            model_name='event',
            name='position',
            field=models.PositiveBigIntegerField(help_text='in its chain, from 1; empty: not sealed yet', null=True),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['project', 'id'], name='event_by_project'),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(condition=models.Q(('hash__isnull', True)), fields=['id'], name='event_unsealed'),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.UniqueConstraint(condition=models.Q(('position__isnull', False)), fields=('project', 'position'), name='event_position_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('hash__isnull', True), ('position__isnull', True)), models.Q(('hash__isnull', False), ('position__gte', 1)), _connector='OR'), name='event_sealed_has_position_and_hash'),
        ),
        migrations.RunSQL(WALL.format(movable="'position', 'hash'"), WALL.format(movable="")),
        migrations.RunSQL(SEALED, "DROP TRIGGER judge_event_sealed ON judge_event"),
    ]
