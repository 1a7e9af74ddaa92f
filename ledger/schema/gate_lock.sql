-- The advisory lock of a book's gate, until the end of the transaction; '*' is always locked before a book.
CREATE OR REPLACE FUNCTION gate_lock(p_book text, p_exclusive boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF p_book <> '*' THEN
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('gate *', 0));
    END IF;
    IF p_exclusive THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('gate ' || p_book, 0));
    ELSE
        PERFORM pg_advisory_xact_lock_shared(hashtextextended('gate ' || p_book, 0));
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'the gate must be read after its lock: use read committed' USING ERRCODE = 'LG004';
    END IF;
END
$$;
