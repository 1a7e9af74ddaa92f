-- Lets a transaction through unless the book is halted; no halt can commit before that transaction ends.
CREATE OR REPLACE FUNCTION gate_pass(p_book text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    barrier gate;
BEGIN
    PERFORM gate_lock(p_book, false);
    -- A statement of its own: its snapshot is taken after the lock, so it sees every halt that has committed.
    SELECT * INTO barrier FROM gate WHERE book IN (p_book, '*') AND mode = 'HALTED' ORDER BY gate_at LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the book % is halted by % since %: %', p_book, barrier.who, barrier.gate_at, barrier.why
            USING ERRCODE = 'LG002';
    END IF;
END
$$;
