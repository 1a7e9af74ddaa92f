-- Every command that was consumed, and its answer; written with the events that it led to.
CREATE TABLE inbox (
    command_id  text        PRIMARY KEY,
    entry_id    text        NOT NULL,
    result      text        NOT NULL,
    book        text        NOT NULL,
    recorded_at timestamptz NOT NULL
);
