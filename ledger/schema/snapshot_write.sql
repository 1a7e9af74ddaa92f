-- Keeps a folded state for whoever writes that log, who is the one to believe it, and the newest two of a core: it may be
-- reading the one before.
CREATE OR REPLACE FUNCTION snapshot_write(
    p_name text, p_partition integer, p_governance bigint, p_governance_hash bytea, p_execution bigint,
    p_execution_hash bytea, p_fingerprint text, p_state bytea
) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM only_writer(p_name);
    INSERT INTO snapshot (name, partition, governance, governance_hash, execution, execution_hash, fingerprint, digest, state)
    VALUES (p_name, p_partition, p_governance, p_governance_hash, p_execution, p_execution_hash, p_fingerprint,
            sha256(p_state), p_state)
    ON CONFLICT DO NOTHING;
    DELETE FROM snapshot WHERE name = p_name AND partition = p_partition AND taken_at < (
        SELECT taken_at FROM snapshot WHERE name = p_name AND partition = p_partition
        ORDER BY taken_at DESC LIMIT 1 OFFSET 1);
END
$$;
