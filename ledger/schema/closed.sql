-- Nobody calls these but the owner and the accounts that are granted them (govsite/accounts).
REVOKE ALL ON FUNCTION
    only_writer(text, boolean), projection_hold(text, text, integer),
    lease_acquire(text, integer, text, double precision), lease_renew(text, integer, bigint, double precision),
    gate_lock(text, boolean), gate_read(text), gate_pass(text, text), gate_halt(text, text, text, text),
    gate_change(text, text, text, text, text, text),
    append_events(text, integer, bigint, bigint, bytea, text, uuid[], uuid[], bigint[], text[], bytea[], text[], text[], text[],
           text[], text[], text[], text[], text[], text[], text, text, text[])
FROM PUBLIC;
