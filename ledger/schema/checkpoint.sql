-- Signed checkpoints of the logs, gapless per log and partition, chained by hash. What is signed is in ledger/checkpoints.py.
CREATE TABLE checkpoint (
    log        text        NOT NULL CHECK (log IN ('governance', 'execution')),
    partition  integer     NOT NULL CHECK (partition >= 0),
    first      bigint      NOT NULL CHECK (first >= 1),
    last       bigint      NOT NULL CHECK (last >= first),
    head       bytea       NOT NULL CHECK (octet_length(head) = 32),
    root       bytea       NOT NULL CHECK (octet_length(root) = 32),
    previous   bytea       NOT NULL CHECK (octet_length(previous) = 32),
    made_at    timestamptz NOT NULL,
    key_id     text        NOT NULL,
    hash       bytea       NOT NULL CHECK (octet_length(hash) = 32),
    signature  bytea       NOT NULL CHECK (octet_length(signature) = 64),
    PRIMARY KEY (log, partition, last),
    UNIQUE (log, partition, first)
);
CREATE FUNCTION refuse_checkpoint_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'checkpoints are append-only: % is refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON checkpoint
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_checkpoint_change();
ALTER TABLE checkpoint ENABLE ALWAYS TRIGGER append_only;
