-- +goose Up
ALTER TABLE dataset ADD COLUMN about TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(about)); -- catalog.About

-- Who did what to which dataset: it outlives the dataset.
CREATE TABLE act (
    seq     INTEGER PRIMARY KEY,
    at      TEXT NOT NULL, -- RFC 3339, UTC
    who     TEXT NOT NULL,
    deed    TEXT NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    detail  TEXT CHECK (json_valid(detail))
) STRICT;
CREATE INDEX act_dataset ON act (dataset, seq);
