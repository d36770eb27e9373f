-- Records without a session are few; the audit log and the quota find theirs here.
CREATE INDEX records_beside ON records (kind, seq) WHERE session IS NULL;
CREATE INDEX alerts_at ON alerts (at);

-- What lists are narrowed by, beside the row that has it all.
ALTER TABLE sessions ADD COLUMN own INTEGER NOT NULL DEFAULT 0;       -- 1: the honeynet's own
ALTER TABLE sessions ADD COLUMN severity INTEGER NOT NULL DEFAULT 0;  -- 0 info to 3 high
UPDATE sessions SET
    own = json_extract(row, '$.own') IS NOT NULL,
    severity = CASE json_extract(row, '$.severity')
        WHEN 'high' THEN 3 WHEN 'medium' THEN 2 WHEN 'low' THEN 1 ELSE 0 END;
DROP INDEX sessions_last;
CREATE INDEX sessions_last ON sessions (own, last);
CREATE INDEX sessions_source ON sessions (source, id);
CREATE INDEX sessions_host ON sessions (host, id);
CREATE INDEX sessions_service ON sessions (service, id);
CREATE INDEX sessions_severity ON sessions (severity, id) WHERE severity > 0;

-- Derived: what each session can be found by. `a:` account, `t:` technique, `h:` SHA-256, `w:` word.
CREATE TABLE terms (
    term    TEXT NOT NULL,
    session BLOB NOT NULL,
    PRIMARY KEY (term, session)
) STRICT, WITHOUT ROWID;

-- Derived: how far the team is with each incident, and which records say so.
CREATE TABLE cases (
    incident TEXT PRIMARY KEY,
    state    TEXT NOT NULL,
    assignee TEXT NOT NULL,
    notes    INTEGER NOT NULL,
    seq      INTEGER NOT NULL            -- of the last change
) STRICT, WITHOUT ROWID;
CREATE TABLE case_records (
    incident TEXT NOT NULL,
    seq      INTEGER NOT NULL,
    PRIMARY KEY (incident, seq)
) STRICT, WITHOUT ROWID;
