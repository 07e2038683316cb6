-- +goose Up
ALTER TABLE dataset ADD COLUMN about json NOT NULL DEFAULT '{}'; -- catalog.About

-- Who did what to which dataset: it outlives the dataset.
CREATE TABLE act (
    seq     bigint PRIMARY KEY,
    at      text COLLATE "C" NOT NULL, -- RFC 3339, UTC
    who     text NOT NULL,
    deed    text NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    detail  json
);
CREATE INDEX act_dataset ON act (dataset, seq);
