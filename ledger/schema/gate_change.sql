-- Moves the gate of a book from one mode to another; refused when it is no longer where the caller saw it.
-- A halt is ended by an operator only, and to REDUCE_ONLY: whoever tightens a book that was halted meanwhile is refused.
CREATE OR REPLACE FUNCTION gate_change(
    p_book text, p_origin text, p_mode text, p_who text, p_why text, p_command_id text
) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    present text;
BEGIN
    PERFORM gate_take(p_book);
    SELECT mode INTO present FROM gate WHERE book = p_book;
    IF coalesce(present, 'NORMAL') <> p_origin THEN
        RAISE EXCEPTION 'the gate of % is %, not %', p_book, coalesce(present, 'NORMAL'), p_origin
            USING ERRCODE = 'LG002';
    END IF;
    IF p_origin = 'HALTED' AND p_mode <> 'HALTED' AND (p_who NOT LIKE 'operator:%' OR p_mode <> 'REDUCE_ONLY') THEN
        RAISE EXCEPTION 'the halt of % is ended by an operator and to REDUCE_ONLY, not by % to %', p_book, p_who, p_mode
            USING ERRCODE = 'LG002';
    END IF;
    INSERT INTO gate (book, mode, who, why, command_id, gate_at)
    VALUES (p_book, p_mode, p_who, p_why, p_command_id, clock_timestamp())
    ON CONFLICT (book) DO UPDATE
        SET mode = excluded.mode, who = excluded.who, why = excluded.why,
            command_id = excluded.command_id, gate_at = excluded.gate_at;
END
$$;
