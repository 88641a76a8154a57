from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('judge', '0013_audit_chain'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='keep_texts_days',
            field=models.PositiveIntegerField(blank=True, help_text='after their import texts are erased; empty: kept until somebody erases them', null=True),
        ),
    ]
