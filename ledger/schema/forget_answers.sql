-- Forgets answers to commands older, by more than so many milliseconds (an hour at least), than what every governor has
-- consumed. The inbox stops replays: nobody may delete of it as he likes.
CREATE OR REPLACE FUNCTION forget_answers(p_beyond_ms bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone bigint;
BEGIN
    DELETE FROM inbox WHERE entry_id ~ '^[0-9]+-[0-9]+$' AND split_part(entry_id, '-', 1)::bigint < (
        SELECT min(split_part(mark, '-', 1)::bigint) - greatest(p_beyond_ms, 3600000) FROM head
        WHERE log = 'governance' AND mark ~ '^[0-9]+-[0-9]+$');
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
