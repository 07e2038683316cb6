-- +goose Up
-- Text sorts by its bytes, as everywhere in the program.
CREATE TABLE dataset (
    id          text COLLATE "C" PRIMARY KEY,
    kind        text NOT NULL,
    role        text NOT NULL,
    title       text NOT NULL,
    description text NOT NULL,
    license     text NOT NULL,
    attribution text NOT NULL,
    created_at  text COLLATE "C" NOT NULL, -- RFC 3339, UTC, to the nanosecond
    current     integer NOT NULL CHECK (current >= 1)
);

CREATE TABLE version (
    dataset      text COLLATE "C" NOT NULL REFERENCES dataset (id) ON DELETE CASCADE,
    number       integer NOT NULL CHECK (number >= 1),
    published_at text COLLATE "C" NOT NULL,
    sha256       text NOT NULL,
    crs          text NOT NULL,
    min_x        double precision NOT NULL, -- in crs; infinite when there is no geometry
    min_y        double precision NOT NULL,
    max_x        double precision NOT NULL,
    max_y        double precision NOT NULL,
    west         double precision NOT NULL, -- WGS84; west > east crosses the antimeridian
    south        double precision NOT NULL,
    east         double precision NOT NULL,
    north        double precision NOT NULL,
    time_start   text COLLATE "C",
    time_end     text COLLATE "C",
    detail       json NOT NULL, -- catalog.Version without its boxes
    PRIMARY KEY (dataset, number)
);

CREATE TABLE file (
    key     text COLLATE "C" NOT NULL,
    dataset text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    size    bigint NOT NULL,
    sha256  text COLLATE "C" NOT NULL,
    PRIMARY KEY (key, dataset, version),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
);
CREATE INDEX file_version ON file (dataset, version);

CREATE TABLE item (
    dataset     text COLLATE "C" NOT NULL,
    version     integer NOT NULL,
    id          text COLLATE "C" NOT NULL,
    datetime    text COLLATE "C",
    file        text NOT NULL,
    west        double precision NOT NULL,
    south       double precision NOT NULL,
    east        double precision NOT NULL,
    north       double precision NOT NULL,
    cloud_cover double precision,
    detail      json NOT NULL, -- catalog.Item without its box
    PRIMARY KEY (dataset, version, id),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
);
CREATE INDEX item_datetime ON item (dataset, version, datetime NULLS FIRST, id);

CREATE TABLE revision (
    one   integer PRIMARY KEY CHECK (one = 1),
    value bigint NOT NULL
);
INSERT INTO revision (one, value) VALUES (1, 0);

CREATE TABLE journal (
    dataset         text COLLATE "C" NOT NULL,
    version         integer NOT NULL,
    seq             bigint NOT NULL CHECK (seq >= 1),
    feature         bigint NOT NULL,
    op              text NOT NULL CHECK (op IN ('create', 'replace', 'delete')),
    at              text COLLATE "C" NOT NULL, -- RFC 3339, UTC
    who             text NOT NULL,
    origin          text NOT NULL,
    before_geometry bytea, -- ISO WKB
    before_values   bytea, -- JSON; NULL: there was no row
    after_geometry  bytea,
    after_values    bytea,
    PRIMARY KEY (dataset, version, seq),
    FOREIGN KEY (dataset, version) REFERENCES version (dataset, number) ON DELETE CASCADE
);
CREATE INDEX journal_feature ON journal (dataset, version, feature, seq);
