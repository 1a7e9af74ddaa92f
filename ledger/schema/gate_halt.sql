-- Halts a book, or all ('*'), whatever else is up: waits for transactions that are through the gate, then shuts it.
-- A book that is halted already stays halted by whom it was. Returns when the gate fell.
CREATE OR REPLACE FUNCTION gate_halt(p_book text, p_who text, p_why text, p_command_id text) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    fell timestamptz;
BEGIN
    PERFORM gate_take(p_book);
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
