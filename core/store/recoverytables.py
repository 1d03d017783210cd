"""The tables of what becomes of failures: recoveries, dead letters, audit log, leases."""

from __future__ import annotations

# - failure is what makes two reports of one failure the same, whoever saw it: a run that ended,
#   or a time in which a run's polls were throttled.
# - recovery_runs leads from every run of a lineage to its recovery.
# - due_at is null where nothing is to be done until something happens.
# - body is null where it cannot be sent again: it held secrets, which never reach the disk.
# - token counts the holders of a lease, so that one that was thought dead is told from its heir.
RECOVERIES = """
CREATE TABLE recoveries (
    id INTEGER PRIMARY KEY,
    error_id TEXT NOT NULL UNIQUE,
    failure TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    due_at INTEGER,
    folded TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX recoveries_due ON recoveries (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX recoveries_by_state ON recoveries (state, id);

CREATE TABLE recovery_runs (
    run_id TEXT NOT NULL PRIMARY KEY,
    recovery INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE submissions (
    run_id TEXT NOT NULL PRIMARY KEY,
    idempotency_key TEXT NOT NULL,
    body TEXT,
    submitted_at INTEGER NOT NULL,
    retry_of TEXT
) WITHOUT ROWID;

CREATE TABLE dead_letters (
    id INTEGER PRIMARY KEY,
    error_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    next_at INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX dead_letters_due ON dead_letters (next_at) WHERE state = 'waiting';
CREATE INDEX dead_letters_by_state ON dead_letters (state, id);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    error_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    folded TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE UNIQUE INDEX audit_handled_once ON audit (error_id)
    WHERE event_type = 'ASYNC_ERROR_HANDLED';
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_not_replaced BEFORE INSERT ON audit
    WHEN NEW.id IS NOT NULL AND EXISTS (SELECT 1 FROM audit WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE leases (
    name TEXT NOT NULL PRIMARY KEY,
    token INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) WITHOUT ROWID;
"""

# The audit log is append-only at all times but one: retention names in audit_horizon before which
# time entries may go, takes them, and takes the name back, in one transaction.
AUDIT_HORIZON = """
CREATE TABLE audit_horizon (before INTEGER NOT NULL);
DROP TRIGGER audit_is_not_deleted;
CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
    WHEN coalesce(strftime('%s', json_extract(OLD.data, '$.resolved_at')) * 1000000
        >= (SELECT max(before) FROM audit_horizon), TRUE) BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE INDEX recovery_runs_by_recovery ON recovery_runs (recovery);
"""
