-- A library of schema version 1, as it was made then: never to be made again from newer code.
PRAGMA application_id = 1400130665;
PRAGMA user_version = 1;
CREATE TABLE roots (path BLOB PRIMARY KEY, added_s INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE excluded (path BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE tracks (
        id INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE, size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,
        decoder TEXT NOT NULL, decoder_mark TEXT NOT NULL, container TEXT NOT NULL,
        rate_hz INTEGER NOT NULL, channels INTEGER NOT NULL, bits INTEGER NOT NULL, duration_ms INTEGER,
        title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT NOT NULL, album_artist TEXT NOT NULL,
        composer TEXT NOT NULL, genre TEXT NOT NULL, date TEXT NOT NULL, year INTEGER,
        disc INTEGER, track INTEGER, has_lyrics INTEGER NOT NULL,
        track_gain_db REAL, track_peak REAL, album_gain_db REAL, album_peak REAL,
        cover TEXT, added_s INTEGER NOT NULL, album_key TEXT NOT NULL, place TEXT NOT NULL,
        title_key TEXT NOT NULL
    );
CREATE INDEX tracks_by_album ON tracks (album_key);
CREATE INDEX tracks_by_place ON tracks (place);
CREATE INDEX tracks_by_title ON tracks (title_key);
CREATE INDEX tracks_by_year ON tracks (year);
CREATE INDEX tracks_by_added ON tracks (added_s);
CREATE INDEX tracks_by_facts ON tracks (
        container, rate_hz, bits, channels, duration_ms, size_bytes, year, disc, track, has_lyrics, added_s
    );
CREATE INDEX tracks_by_cover ON tracks (cover) WHERE cover IS NOT NULL;
CREATE VIRTUAL TABLE texts USING fts5 (
        title, artist, album, album_artist, composer, genre, file, folder,
        tokenize = "ascii", prefix = '2 3'
    );
CREATE TRIGGER tracks_gone AFTER DELETE ON tracks BEGIN DELETE FROM texts WHERE rowid = old.id; END;
CREATE TABLE words (id INTEGER PRIMARY KEY, word TEXT NOT NULL UNIQUE);
CREATE VIRTUAL TABLE trigrams USING fts5 (
        word, content = '', tokenize = "trigram case_sensitive 1", detail = none, columnsize = 0
    );
CREATE VIEW albums AS SELECT
        album_key, album,
        CASE WHEN max(album_artist) <> '' THEN max(album_artist)
             WHEN count(DISTINCT artist) > 1 THEN 'Various Artists' ELSE max(artist) END AS artist,
        min(year) AS year, count(*) AS tracks, sum(duration_ms) AS duration_ms, max(cover) AS cover, min(place) AS place
        FROM tracks WHERE album <> '' GROUP BY album_key;
CREATE VIEW artists AS SELECT
        artist, count(*) AS tracks, count(DISTINCT CASE WHEN album <> '' THEN album_key END) AS albums,
        sum(duration_ms) AS duration_ms
        FROM tracks WHERE artist <> '' GROUP BY artist;
CREATE TABLE problems (
        path BLOB NOT NULL, plugin_id TEXT NOT NULL, type_id TEXT NOT NULL, mark TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
        PRIMARY KEY (path, plugin_id, type_id)
    ) WITHOUT ROWID;
CREATE TABLE playlists (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
CREATE TABLE entries (
        id INTEGER PRIMARY KEY, playlist INTEGER NOT NULL REFERENCES playlists ON DELETE CASCADE,
        place INTEGER NOT NULL, path BLOB NOT NULL
    );
CREATE INDEX entries_by_place ON entries (playlist, place);
CREATE INDEX entries_by_path ON entries (path);
INSERT INTO playlists (id, name) VALUES (1, 'liked');
CREATE TRIGGER liked_stays BEFORE DELETE ON playlists WHEN old.id = 1
        BEGIN SELECT raise(ABORT, 'the playlist of what is liked stays'); END;
INSERT INTO roots (path, added_s) VALUES (X'2F6D75736963', 1700000000);
INSERT INTO tracks (id, path, size_bytes, mtime_ns, decoder, decoder_mark, container, rate_hz, channels, bits, duration_ms, title, artist, album, album_artist, composer, genre, date, year, disc, track, has_lyrics, track_gain_db, track_peak, album_gain_db, album_peak, cover, added_s, album_key, place, title_key) VALUES (1, X'2F6D757369632F76697065722E666C6163', 1000, 5, 'stellatune.decoder.flac:flac', '1', 'flac', 44100, 2, 16, 40000, 'Horned Viper', 'Conquest Of Steel', 'Of Fire And Steel', '', '', '', '2013', 2013, NULL, 6, 0, NULL, NULL, NULL, NULL, NULL, 1700000000, 'of fire and steel/music', 'conquest of steelof fire and steel00000006viper.flac', 'horned viper');
INSERT INTO words (id, word) VALUES (1, 'horned');
INSERT INTO words (id, word) VALUES (2, 'of');
INSERT INTO words (id, word) VALUES (3, 'and');
INSERT INTO words (id, word) VALUES (4, 'steel');
INSERT INTO words (id, word) VALUES (5, 'conquest');
INSERT INTO words (id, word) VALUES (6, 'fire');
INSERT INTO words (id, word) VALUES (7, 'viper');
INSERT INTO words (id, word) VALUES (8, 'music');
INSERT INTO entries (id, playlist, place, path) VALUES (1, 1, 1048576, X'2F6D757369632F76697065722E666C6163');
INSERT INTO texts (rowid, title, artist, album, album_artist, composer, genre, file, folder) VALUES (1, 'horned viper', 'conquest of steel', 'of fire and steel', '', '', '', 'viper', 'music');
INSERT INTO trigrams (rowid, word) VALUES (1, '  horned ');
INSERT INTO trigrams (rowid, word) VALUES (2, '  of ');
INSERT INTO trigrams (rowid, word) VALUES (3, '  and ');
INSERT INTO trigrams (rowid, word) VALUES (4, '  steel ');
INSERT INTO trigrams (rowid, word) VALUES (5, '  conquest ');
INSERT INTO trigrams (rowid, word) VALUES (6, '  fire ');
INSERT INTO trigrams (rowid, word) VALUES (7, '  viper ');
INSERT INTO trigrams (rowid, word) VALUES (8, '  music ');
