"""The table of marks."""

from django.db import migrations, models

# Runs of an instrument never overlap, so the key finds both the run that holds a time and the next one; an index on
# last_at would be written with every flush. Numbers without a scale keep the digits that the venue gave.
PRICE_RUN = """
    CREATE TABLE price_run (
        instrument text    NOT NULL,
        first_at   bigint  NOT NULL,
        last_at    bigint  NOT NULL CHECK (last_at >= first_at),
        price      numeric NOT NULL,
        spread     numeric NOT NULL,
        source     text    NOT NULL,
        PRIMARY KEY (instrument, first_at)
    ) WITH (fillfactor = 80)"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(PRICE_RUN, "DROP TABLE price_run"),
        migrations.CreateModel(
            name="PriceRun",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "instrument", "first_at", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("instrument", models.TextField()),
                ("first_at", models.BigIntegerField()),
                ("last_at", models.BigIntegerField()),
                ("price", models.DecimalField(decimal_places=18, max_digits=48)),
                ("spread", models.DecimalField(decimal_places=18, max_digits=48)),
                ("source", models.TextField()),
            ],
            options={"db_table": "price_run", "managed": False},
        ),
    ]
