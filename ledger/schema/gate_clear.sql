-- Ends the sessions that hold a gate against whoever changes it. An owner who may not end them, and whoever waited long enough, is
-- told who they are.
CREATE OR REPLACE FUNCTION gate_clear(p_book text, p_give_up boolean) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    holder record;
BEGIN
    FOR holder IN
        SELECT activity.pid, usename, application_name
        FROM pg_locks JOIN pg_stat_activity activity USING (pid)
        WHERE locktype = 'advisory' AND objsubid = 1 AND granted AND activity.pid <> pg_backend_pid()
          AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND ((classid::bigint << 32) | objid::bigint = hashtextextended('gate ' || p_book, 0)
               OR (classid::bigint << 32) | objid::bigint = hashtextextended('gate *', 0) AND mode = 'ExclusiveLock')
    LOOP
        BEGIN
            IF p_give_up THEN
                RAISE insufficient_privilege;
            END IF;
            PERFORM pg_terminate_backend(holder.pid);
            RAISE LOG 'ended the session % of % (%): it held up the gate of %',
                holder.pid, holder.usename, holder.application_name, p_book;
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE EXCEPTION 'the gate of % is as it was: the session % of % (%) holds it; as a superuser: SELECT pg_terminate_backend(%)',
                p_book, holder.pid, holder.usename, holder.application_name, holder.pid
                USING ERRCODE = 'LG005';
        END;
    END LOOP;
    IF p_give_up THEN
        RAISE EXCEPTION 'the gate of % is as it was: others wait there too, and were before: try again', p_book USING ERRCODE = 'LG005';
    END IF;
END
$$;
