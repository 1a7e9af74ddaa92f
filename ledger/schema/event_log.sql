-- The two logs: one row an event, gapless positions per log and partition, chained by hash.
CREATE TABLE event_log (
    log                text        NOT NULL CHECK (log IN ('governance', 'execution')),
    partition          integer     NOT NULL CHECK (partition >= 0),
    position           bigint      NOT NULL CHECK (position >= 1),
    event_id           uuid        NOT NULL,
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL CHECK (originator_version >= 0),
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    recorded_at        timestamptz NOT NULL,
    correlation_id     text        NOT NULL,
    causation_id       text        NOT NULL,
    command_id         text,
    actor              text        NOT NULL,
    book               text        NOT NULL,
    prev_hash          bytea       NOT NULL CHECK (octet_length(prev_hash) = 32),
    hash               bytea       NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (log, partition, position),
    UNIQUE (log, partition, originator_id, originator_version),
    UNIQUE (event_id)
);
CREATE INDEX event_log_correlation ON event_log (correlation_id);
CREATE INDEX event_log_command ON event_log (command_id) WHERE command_id IS NOT NULL;
CREATE INDEX event_log_book ON event_log (book, log, partition, position);
CREATE INDEX event_log_event ON event_log (split_part(topic, '.', 2), log, partition, position);
-- Time rises with position, so a block range index finds it at almost no cost to the writer.
CREATE INDEX event_log_recorded_at ON event_log USING brin (recorded_at) WITH (pages_per_range = 16, autosummarize = on);

-- Immutable because the encoding of a database never changes; convert_from itself is only declared stable.
CREATE FUNCTION decision_of(state bytea) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT convert_from(state, 'UTF8')::jsonb ->> 'decision_id'
$$;
CREATE INDEX event_log_decision ON event_log (decision_of(state)) WHERE topic = 'Deliberation.DecisionReached';
