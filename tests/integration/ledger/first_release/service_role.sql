-- What a service may do: read, append through the function, halt, and write its outbox and read models' positions.
REVOKE ALL ON FUNCTION
    lease_acquire(text, integer, text, double precision), lease_renew(text, integer, bigint, double precision),
    gate_lock(text, boolean), gate_read(text), gate_pass(text), gate_halt(text, text, text, text),
    gate_change(text, text, text, text, text, text),
    append_events(text, integer, bigint, bigint, bytea, text, uuid[], uuid[], bigint[], text[], bytea[], text[], text[], text[],
           text[], text[], text[], text[], text[], text[], text, text[])
FROM PUBLIC;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ledger_service') THEN
        IF NOT (SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            RAISE WARNING 'the role ledger_service was not made: % may not create roles', current_user;
            RETURN;
        END IF;
        CREATE ROLE ledger_service NOLOGIN;
    END IF;
    GRANT SELECT ON event_log, head, inbox, gate, outbox, projection, ledger TO ledger_service;
    GRANT INSERT, UPDATE ON outbox, projection TO ledger_service;
    GRANT EXECUTE ON FUNCTION
        lease_acquire(text, integer, text, double precision), lease_renew(text, integer, bigint, double precision),
        gate_read(text), gate_halt(text, text, text, text),
        append_events(text, integer, bigint, bigint, bytea, text, uuid[], uuid[], bigint[], text[], bytea[], text[], text[], text[],
               text[], text[], text[], text[], text[], text[], text, text[])
    TO ledger_service;
END
$$;
