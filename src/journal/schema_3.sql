-- Listings of what is still going on ask how each stream ended, not what is in it. Streams have one or two such events
-- among many, so this index is small. Queries that are to use it repeat its list of kinds word for word: `open.rs`.
CREATE INDEX events_ended ON events (stream, version, kind) WHERE kind IN ('resolved', 'closed', 'canceled', 'merged', 'reopened', 'maintenance_finished', 'maintenance_canceled', 'alert_resolved', 'run_finished', 'run_aborted');

-- What is to be done outlives its incident: who asks for it finds the streams that have some.
CREATE INDEX events_work ON events (stream, kind) WHERE kind IN ('action_created', 'action_done', 'action_dropped');
