-- The mode that holds for a book: the strictest of its own and that of all books.
CREATE OR REPLACE FUNCTION gate_read(p_book text) RETURNS SETOF gate
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT * FROM gate
    WHERE book IN (p_book, '*') AND mode <> 'NORMAL'
    ORDER BY mode = 'HALTED' DESC, gate_at
    LIMIT 1
$$;
