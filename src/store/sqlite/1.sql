-- The chain. `body` is what is hashed; the columns beside it only help to find it.
CREATE TABLE records (
    seq     INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,           -- microseconds since 1970, UTC
    session BLOB,                       -- UUID, 16 bytes
    kind    TEXT NOT NULL,
    hash    BLOB NOT NULL,              -- SHA-256 of body
    body    TEXT NOT NULL               -- canonical JSON
) STRICT;
CREATE INDEX records_session ON records (session) WHERE session IS NOT NULL;

-- The head, so that an end cut off shows.
CREATE TABLE head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- How far each process's events are kept, so that what is sent again is known.
CREATE TABLE streams (
    stream   BLOB PRIMARY KEY,          -- UUID of the spool
    process  TEXT NOT NULL,
    position INTEGER NOT NULL           -- of the last event kept
) STRICT, WITHOUT ROWID;

-- Derived: one row per session. UUIDv7 ids sort by time.
CREATE TABLE sessions (
    id      BLOB PRIMARY KEY,
    last    INTEGER NOT NULL,           -- microseconds since 1970, UTC
    source  TEXT NOT NULL,
    host    TEXT NOT NULL,
    service TEXT NOT NULL,
    events  INTEGER NOT NULL,
    open    INTEGER NOT NULL,           -- 1 until its end is recorded
    row     TEXT NOT NULL               -- the whole row as JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_last ON sessions (last);
CREATE INDEX sessions_open ON sessions (id) WHERE open = 1;

-- Derived: where the alerts are.
CREATE TABLE alerts (
    seq      INTEGER PRIMARY KEY,       -- of its record
    id       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    severity INTEGER NOT NULL,          -- 0 info to 3 high
    UNIQUE (id, revision)
) STRICT;

-- What detection knows of each source, to go on after a kill as if there had been none.
CREATE TABLE incidents (
    source TEXT PRIMARY KEY,
    last   INTEGER NOT NULL,
    state  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
