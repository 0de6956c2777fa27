CREATE TABLE events (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    stream  TEXT    NOT NULL,
    version INTEGER NOT NULL,
    at      TEXT    NOT NULL,
    actor   TEXT    NOT NULL,
    host    TEXT    NOT NULL,
    kind    TEXT    NOT NULL,
    schema  INTEGER NOT NULL,
    body    TEXT    NOT NULL,
    hash    TEXT    NOT NULL,
    UNIQUE (stream, version)
);

-- Listings ask which streams there are and when they were begun, not what is in them.
CREATE UNIQUE INDEX events_begun ON events (stream) WHERE version = 1;

CREATE TABLE blobs (
    hash  TEXT PRIMARY KEY NOT NULL,
    bytes BLOB NOT NULL
);

CREATE TRIGGER events_keep_update BEFORE UPDATE ON events
BEGIN SELECT raise(ABORT, 'events are never edited; append a correction'); END;

CREATE TRIGGER events_keep_delete BEFORE DELETE ON events
BEGIN SELECT raise(ABORT, 'events are never deleted'); END;

CREATE TRIGGER blobs_keep_update BEFORE UPDATE ON blobs
BEGIN SELECT raise(ABORT, 'blobs are never edited'); END;

CREATE TRIGGER blobs_keep_delete BEFORE DELETE ON blobs
BEGIN SELECT raise(ABORT, 'blobs are never deleted'); END;
