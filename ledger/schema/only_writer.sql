-- Each log has one account that writes it (the owner may too); only the governor's moves gates and answers commands.
-- Called by functions of the owner, so `current_user` is the owner and `session_user` whoever is logged in.
CREATE OR REPLACE FUNCTION only_writer(p_log text, p_governs boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF pg_has_role(session_user, current_user, 'MEMBER')
        OR (session_user = 'gov_governor' AND p_log = 'governance')
        OR (session_user = 'gov_executor' AND p_log = 'execution' AND NOT p_governs) THEN
        RETURN;
    END IF;
    RAISE EXCEPTION '% may not write the log %', session_user, p_log USING ERRCODE = 'insufficient_privilege';
END
$$;
