-- Extends a lease of this epoch (0 seconds end it); false when another has taken over.
CREATE OR REPLACE FUNCTION lease_renew(p_log text, p_partition integer, p_epoch bigint, p_seconds double precision)
    RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM only_writer(p_log);
    -- A renewal that a crash loses does no harm, so it does not wait for the disk.
    PERFORM set_config('synchronous_commit', 'off', true);
    UPDATE head
    SET lease_until = clock_timestamp() + make_interval(secs => p_seconds)
    WHERE log = p_log AND partition = p_partition AND epoch = p_epoch;
    RETURN FOUND;
END
$$;
