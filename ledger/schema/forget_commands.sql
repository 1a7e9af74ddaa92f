-- Forgets operators' commands that were answered so many days ago (one at least).
CREATE OR REPLACE FUNCTION forget_commands(p_days integer) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM outbox WHERE result IS NOT NULL AND created_at < now() - make_interval(days => greatest(p_days, 1));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
