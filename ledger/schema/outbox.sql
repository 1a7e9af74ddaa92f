-- Operators' commands on their way into a stream: sent, and sent again, until the inbox has them.
CREATE TABLE outbox (
    command_id text        PRIMARY KEY,
    stream     text        NOT NULL,
    raw        bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at    timestamptz,
    result     text
);
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE result IS NULL;
