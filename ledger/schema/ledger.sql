-- The auditors' table: its columns are a public interface.
CREATE OR REPLACE VIEW ledger AS
SELECT log, partition, position, event_id, recorded_at,
       split_part(topic, '.', 1) AS aggregate, originator_id AS aggregate_id, originator_version AS version,
       split_part(topic, '.', 2) AS event,
       book, actor, correlation_id, causation_id, command_id,
       convert_from(state, 'UTF8')::jsonb AS payload,
       prev_hash, hash
FROM event_log;
