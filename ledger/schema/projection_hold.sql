-- Where a read model is, held there until the transaction ends: also for who may not write it, to compare it.
CREATE OR REPLACE FUNCTION projection_hold(p_name text, p_log text, p_partition integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT position FROM projection WHERE name = p_name AND log = p_log AND partition = p_partition FOR UPDATE
$$;
