"""Full governance; the read models begin anew, so that what the ledger told before this release is in them too."""

import django.db.models.deletion
import ledger.readmodel
from django.db import migrations, models


TABLES = ('ballot', 'book', 'decision', 'deliberation', 'feedgap', 'proposal', 'rule', 'seat')
BEGIN_ANEW = (
    f"TRUNCATE {', '.join(f'governance_{name}' for name in TABLES)}; "
    "DELETE FROM projection WHERE name = 'governance'"
)


class Migration(migrations.Migration):

    dependencies = [
        ('ledger', '0002_models'),
        ('governance', '0002_decision_in_order'),
    ]

    operations = [
        migrations.RunSQL(BEGIN_ANEW, migrations.RunSQL.noop),
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('alarm_id', models.TextField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('breaker', models.TextField()),
                ('subject', models.TextField()),
                ('effect', models.TextField()),
                ('level', models.FloatField()),
                ('formula', models.TextField()),
                ('inputs', models.JSONField(default=dict)),
                ('raised_at', models.DateTimeField(db_index=True)),
                ('acknowledged_by', models.TextField(blank=True, default='')),
                ('acknowledged_why', models.TextField(blank=True, default='')),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('cleared_by', models.TextField(blank=True, default='')),
                ('cleared_why', models.TextField(blank=True, default='')),
                ('cleared_at', models.DateTimeField(null=True)),
            ],
            options={
                'permissions': (('acknowledge_alarm', 'Can acknowledge alarms and clear breakers'),),
                'abstract': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='BreakerState',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('breaker_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('breaker', models.TextField()),
                ('subject', models.TextField()),
                ('state', models.TextField()),
                ('effect', models.TextField(blank=True, default='')),
                ('level', models.FloatField()),
                ('formula', models.TextField()),
                ('inputs', models.JSONField(default=dict)),
                ('alarm_id', models.TextField(blank=True, default='')),
                ('who', models.TextField(blank=True, default='')),
                ('why', models.TextField(blank=True, default='')),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'breaker',
                'abstract': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ChangeRequest',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('aggregate_id', models.UUIDField(primary_key=True, serialize=False)),
                ('change_id', models.TextField(db_index=True)),
                ('book', models.TextField()),
                ('kind', models.TextField()),
                ('subject', models.TextField()),
                ('change', models.JSONField(default=dict)),
                ('loosens', models.BooleanField()),
                ('why_loosens', models.TextField()),
                ('who', models.TextField()),
                ('why', models.TextField()),
                ('preview', models.JSONField(null=True)),
                ('status', models.TextField(db_index=True, default='requested')),
                ('requested_at', models.DateTimeField(db_index=True)),
                ('approved_by', models.TextField(blank=True, default='')),
                ('approved_why', models.TextField(blank=True, default='')),
                ('enacts_at', models.DateTimeField(null=True)),
                ('refused_by', models.TextField(blank=True, default='')),
                ('refused_why', models.TextField(blank=True, default='')),
                ('closed_at', models.DateTimeField(null=True)),
            ],
            options={
                'permissions': (('request_change', 'Can ask for changes of a book'), ('approve_change', 'Can approve and refuse changes of a book')),
                'abstract': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Outcome',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('outcome_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('bucket', models.BigIntegerField()),
                ('deliberation_id', models.TextField(db_index=True)),
                ('question', models.TextField()),
                ('horizon_s', models.IntegerField()),
                ('legs', models.JSONField(default=list)),
                ('gain', models.FloatField(null=True)),
                ('y', models.BooleanField(null=True)),
                ('recorded_at', models.DateTimeField(db_index=True)),
            ],
            options={
                'abstract': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.AddField(
            model_name='book',
            name='day',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.AddField(
            model_name='book',
            name='day_open',
            field=ledger.readmodel.ExactField(decimal_places=18, max_digits=48, null=True),
        ),
        migrations.AddField(
            model_name='book',
            name='equity',
            field=ledger.readmodel.ExactField(decimal_places=18, max_digits=48, null=True),
        ),
        migrations.AddField(
            model_name='book',
            name='peak',
            field=ledger.readmodel.ExactField(decimal_places=18, max_digits=48, null=True),
        ),
        migrations.AddField(
            model_name='decision',
            name='held',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='proposal',
            name='legs',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='rule',
            name='examples',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='seat',
            name='edited_position',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AddField(
            model_name='seat',
            name='events',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='seat',
            name='paused_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='seat',
            name='shadow',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='seat',
            name='signals',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='seat',
            name='strikes',
            field=models.IntegerField(default=0),
        ),
        migrations.AddField(
            model_name='seat',
            name='suspended_by',
            field=models.JSONField(default=list),
        ),
        migrations.CreateModel(
            name='CouncilScore',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('score_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('bucket', models.BigIntegerField()),
                ('copy', models.IntegerField()),
                ('cap', models.FloatField()),
                ('floor', models.FloatField()),
                ('questions', models.IntegerField()),
                ('mix_loss', models.FloatField()),
                ('forecast_loss', models.FloatField()),
                ('scored_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['book', 'bucket'], name='score_by_bucket')],
            },
        ),
        migrations.CreateModel(
            name='Hold',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('decision_id', models.TextField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('instrument', models.TextField()),
                ('track', models.TextField()),
                ('rules', models.JSONField(default=list)),
                ('orders', models.JSONField(default=list)),
                ('held', models.JSONField(default=list)),
                ('status', models.TextField(db_index=True, default='held')),
                ('held_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('who', models.TextField(blank=True, default='')),
                ('why', models.TextField(blank=True, default='')),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.TextField(blank=True, default='')),
                ('deliberation', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='holds', to='governance.deliberation')),
            ],
            options={
                'permissions': (('decide_hold', 'Can release and refuse held decisions'),),
                'abstract': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='InstrumentState',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('instrument_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('instrument', models.TextField()),
                ('suspended', models.BooleanField(default=False)),
                ('suspended_by', models.TextField(blank=True, default='')),
                ('suspended_why', models.TextField(blank=True, default='')),
                ('suspended_at', models.DateTimeField(null=True)),
                ('formula', models.TextField(blank=True, default='')),
                ('inputs', models.JSONField(default=dict)),
                ('restricted', models.TextField(blank=True, default='')),
                ('restricted_since', models.BigIntegerField(null=True)),
                ('restricted_until', models.BigIntegerField(null=True)),
                ('restricted_by', models.TextField(blank=True, default='')),
                ('restricted_why', models.TextField(blank=True, default='')),
                ('tradable', models.BooleanField(default=True)),
                ('venue_status', models.TextField(blank=True, default='')),
            ],
            options={
                'verbose_name': 'instrument',
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['book', 'instrument'], name='instrument_by_symbol')],
            },
        ),
        migrations.CreateModel(
            name='RuleVersion',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('version_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('rule', models.TextField()),
                ('version', models.IntegerField()),
                ('title', models.TextField()),
                ('effect', models.TextField()),
                ('clauses', models.JSONField(default=list)),
                ('clip_to', models.TextField(blank=True, default='')),
                ('exempt_risk_reducing', models.BooleanField(default=True)),
                ('shadow', models.BooleanField(default=False)),
                ('examples', models.JSONField(default=list)),
                ('who', models.TextField()),
                ('why', models.TextField()),
                ('activated_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['book', 'rule', 'version'], name='rule_versions')],
            },
        ),
        migrations.CreateModel(
            name='SeatWeight',
            fields=[
                ('ledger_position', models.BigIntegerField()),
                ('weight_id', models.UUIDField(primary_key=True, serialize=False)),
                ('book', models.TextField()),
                ('agent', models.TextField()),
                ('bucket', models.BigIntegerField()),
                ('copy', models.IntegerField()),
                ('forecasts', models.IntegerField()),
                ('questions', models.IntegerField()),
                ('loss', models.FloatField()),
                ('brier', models.FloatField(null=True)),
                ('before', models.FloatField()),
                ('after', models.FloatField()),
                ('ppm', models.IntegerField()),
                ('scored_at', models.DateTimeField()),
            ],
            options={
                'abstract': False,
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['book', 'agent', 'bucket'], name='weight_over_time')],
            },
        ),
        migrations.AddIndex(
            model_name='ballot',
            index=models.Index(fields=['agent', 'ledger_position'], name='ballots_of_agent'),
        ),
        migrations.AddIndex(
            model_name='ballot',
            index=models.Index(condition=models.Q(('veto', True)), fields=['agent', 'ledger_position'], name='vetoes_of_agent'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(fields=['agent', 'recorded_at'], name='proposals_of_agent'),
        ),
        migrations.AddIndex(
            model_name='seatweight',
            index=models.Index(fields=['book', 'ledger_position'], name='weight_in_order'),
        ),
    ]
