-- Keeps the newest so many snapshots of a core (two at least: it may be reading one).
CREATE OR REPLACE FUNCTION forget_snapshots(p_name text, p_partition integer, p_kept integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM snapshot WHERE name = p_name AND partition = p_partition AND taken_at < (
        SELECT taken_at FROM snapshot WHERE name = p_name AND partition = p_partition
        ORDER BY taken_at DESC LIMIT 1 OFFSET greatest(p_kept, 2) - 1)
$$;
