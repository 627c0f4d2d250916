"""The tables of the ledger, and what is added to those of an older one."""

import sqlite3

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    seq INTEGER PRIMARY KEY, sid TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
    recipient TEXT NOT NULL, sender TEXT, service TEXT, body TEXT NOT NULL,
    media TEXT NOT NULL, callback_url TEXT, scenario TEXT NOT NULL,
    received_us INTEGER NOT NULL, created INTEGER NOT NULL, status TEXT NOT NULL,
    segments INTEGER NOT NULL, error_code INTEGER, updated INTEGER NOT NULL,
    sent INTEGER, plan TEXT NOT NULL, is_badly_signed INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL, direction TEXT NOT NULL DEFAULT 'outbound-api',
    extra TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX IF NOT EXISTS message_of_account ON message (account, seq);
CREATE INDEX IF NOT EXISTS message_to ON message (recipient, account, seq);
CREATE INDEX IF NOT EXISTS message_underway ON message (seq) WHERE plan <> '[]';
CREATE TABLE IF NOT EXISTS event (
    message INTEGER NOT NULL, status TEXT NOT NULL, error_code INTEGER,
    at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS event_of_message ON event (message);
CREATE TABLE IF NOT EXISTS callback (
    id TEXT PRIMARY KEY, message INTEGER NOT NULL, account TEXT NOT NULL,
    status TEXT NOT NULL, url TEXT NOT NULL, body TEXT NOT NULL,
    is_badly_signed INTEGER NOT NULL, due INTEGER NOT NULL, is_done INTEGER NOT NULL,
    others TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS callback_of_message ON callback (message);
CREATE INDEX IF NOT EXISTS callback_due ON callback (due) WHERE is_done = 0;
CREATE TABLE IF NOT EXISTS callback_try (
    callback TEXT NOT NULL, message INTEGER NOT NULL, status TEXT NOT NULL,
    number INTEGER NOT NULL, at INTEGER NOT NULL, http_status INTEGER, error TEXT
);
CREATE INDEX IF NOT EXISTS callback_try_of_message ON callback_try (message);
CREATE TABLE IF NOT EXISTS request (
    id INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, account TEXT NOT NULL,
    recipient TEXT, http_status INTEGER, code INTEGER, fault TEXT, sid TEXT
);
CREATE INDEX IF NOT EXISTS request_of_account ON request (account, id);
CREATE TABLE IF NOT EXISTS listing (
    id INTEGER PRIMARY KEY, received_us INTEGER NOT NULL, account TEXT NOT NULL,
    recipient TEXT NOT NULL, page_size INTEGER NOT NULL, page INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS listing_of_account ON listing (account, id);
CREATE TABLE IF NOT EXISTS account (sid TEXT PRIMARY KEY, settings TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS thing (
    account TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, fields TEXT,
    PRIMARY KEY (account, kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upload (
    sid TEXT PRIMARY KEY, content_type TEXT NOT NULL, data BLOB NOT NULL
);
"""
# These columns came later; the index is made for what was there before.
ADDED = {
    ("message", "direction"): "TEXT NOT NULL DEFAULT 'outbound-api'",
    ("message", "extra"): "TEXT NOT NULL DEFAULT '{}'",
    ("callback", "others"): "TEXT NOT NULL DEFAULT ''",
}
INBOUND_INDEX = """
CREATE INDEX IF NOT EXISTS message_inbound ON message (account, sender, seq)
    WHERE direction = 'inbound';
"""
PUT_MESSAGE = f"INSERT OR REPLACE INTO message VALUES ({','.join('?' * 22)})"  # noqa: S608
PUT_EVENT = "INSERT INTO event VALUES (?,?,?,?)"
PUT_CALLBACK = "INSERT OR REPLACE INTO callback VALUES (?,?,?,?,?,?,?,?,?,?)"
PUT_TRY = "INSERT INTO callback_try VALUES (?,?,?,?,?,?,?)"
PUT_REQUEST = (
    "INSERT INTO request (received_us, account, recipient, http_status, code, fault,"
    " sid) VALUES (?,?,?,?,?,?,?)"
)
PUT_LISTING = (
    "INSERT INTO listing (received_us, account, recipient, page_size, page)"
    " VALUES (?,?,?,?,?)"
)
PUT_THING = "INSERT OR REPLACE INTO thing VALUES (?,?,?,?)"
DROP_THINGS = "DELETE FROM thing WHERE fields IS NULL"
PUT_UPLOAD = "INSERT OR REPLACE INTO upload VALUES (?,?,?)"


def prepare(ledger: sqlite3.Connection) -> None:
    """Make the tables; give a ledger of an older version the columns it lacks."""
    ledger.executescript(SCHEMA)
    for (table, name), kind in ADDED.items():
        if name not in _columns(ledger, table):
            ledger.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}")
    ledger.executescript(INBOUND_INDEX)


def _columns(ledger: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in ledger.execute(f"PRAGMA table_info({table})")}
