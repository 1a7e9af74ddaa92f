-- Takes the right to write a log: raises the epoch, so that whoever wrote before is refused from now on.
CREATE OR REPLACE FUNCTION lease_acquire(p_log text, p_partition integer, p_owner text, p_seconds double precision)
    RETURNS SETOF head
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    holder head;
BEGIN
    PERFORM only_writer(p_log);
    INSERT INTO head (log, partition) VALUES (p_log, p_partition) ON CONFLICT DO NOTHING;
    SELECT * INTO holder FROM head WHERE log = p_log AND partition = p_partition FOR UPDATE;
    IF holder.owner <> p_owner AND holder.lease_until > clock_timestamp() THEN
        RAISE EXCEPTION 'the log % is held by % until %', p_log, holder.owner, holder.lease_until
            USING ERRCODE = 'LG003';
    END IF;
    RETURN QUERY
        UPDATE head
        SET epoch = epoch + 1, owner = p_owner, lease_until = clock_timestamp() + make_interval(secs => p_seconds)
        WHERE log = p_log AND partition = p_partition
        RETURNING *;
END
$$;
