-- +goose Up
CREATE TABLE dataset (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    role        TEXT NOT NULL,
    title       TEXT NOT NULL,
    description TEXT NOT NULL,
    license     TEXT NOT NULL,
    attribution TEXT NOT NULL,
    created_at  TEXT NOT NULL, -- RFC 3339, UTC
    current     INTEGER NOT NULL CHECK (current >= 1)
) STRICT, WITHOUT ROWID;

CREATE TABLE version (
    dataset      TEXT NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    number       INTEGER NOT NULL CHECK (number >= 1),
    published_at TEXT NOT NULL,
    sha256       TEXT NOT NULL,
    crs          TEXT NOT NULL,
    min_x        REAL NOT NULL, -- in crs; infinite when there is no geometry
    min_y        REAL NOT NULL,
    max_x        REAL NOT NULL,
    max_y        REAL NOT NULL,
    west         REAL NOT NULL, -- WGS84; west > east crosses the antimeridian
    south        REAL NOT NULL,
    east         REAL NOT NULL,
    north        REAL NOT NULL,
    time_start   TEXT,
    time_end     TEXT,
    detail       TEXT NOT NULL CHECK (json_valid(detail)), -- catalog.Version without its boxes
    PRIMARY KEY (dataset, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE file (
    key     TEXT NOT NULL,
    dataset TEXT NOT NULL,
    version INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    sha256  TEXT NOT NULL,
    PRIMARY KEY (key, dataset, version),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX file_version ON file (dataset, version);

CREATE TABLE item (
    dataset     TEXT NOT NULL,
    version     INTEGER NOT NULL,
    id          TEXT NOT NULL,
    datetime    TEXT,
    file        TEXT NOT NULL,
    west        REAL NOT NULL,
    south       REAL NOT NULL,
    east        REAL NOT NULL,
    north       REAL NOT NULL,
    cloud_cover REAL,
    detail      TEXT NOT NULL CHECK (json_valid(detail)), -- catalog.Item without its box
    PRIMARY KEY (dataset, version, id),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX item_datetime ON item (dataset, version, datetime, id);

CREATE TABLE revision (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO revision (one, value) VALUES (1, 0);
