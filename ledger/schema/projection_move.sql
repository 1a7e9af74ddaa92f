-- How far one who follows a log has come, for an account that may not write what others follow.
CREATE OR REPLACE FUNCTION projection_move(p_name text, p_log text, p_partition integer, p_position bigint) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT pg_has_role(session_user, current_user, 'MEMBER')
        AND NOT (session_user = 'gov_worker' AND p_name = 'alarm-webhook') THEN
        RAISE EXCEPTION '% may not move %', session_user, p_name USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO projection (name, log, partition, position) VALUES (p_name, p_log, p_partition, p_position)
    ON CONFLICT (name, log, partition) DO UPDATE SET position = excluded.position;
END
$$;
