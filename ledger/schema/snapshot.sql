-- Folded states, so that a core need not begin at the first event. Each is as of a position of each log (0: nothing of
-- it is folded) and of that row's hash; `fingerprint` is that of the code that folded it, `digest` the state's sha256.
-- Nothing depends on them: without one the cores begin at the start of the logs.
CREATE TABLE snapshot (
    name            text        NOT NULL CHECK (name IN ('governance', 'execution')),
    partition       integer     NOT NULL CHECK (partition >= 0),
    governance      bigint      NOT NULL CHECK (governance >= 0),
    governance_hash bytea       NOT NULL CHECK (octet_length(governance_hash) = 32),
    execution       bigint      NOT NULL CHECK (execution >= 0),
    execution_hash  bytea       NOT NULL CHECK (octet_length(execution_hash) = 32),
    fingerprint     text        NOT NULL,
    taken_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    digest          bytea       NOT NULL CHECK (octet_length(digest) = 32),
    state           bytea       NOT NULL,
    PRIMARY KEY (name, partition, governance, execution, fingerprint)
);
