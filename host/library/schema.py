"""The tables of the library's database, version by version: pure text.

A version that was shipped is never edited: what changes is a further step at the end. Paths are blobs, bytes as the
system has them, so that everything beneath a folder is one range of the index and no name is impossible.
"""

from __future__ import annotations

from host.library.typed import TYPED

__all__ = ["APPLICATION_ID", "MIGRATIONS", "VERSION"]

#: "StLi", in the file's header.
APPLICATION_ID = 0x53744C69

_VERSION_1 = (
    "CREATE TABLE roots (path BLOB PRIMARY KEY, added_s INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE excluded (path BLOB PRIMARY KEY) WITHOUT ROWID",
    # place: who, album, disc, number, name, so that sorting by it gives albums in order; keys: folded, to be equal;
    # year: of the date.
    """CREATE TABLE tracks (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        decoder TEXT NOT NULL, decoder_mark TEXT NOT NULL, container TEXT NOT NULL,
        rate_hz INTEGER NOT NULL, channels INTEGER NOT NULL, bits INTEGER NOT NULL, duration_ms INTEGER,
        title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT NOT NULL, album_artist TEXT NOT NULL,
        composer TEXT NOT NULL, genre TEXT NOT NULL, date TEXT NOT NULL, year INTEGER,
        disc INTEGER, track INTEGER, has_lyrics INTEGER NOT NULL,
        track_gain_db REAL, track_peak REAL, album_gain_db REAL, album_peak REAL,
        cover TEXT, added_s INTEGER NOT NULL, album_key TEXT NOT NULL, place TEXT NOT NULL,
        title_key TEXT NOT NULL
    )""",
    "CREATE INDEX tracks_by_album ON tracks (album_key)",
    "CREATE INDEX tracks_by_place ON tracks (place)",
    "CREATE INDEX tracks_by_title ON tracks (title_key)",
    "CREATE INDEX tracks_by_year ON tracks (year)",
    "CREATE INDEX tracks_by_added ON tracks (added_s)",
    # Narrow, and gone through whole where numbers are asked for that few tracks have.
    """CREATE INDEX tracks_by_facts ON tracks (
        container, rate_hz, bits, channels, duration_ms, size_bytes, year, disc, track, has_lyrics, added_s
    )""",
    "CREATE INDEX tracks_by_cover ON tracks (cover) WHERE cover IS NOT NULL",
    # What is searched: words folded and parted by host.library.words, so that the tokenizer only parts them at blanks.
    """CREATE VIRTUAL TABLE texts USING fts5 (
        title, artist, album, album_artist, composer, genre, file, folder,
        tokenize = "ascii", prefix = '2 3'
    )""",
    "CREATE TRIGGER tracks_gone AFTER DELETE ON tracks BEGIN DELETE FROM texts WHERE rowid = old.id; END",
    # Every word there is, and its trigrams, for words that are typed wrongly.
    "CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE)",
    """CREATE VIRTUAL TABLE trigrams USING fts5 (
        word, content = '', tokenize = "trigram case_sensitive 1", detail = none, columnsize = 0
    )""",
    """CREATE VIEW albums AS SELECT
        album_key, album,
        CASE WHEN max(album_artist) <> '' THEN max(album_artist)
             WHEN count(DISTINCT artist) > 1 THEN 'Various Artists' ELSE max(artist) END AS artist,
        min(year) AS year, count(*) AS tracks, sum(duration_ms) AS duration_ms, max(cover) AS cover, min(place) AS place
        FROM tracks WHERE album <> '' GROUP BY album_key""",
    """CREATE VIEW artists AS SELECT
        artist, count(*) AS tracks, count(DISTINCT CASE WHEN album <> '' THEN album_key END) AS albums,
        sum(duration_ms) AS duration_ms
        FROM tracks WHERE artist <> '' GROUP BY artist""",
    """CREATE TABLE problems (
        path BLOB NOT NULL, plugin_id TEXT NOT NULL, type_id TEXT NOT NULL, mark TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (path, plugin_id, type_id)
    ) WITHOUT ROWID""",
    "CREATE TABLE playlists (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE)",
    # By path, not by track: what vanishes and comes again is still in its playlists.
    """CREATE TABLE entries (
        id INTEGER PRIMARY KEY, playlist INTEGER NOT NULL REFERENCES playlists ON DELETE CASCADE,
        place INTEGER NOT NULL, path BLOB NOT NULL
    )""",
    "CREATE INDEX entries_by_place ON entries (playlist, place)",
    "CREATE INDEX entries_by_path ON entries (path)",
    "INSERT INTO playlists (id, name) VALUES (1, 'liked')",
    """CREATE TRIGGER liked_stays BEFORE DELETE ON playlists WHEN old.id = 1
        BEGIN SELECT raise(ABORT, 'the playlist of what is liked stays'); END""",
)

# A seal says that the tracks of a folder are those it was made of; see host.library.seals. SQLite finds no last slash,
# so that tracks know their folder. folder_of is Python, for which a trigger would have to wait row by row while a scan
# is busy with it: it is asked for rows of the first version only.
_VERSION_2 = (
    "CREATE TABLE seals (path BLOB PRIMARY KEY, seal BLOB NOT NULL) WITHOUT ROWID",
    "ALTER TABLE tracks ADD COLUMN folder BLOB NOT NULL DEFAULT x''",
    "UPDATE tracks SET folder = folder_of(path)",
    """CREATE TRIGGER tracks_came AFTER INSERT ON tracks
        BEGIN DELETE FROM seals WHERE path = new.folder; END""",
    """CREATE TRIGGER tracks_went AFTER DELETE ON tracks
        BEGIN DELETE FROM seals WHERE path = old.folder; END""",
    """CREATE TRIGGER tracks_changed AFTER UPDATE OF path, folder, size_bytes, mtime_ns ON tracks
        BEGIN DELETE FROM seals WHERE path IN (old.folder, new.folder); END""",
    # Of which state what a user typed is; see host.library.typed. No count: what is undone after its text was written
    # would have the number of what is done instead.
    "CREATE TABLE typed_state (mark INTEGER NOT NULL)",
    "INSERT INTO typed_state VALUES (random())",
    *(
        f"CREATE TRIGGER {table}_{done} AFTER {event} ON {table} BEGIN UPDATE typed_state SET mark = random(); END"
        for table in TYPED
        for event, done in (("INSERT", "added"), ("UPDATE", "changed"), ("DELETE", "removed"))
    ),
)

#: The statements that lead from one version to the next; the first begin with an empty file.
MIGRATIONS: tuple[tuple[str, ...], ...] = (_VERSION_1, _VERSION_2)
VERSION = len(MIGRATIONS)
