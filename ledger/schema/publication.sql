-- What the relay reads from the WAL. Updates, deletes and truncates are published too, so that the relay can raise
-- an alarm when somebody got past the trigger.
CREATE PUBLICATION ledger FOR TABLE event_log WITH (publish = 'insert, update, delete, truncate');
