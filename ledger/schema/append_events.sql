-- The one way into the log: events, inbox, mark and gate in one transaction, or nothing.
--
-- hash = sha256(prev_hash || fields joined by 0x1F || 0x1F || state), the fields in the order below; recorded_at is
-- ISO 8601 in UTC with six digits and Z; a null is empty. The first prev_hash is 32 zero bytes.
CREATE OR REPLACE FUNCTION append_events(
    p_log text, p_partition integer, p_epoch bigint, p_position bigint, p_hash bytea, p_mark text,
    p_event_ids uuid[], p_originator_ids uuid[], p_versions bigint[], p_topics text[], p_states bytea[],
    p_correlations text[], p_causations text[], p_commands text[], p_actors text[], p_books text[],
    p_inbox_commands text[], p_inbox_entries text[], p_inbox_results text[], p_inbox_books text[],
    p_gate_book text, p_gate_mode text, p_gate_change text[]
) RETURNS TABLE (recorded_us bigint, last bigint, last_hash bytea)
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sep      CONSTANT text := E'\x1f';
    writer   head;
    now      timestamptz;
    iso      text;
    count    CONSTANT integer := cardinality(p_event_ids);
    chain    bytea := p_hash;
    previous bytea[] := '{}';
    hashes   bytea[] := '{}';
BEGIN
    PERFORM only_writer(p_log, p_gate_change IS NOT NULL OR cardinality(p_inbox_commands) > 0);
    IF position(sep IN array_to_string(p_topics || p_correlations || p_causations || p_commands || p_actors || p_books, '')) > 0 THEN
        RAISE EXCEPTION 'a field holds the separator 0x1F' USING ERRCODE = 'LG004';
    END IF;
    IF p_gate_change IS NOT NULL THEN
        PERFORM gate_change(p_gate_change[1], p_gate_change[2], p_gate_change[3], p_gate_change[4], p_gate_change[5], p_gate_change[6]);
    END IF;
    IF p_gate_book IS NOT NULL THEN
        PERFORM gate_pass(p_gate_book, p_gate_mode);
    END IF;

    SELECT * INTO writer FROM head WHERE head.log = p_log AND head.partition = p_partition FOR UPDATE;
    IF writer.epoch IS DISTINCT FROM p_epoch THEN
        RAISE EXCEPTION 'the log % is at epoch % (%), not %', p_log, writer.epoch, writer.owner, p_epoch USING ERRCODE = 'LG001';
    END IF;
    IF writer.position <> p_position OR writer.hash <> p_hash THEN
        RAISE EXCEPTION 'the log % stands at %, not %', p_log, writer.position, p_position USING ERRCODE = 'LG001';
    END IF;
    now := clock_timestamp();
    iso := to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

    FOR i IN 1 .. count LOOP
        previous[i] := chain;
        chain := sha256(chain || convert_to(concat(
            p_log, sep, p_partition, sep, p_position + i, sep, p_event_ids[i], sep, p_originator_ids[i], sep,
            p_versions[i], sep, p_topics[i], sep, iso, sep, p_correlations[i], sep, p_causations[i], sep,
            p_commands[i], sep, p_actors[i], sep, p_books[i], sep), 'UTF8') || p_states[i]);
        hashes[i] := chain;
    END LOOP;
    IF count > 0 THEN
        INSERT INTO event_log (
            log, partition, position, event_id, originator_id, originator_version, topic, state, recorded_at,
            correlation_id, causation_id, command_id, actor, book, prev_hash, hash)
        SELECT p_log, p_partition, p_position + e.n, e.event_id, e.originator_id, e.version, e.topic, e.state, now,
               e.correlation, e.causation, e.command, e.actor, e.book, e.prev, e.hash
        FROM unnest(p_event_ids, p_originator_ids, p_versions, p_topics, p_states, p_correlations, p_causations,
                    p_commands, p_actors, p_books, previous, hashes) WITH ORDINALITY
             AS e (event_id, originator_id, version, topic, state, correlation, causation,
                   command, actor, book, prev, hash, n);
    END IF;
    IF cardinality(p_inbox_commands) > 0 THEN
        INSERT INTO inbox (command_id, entry_id, result, book, recorded_at)
        SELECT e.command, e.entry, e.result, e.book, now
        FROM unnest(p_inbox_commands, p_inbox_entries, p_inbox_results, p_inbox_books) AS e (command, entry, result, book);
    END IF;
    UPDATE head SET position = p_position + count, hash = chain, mark = coalesce(p_mark, head.mark)
    WHERE head.log = p_log AND head.partition = p_partition;
    RETURN QUERY SELECT (extract(epoch FROM now) * 1000000)::bigint, p_position + count, chain;
END
$$;
