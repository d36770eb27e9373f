-- Which version of this schema, and whether a move into it is not finished.
CREATE TABLE store (
    one     BIGINT PRIMARY KEY CHECK (one = 1),
    version BIGINT NOT NULL,
    moving  TEXT                        -- where it is moved from
);

-- The chain. `body` is what is hashed; the columns beside it only help to find it. A partition per month.
CREATE TABLE records (
    seq     BIGINT NOT NULL,
    at      BIGINT NOT NULL,            -- microseconds since 1970, UTC
    session BYTEA,                      -- UUID, 16 bytes
    kind    TEXT NOT NULL,
    hash    BYTEA NOT NULL,             -- SHA-256 of body
    body    TEXT NOT NULL,              -- canonical JSON
    PRIMARY KEY (seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX records_session ON records (session, seq) WHERE session IS NOT NULL;
CREATE INDEX records_beside ON records (kind, seq) WHERE session IS NULL;

-- The head, so that an end cut off shows.
CREATE TABLE head (
    one  BIGINT PRIMARY KEY CHECK (one = 1),
    seq  BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

-- How far each process's events are kept, so that what is sent again is known.
CREATE TABLE streams (
    stream   BYTEA PRIMARY KEY,         -- UUID of the spool
    process  TEXT NOT NULL,
    position BIGINT NOT NULL            -- of the last event kept
);

-- Derived: one row per session. UUIDv7 ids sort by time.
CREATE TABLE sessions (
    id       BYTEA PRIMARY KEY,
    last     BIGINT NOT NULL,           -- microseconds since 1970, UTC
    source   TEXT NOT NULL,
    host     TEXT NOT NULL,
    service  TEXT NOT NULL,
    events   BIGINT NOT NULL,
    open     BIGINT NOT NULL,           -- 1 until its end is recorded
    row      TEXT NOT NULL,             -- the whole row as JSON
    own      BIGINT NOT NULL,           -- 1: the honeynet's own
    severity BIGINT NOT NULL            -- 0 info to 3 high
);
CREATE INDEX sessions_last ON sessions (own, last);
CREATE INDEX sessions_open ON sessions (id) WHERE open = 1;
CREATE INDEX sessions_source ON sessions (source, id);
CREATE INDEX sessions_host ON sessions (host, id);
CREATE INDEX sessions_service ON sessions (service, id);
CREATE INDEX sessions_severity ON sessions (severity, id) WHERE severity > 0;

-- Derived: what each session can be found by. `a:` account, `t:` technique, `h:` SHA-256, `w:` word.
CREATE TABLE terms (
    term    TEXT NOT NULL,
    session BYTEA NOT NULL,
    PRIMARY KEY (term, session)
);

-- Derived: where the alerts are.
CREATE TABLE alerts (
    seq      BIGINT PRIMARY KEY,        -- of its record
    id       TEXT NOT NULL,
    revision BIGINT NOT NULL,
    at       BIGINT NOT NULL,
    severity BIGINT NOT NULL,
    UNIQUE (id, revision)
);
CREATE INDEX alerts_at ON alerts (at);

-- What detection knows of each source, to go on after a kill as if there had been none.
CREATE TABLE incidents (
    source TEXT PRIMARY KEY,
    last   BIGINT NOT NULL,
    state  TEXT NOT NULL
);

-- Derived: how far the team is with each incident, and which records say so.
CREATE TABLE cases (
    incident TEXT PRIMARY KEY,
    state    TEXT NOT NULL,
    assignee TEXT NOT NULL,
    notes    BIGINT NOT NULL,
    seq      BIGINT NOT NULL            -- of the last change
);
CREATE TABLE case_records (
    incident TEXT NOT NULL,
    seq      BIGINT NOT NULL,
    PRIMARY KEY (incident, seq)
)
