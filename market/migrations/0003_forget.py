"""Bars and marks are forgotten through functions: who may delete of a table as he likes may also lock it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

# Both go over the instruments by a loose index scan: one descent of the index for each.
FORGET_BARS = """
-- Forgets at most so many bars that began before a market time (ns), the oldest first.
CREATE OR REPLACE FUNCTION forget_bars(p_width_s integer, p_before bigint, p_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    WITH RECURSIVE known AS (
        (SELECT instrument FROM bar ORDER BY instrument LIMIT 1)
        UNION ALL
        SELECT following.* FROM known, LATERAL (
            SELECT instrument FROM bar WHERE instrument > known.instrument ORDER BY instrument LIMIT 1) following
    )
    DELETE FROM bar WHERE ctid = ANY (ARRAY(
        SELECT old.ctid FROM known, LATERAL (
            SELECT ctid FROM bar
            WHERE instrument = known.instrument AND width_s = p_width_s AND at < p_before
            ORDER BY at LIMIT p_most) old
        LIMIT p_most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION forget_bars(integer, bigint, integer) FROM PUBLIC;
"""
FORGET_MARKS = """
-- Forgets at most so many runs of a price that ended before a market time (ns), the oldest first.
CREATE OR REPLACE FUNCTION forget_marks(p_before bigint, p_most integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    WITH RECURSIVE known AS (
        (SELECT instrument FROM price_run ORDER BY instrument LIMIT 1)
        UNION ALL
        SELECT following.* FROM known, LATERAL (
            SELECT instrument FROM price_run WHERE instrument > known.instrument ORDER BY instrument LIMIT 1) following
    )
    DELETE FROM price_run WHERE ctid = ANY (ARRAY(
        SELECT old.ctid FROM known, LATERAL (
            SELECT ctid FROM price_run
            WHERE instrument = known.instrument AND first_at < p_before AND last_at < p_before
            ORDER BY first_at LIMIT p_most) old
        LIMIT p_most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION forget_marks(bigint, integer) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("market", "0002_bar_venuelisting")]
    operations: ClassVar = [
        migrations.RunSQL(FORGET_BARS, "DROP FUNCTION forget_bars(integer, bigint, integer)"),
        migrations.RunSQL(FORGET_MARKS, "DROP FUNCTION forget_marks(bigint, integer)"),
    ]
