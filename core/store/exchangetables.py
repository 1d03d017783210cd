"""The tables of captured exchanges: an index over logs, which keep the payloads themselves.

- A row is where a line lies (log, offset, length), when it was (milliseconds since 1970), how long
  it took (microseconds), its path and its shape; rows are numbered as they were seen.
- shapes are what exchanges have in common that look alike, with their counts; 0 stands for those
  beyond the limit. paths are numbered likewise; beyond the limit a row has the text itself, or
  NULL where it cannot be told.
- A block is 1024 rows: what shapes and times are in it, so that most blocks need no look.
- Ids are found by a hash. New ones lie in fresh_ids; many at a time become a run of sorted pages,
  which takes a third of the room.
- logs are the files: where each lies, how its beginning and the end of what was read look, and how
  far it was read. That is written together with the rows, so that each line is there once.
"""

EXCHANGES = """
CREATE TABLE logs (
    log INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    device INTEGER NOT NULL,
    inode INTEGER NOT NULL,
    packed INTEGER NOT NULL DEFAULT 0,
    head BLOB NOT NULL DEFAULT x'',
    head_length INTEGER NOT NULL DEFAULT 0,
    tail BLOB NOT NULL DEFAULT x'',
    tail_length INTEGER NOT NULL DEFAULT 0,
    offset INTEGER NOT NULL DEFAULT 0,
    lines INTEGER NOT NULL DEFAULT 0,
    bad INTEGER NOT NULL DEFAULT 0,
    last_at INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX logs_by_file ON logs (device, inode);
CREATE INDEX logs_by_head ON logs (head);

CREATE TABLE quarantined (
    log INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (log, offset)
) WITHOUT ROWID;

CREATE TABLE shapes (
    shape INTEGER PRIMARY KEY,
    service TEXT NOT NULL,
    method TEXT NOT NULL,
    route TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT NOT NULL,
    status INTEGER NOT NULL,
    count INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX shapes_once ON shapes
    (route, action, code, status, outcome, method, service);
INSERT INTO shapes (shape, service, method, route, action, outcome, code, status)
    VALUES (0, char(0), '', '', '', '', '', -1);

CREATE TABLE paths (
    path INTEGER PRIMARY KEY,
    text TEXT NOT NULL UNIQUE
);

CREATE TABLE exchanges (
    row INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    at INTEGER NOT NULL,
    took INTEGER,
    path,
    shape INTEGER NOT NULL
);

CREATE TABLE blocks (
    block INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    shapes BLOB NOT NULL
);
CREATE INDEX blocks_by_age ON blocks (high);

CREATE TABLE fresh_ids (
    key INTEGER NOT NULL,
    row INTEGER NOT NULL,
    PRIMARY KEY (key, row)
) WITHOUT ROWID;
CREATE TABLE id_runs (
    run INTEGER PRIMARY KEY,
    level INTEGER NOT NULL,
    base INTEGER NOT NULL,
    last_row INTEGER NOT NULL
);
CREATE TABLE id_pages (
    page INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    first REAL NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX id_pages_by_first ON id_pages (run, first);

CREATE TABLE texts (
    shard INTEGER PRIMARY KEY,
    through INTEGER NOT NULL
);
"""

# How long the slowest exchange of each of a block's shapes took, in µs and in the order of
# `shapes`; NULL in blocks from before.
SLOWEST = """
ALTER TABLE blocks ADD COLUMN slowest BLOB;
"""
