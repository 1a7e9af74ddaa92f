-- One at a time: true where the work is the caller's now, until `work_end`, the end of the connection or (if so asked)
-- of the transaction. Each work is of certain accounts, so that no other holds it up; accounts have no other locks that
-- last (govsite/accounts/postgres.py). Keys of two numbers meet none of those that gates have.
CREATE OR REPLACE FUNCTION work_begin(p_work text, p_wait boolean DEFAULT false, p_transaction boolean DEFAULT false)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    kind   CONSTANT text := split_part(p_work, ' ', 1);
    first  CONSTANT integer := hashtext(kind);
    second CONSTANT integer := hashtext(p_work);
BEGIN
    IF NOT pg_has_role(session_user, current_user, 'MEMBER')
        AND NOT (session_user = 'gov_worker' AND kind IN ('alarms', 'outcomes', 'parquet', 'checkpoints'))
        AND NOT (session_user = 'gov_governor' AND kind = 'governance')
        AND NOT (session_user = 'gov_executor' AND kind = 'execution')
        AND NOT (session_user = 'gov_web' AND kind IN ('checkpoints', 'copies', 'ledger')) THEN
        RAISE EXCEPTION '% may not do the work %', session_user, p_work USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF p_transaction THEN
        RETURN pg_try_advisory_xact_lock(first, second);
    ELSIF p_wait THEN
        PERFORM pg_advisory_lock(first, second);
        RETURN true;
    END IF;
    RETURN pg_try_advisory_lock(first, second);
END
$$;
