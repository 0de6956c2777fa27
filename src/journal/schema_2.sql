-- What probes saw is no event: it is not chained, it is added up, and it is forgotten.
-- Times are in milliseconds since 1970 in UTC, hours are counted since 1970.

CREATE TABLE probes (
    id     INTEGER PRIMARY KEY,
    name   TEXT    NOT NULL UNIQUE,
    rolled INTEGER -- the first hour that is not added up yet
);

CREATE TABLE samples (
    probe       INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    response_us INTEGER,
    status      INTEGER,
    certificate INTEGER, -- when it ends, in seconds since 1970
    interval_ms INTEGER NOT NULL,
    reason      TEXT,
    PRIMARY KEY (probe, at)
) WITHOUT ROWID;

-- The newest sample of every probe, so that looking at all of them reads a few pages.
CREATE TABLE latest (
    probe       INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    response_us INTEGER,
    status      INTEGER,
    certificate INTEGER,
    interval_ms INTEGER NOT NULL,
    reason      TEXT
);

-- Hours and days of which something is known; the rest of their time is unknown.
CREATE TABLE rollups (
    probe          INTEGER NOT NULL,
    hours          INTEGER NOT NULL, -- how many: 1 or 24
    start          INTEGER NOT NULL, -- the first of them
    good_ms        INTEGER NOT NULL,
    bad_ms         INTEGER NOT NULL,
    maintenance_ms INTEGER NOT NULL,
    up             INTEGER NOT NULL,
    degraded       INTEGER NOT NULL,
    down           INTEGER NOT NULL,
    unknown        INTEGER NOT NULL,
    maintenance    INTEGER NOT NULL,
    not_configured INTEGER NOT NULL,
    responses      BLOB, -- a histogram of microseconds: HdrHistogram V2
    PRIMARY KEY (probe, hours, start)
) WITHOUT ROWID;

CREATE TABLE beats (
    probe   INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    message TEXT,
    PRIMARY KEY (probe, kind, at)
) WITHOUT ROWID;
