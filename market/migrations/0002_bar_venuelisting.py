"""The tables of bars and of what venues say of their instruments."""

from django.db import migrations, models

# The key is the question of a chart: one instrument, one width, from when until when. Numbers without a scale keep the
# digits that the venue gave. The open bars are written again four times a second, so pages keep room for them.
BAR = """
    CREATE TABLE bar (
        instrument text    NOT NULL,
        width_s    integer NOT NULL CHECK (width_s > 0),
        at         bigint  NOT NULL CHECK (at % (width_s * 1000000000::bigint) = 0),
        open       numeric NOT NULL,
        high       numeric NOT NULL CHECK (high >= greatest(open, close)),
        low        numeric NOT NULL CHECK (low <= least(open, close)),
        close      numeric NOT NULL,
        mark       numeric NOT NULL,
        volume     numeric NOT NULL CHECK (volume >= 0),
        buy_volume numeric NOT NULL CHECK (buy_volume BETWEEN 0 AND volume),
        turnover   numeric NOT NULL,
        trades     integer NOT NULL CHECK (trades >= 0),
        source     text    NOT NULL,
        venue      text    NOT NULL,
        mixed      boolean NOT NULL,
        PRIMARY KEY (instrument, width_s, at)
    ) WITH (fillfactor = 80)"""

# For the admin, which wants one column that names a row. It is put together as it is read, so ask by the other columns.
BAR_LISTED = "CREATE VIEW bar_listed AS SELECT instrument || ' ' || width_s || ' ' || at AS key, bar.* FROM bar"

# What a filter was before it changed stays beside it: a book's terms were written for the old one.
VENUE_LISTING = """
    CREATE TABLE venue_listing (
        key                   text    PRIMARY KEY GENERATED ALWAYS AS (venue || ' ' || symbol) STORED,
        venue                 text    NOT NULL,
        symbol                text    NOT NULL,
        base                  text    NOT NULL,
        quote                 text    NOT NULL,
        tick_size             numeric NOT NULL,
        lot_size              numeric NOT NULL,
        min_notional          numeric NOT NULL,
        tradable              boolean NOT NULL,
        status                text    NOT NULL,
        at                    bigint  NOT NULL,
        first_at              bigint  NOT NULL,
        changed_at            bigint,
        previous_tick_size    numeric,
        previous_lot_size     numeric,
        previous_min_notional numeric,
        UNIQUE (venue, symbol)
    )"""


def exact(**options: bool) -> models.DecimalField:
    return models.DecimalField(decimal_places=18, max_digits=48, **options)


class Migration(migrations.Migration):
    dependencies = [("market", "0001_initial")]
    operations = [
        migrations.RunSQL(BAR, "DROP TABLE bar"),
        migrations.RunSQL(BAR_LISTED, "DROP VIEW bar_listed"),
        migrations.RunSQL(VENUE_LISTING, "DROP TABLE venue_listing"),
        migrations.CreateModel(
            name="Bar",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("instrument", models.TextField()),
                ("width_s", models.IntegerField()),
                ("at", models.BigIntegerField()),
                *((name, exact()) for name in ("open", "high", "low", "close", "mark")),
                *((name, exact()) for name in ("volume", "buy_volume", "turnover")),
                ("trades", models.IntegerField()),
                ("source", models.TextField()),
                ("venue", models.TextField()),
                ("mixed", models.BooleanField()),
            ],
            options={
                "db_table": "bar_listed",
                "managed": False,
                "default_permissions": ("view",),
                "unique_together": {("instrument", "width_s", "at")},
            },
        ),
        migrations.CreateModel(
            name="VenueListing",
            fields=[
                ("key", models.TextField(primary_key=True, serialize=False)),
                ("venue", models.TextField()),
                ("symbol", models.TextField()),
                ("base", models.TextField()),
                ("quote", models.TextField()),
                *((name, exact()) for name in ("tick_size", "lot_size", "min_notional")),
                ("tradable", models.BooleanField()),
                ("status", models.TextField()),
                ("at", models.BigIntegerField()),
                ("first_at", models.BigIntegerField()),
                ("changed_at", models.BigIntegerField(null=True)),
                *((f"previous_{name}", exact(null=True)) for name in ("tick_size", "lot_size", "min_notional")),
            ],
            options={"db_table": "venue_listing", "managed": False, "default_permissions": ("view",)},
        ),
    ]
