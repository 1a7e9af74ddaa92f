"""Visits are forgotten through a function: who may delete of a table as he likes may also lock it."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations

FORGET_VISITS = """
-- Forgets sessions that are over, and logins of so many days ago (one at least).
CREATE OR REPLACE FUNCTION forget_visits(p_days integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    before CONSTANT timestamptz := now() - make_interval(days => greatest(p_days, 1));
    more   bigint;
    gone   bigint;
BEGIN
    DELETE FROM django_session WHERE expire_date < now();
    GET DIAGNOSTICS gone = ROW_COUNT;
    DELETE FROM axes_accessattempt WHERE attempt_time < before;
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := gone + more;
    DELETE FROM axes_accessfailurelog WHERE attempt_time < before;
    GET DIAGNOSTICS more = ROW_COUNT;
    gone := gone + more;
    DELETE FROM axes_accesslog WHERE attempt_time < before;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN gone + more;
END
$$;
REVOKE ALL ON FUNCTION forget_visits(integer) FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies: ClassVar = [("govsite", "0002_api_tokens"), ("sessions", "0001_initial"), ("axes", "0001_initial")]
    operations: ClassVar = [migrations.RunSQL(FORGET_VISITS, "DROP FUNCTION forget_visits(integer)")]
