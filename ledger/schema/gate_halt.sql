-- Halts a book, or all ('*'), whatever else is up: waits for transactions that are through the gate, then shuts it.
-- Nobody holds a halt up: who is through the gate for longer than two seconds has his session ended, and nothing of what
-- he began is recorded. A book that is halted already stays halted by whom it was. Returns when the gate fell.
CREATE OR REPLACE FUNCTION gate_halt(p_book text, p_who text, p_why text, p_command_id text) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    fell timestamptz;
BEGIN
    FOR attempt IN 1 .. 10 LOOP
        BEGIN
            PERFORM gate_lock(p_book, true);
            EXIT;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM gate_clear(p_book, attempt = 10);
        END;
    END LOOP;
    INSERT INTO gate (book, mode, who, why, command_id, gate_at)
    VALUES (p_book, 'HALTED', p_who, p_why, p_command_id, clock_timestamp())
    ON CONFLICT (book) DO UPDATE
        SET mode = excluded.mode, who = excluded.who, why = excluded.why,
            command_id = excluded.command_id, gate_at = excluded.gate_at
        WHERE gate.mode <> 'HALTED';
    SELECT gate_at INTO STRICT fell FROM gate WHERE book = p_book;
    RETURN fell;
END
$$;
