-- Where each log stands, and who may write it: the only lock that a writer takes.
CREATE TABLE head (
    log         text        NOT NULL CHECK (log IN ('governance', 'execution')),
    partition   integer     NOT NULL CHECK (partition >= 0),
    position    bigint      NOT NULL DEFAULT 0,
    hash        bytea       NOT NULL DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000',
    epoch       bigint      NOT NULL DEFAULT 0,
    owner       text        NOT NULL DEFAULT '',
    lease_until timestamptz NOT NULL DEFAULT 'epoch',
    mark        text        NOT NULL DEFAULT '',
    name        text        GENERATED ALWAYS AS (log || '.' || partition::text) STORED,
    PRIMARY KEY (log, partition)
) WITH (fillfactor = 20);
