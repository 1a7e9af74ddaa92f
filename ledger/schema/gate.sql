-- Whether a book may trade; '*' stands for all books. Where there is no row the mode is NORMAL.
CREATE TABLE gate (
    book       text        PRIMARY KEY,
    mode       text        NOT NULL CHECK (mode IN ('NORMAL', 'REDUCE_ONLY', 'HALTED')),
    who        text        NOT NULL,
    why        text        NOT NULL,
    command_id text        NOT NULL,
    gate_at    timestamptz NOT NULL
);
