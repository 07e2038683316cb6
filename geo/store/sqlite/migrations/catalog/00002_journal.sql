-- +goose Up
CREATE TABLE journal (
    dataset         TEXT NOT NULL,
    version         INTEGER NOT NULL,
    seq             INTEGER NOT NULL CHECK (seq >= 1),
    feature         INTEGER NOT NULL,
    op              TEXT NOT NULL CHECK (op IN ('create', 'replace', 'delete')),
    at              TEXT NOT NULL, -- RFC 3339, UTC
    who             TEXT NOT NULL,
    origin          TEXT NOT NULL,
    before_geometry BLOB, -- ISO WKB
    before_values   BLOB, -- JSON; NULL: there was no row
    after_geometry  BLOB,
    after_values    BLOB,
    PRIMARY KEY (dataset, version, seq),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
) STRICT;
CREATE INDEX journal_feature ON journal (dataset, version, feature, seq);
