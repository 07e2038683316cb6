-- +goose Up
-- What the world sees of a job. River's tables beside it decide when it runs.
CREATE TABLE job_state (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    river_id    INTEGER NOT NULL UNIQUE, -- the row of river_job that may run it
    kind        TEXT NOT NULL,
    args        TEXT NOT NULL CHECK (json_valid(args)),
    state       TEXT NOT NULL CHECK (state IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    progress    INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message     TEXT NOT NULL DEFAULT '',
    result      TEXT CHECK (result IS NULL OR json_valid(result)),
    error       TEXT NOT NULL DEFAULT '',
    error_kind  TEXT NOT NULL DEFAULT '',
    attempt     INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER NOT NULL DEFAULT 0, -- Unix milliseconds; the worker is taken for dead after it
    created_at  TEXT NOT NULL, -- RFC 3339, UTC
    started_at  TEXT,
    finished_at TEXT
) STRICT;
CREATE INDEX job_state_open ON job_state (lease_until) WHERE state IN ('accepted', 'running');
CREATE INDEX job_state_finished ON job_state (finished_at) WHERE finished_at IS NOT NULL;
