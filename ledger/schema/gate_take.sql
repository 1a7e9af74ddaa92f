-- The gate of a book for whoever changes it, whatever else is up: waits for transactions that are through it. Nobody holds
-- that up: who is through for longer than two seconds has his session ended, and nothing of what he began is recorded.
CREATE OR REPLACE FUNCTION gate_take(p_book text) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
BEGIN
    FOR attempt IN 1 .. 10 LOOP
        BEGIN
            PERFORM gate_lock(p_book, true);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM gate_clear(p_book, attempt = 10);
        END;
    END LOOP;
END
$$;
