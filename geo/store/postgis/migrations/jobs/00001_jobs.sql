-- +goose Up
-- What the world sees of a job. River's tables beside it decide when it runs.
CREATE TABLE job_state (
    seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          text COLLATE "C" NOT NULL UNIQUE,
    river_id    bigint NOT NULL UNIQUE, -- the row of river_job that may run it
    kind        text NOT NULL,
    args        json NOT NULL,
    state       text NOT NULL CHECK (state IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    progress    integer NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message     text NOT NULL DEFAULT '',
    result      json,
    error       text NOT NULL DEFAULT '',
    error_kind  text NOT NULL DEFAULT '',
    attempt     integer NOT NULL DEFAULT 0,
    lease_until bigint NOT NULL DEFAULT 0, -- Unix milliseconds; the worker is taken for dead after it
    created_at  text COLLATE "C" NOT NULL, -- RFC 3339, UTC
    started_at  text COLLATE "C",
    finished_at text COLLATE "C"
);
CREATE INDEX job_state_open ON job_state (lease_until) WHERE state IN ('accepted', 'running');
CREATE INDEX job_state_finished ON job_state (finished_at) WHERE finished_at IS NOT NULL;
