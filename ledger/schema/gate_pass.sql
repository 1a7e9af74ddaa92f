-- Lets a transaction through that was made for the mode that holds for the book, and no other mode can be set before
-- that transaction ends. A halted book lets nothing through.
CREATE OR REPLACE FUNCTION gate_pass(p_book text, p_mode text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    barrier gate;
BEGIN
    PERFORM gate_lock(p_book, false);
    -- A statement of its own: its snapshot is taken after the lock, so it sees every change that has committed.
    SELECT * INTO barrier FROM gate_read(p_book);
    IF barrier.mode = 'HALTED' OR coalesce(barrier.mode, 'NORMAL') <> p_mode THEN
        RAISE EXCEPTION 'the book % is %, set by % at %: %',
            p_book, coalesce(barrier.mode, 'NORMAL'), barrier.who, barrier.gate_at, barrier.why
            USING ERRCODE = 'LG002';
    END IF;
END
$$;
