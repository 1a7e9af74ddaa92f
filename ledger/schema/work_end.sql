-- Lets another begin; what the caller has not begun stays as it is.
CREATE OR REPLACE FUNCTION work_end(p_work text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT pg_advisory_unlock(hashtext(split_part(p_work, ' ', 1)), hashtext(p_work))
$$;
