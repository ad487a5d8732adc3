#pragma once
// What copies of servers are tested with.
#include <array>

#include "absl/strings/string_view.h"

namespace weft::provisioner::sql {

// Every kind of value that may be bent on its way, of every kind of object, from 5.6 on.
inline constexpr absl::string_view kFill = R"(
SET GLOBAL log_bin_trust_function_creators = ON;
CREATE DATABASE shop DEFAULT CHARACTER SET latin1;
USE shop;
SET NAMES utf8;
CREATE TABLE kinds (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, f FLOAT, d DOUBLE, n DECIMAL(20,6), b BIT(9),
  t VARCHAR(40) CHARACTER SET utf8mb4, l VARCHAR(40) CHARACTER SET latin1,
  u VARCHAR(40) CHARACTER SET ucs2, raw VARBINARY(300), big LONGBLOB, e ENUM('a','b'), s SET('x','y'),
  at TIMESTAMP NULL, day DATE, stamp DATETIME(6), y YEAR, g GEOMETRY, KEY (d)) ENGINE=InnoDB;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES';
SET SESSION time_zone = '+03:00';
INSERT INTO kinds VALUES (0, 0.1, 1e-300, -12345678901234.567891, b'100000001',
  _utf8mb4 x'F09F90ACC3A9', _utf8 x'C3BC', _utf8 x'C3BC', x'000A0D095C2722', NULL, 'b', 'x,y',
  '2024-03-31 02:30:00', '2024-02-31', '2024-01-01 00:00:00.123456', 2024, POINT(1, 2));
INSERT INTO kinds (id, t, f) VALUES (7, '\\N', 16777217), (8, '', -0.0), (9, NULL, 3.4e38);
INSERT INTO kinds (raw, big) SELECT UNHEX(REPEAT('00FF5C090A', 50)), REPEAT(x'5C00', 100000);
CREATE TABLE parent (a INT, b INT, PRIMARY KEY (b, a));
CREATE TABLE child (a INT, b INT, FOREIGN KEY (b, a) REFERENCES parent (b, a));
INSERT INTO parent VALUES (1, 2), (3, 4);
INSERT INTO child VALUES (1, 2), (1, 2);
CREATE TABLE `odd ``name` (`a b` INT PRIMARY KEY, `select` INT);
INSERT INTO `odd ``name` VALUES (18, 1);
CREATE TABLE log (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, what VARCHAR(20));
CREATE TRIGGER noted AFTER INSERT ON parent FOR EACH ROW INSERT INTO log (what) VALUES ('parent');
INSERT INTO parent VALUES (5, 6);
CREATE FUNCTION twice (x INT) RETURNS INT RETURN x * 2;
CREATE PROCEDURE note (IN w VARCHAR(20)) INSERT INTO log (what) VALUES (w);
CREATE VIEW b_view AS SELECT a, twice(b) AS bb FROM parent;
CREATE VIEW a_view AS SELECT * FROM b_view;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;
CREATE USER 'jane'@'%' IDENTIFIED BY 'jane''s';
GRANT SELECT, INSERT ON shop.* TO 'jane'@'%';
GRANT UPDATE (a) ON shop.child TO 'jane'@'%';
)";

// What the plugin would leave empty.
inline constexpr absl::string_view kFillOldStyle = R"(
USE shop;
CREATE TABLE old_style (k INT, v VARCHAR(10)) ENGINE=MyISAM;
INSERT INTO old_style VALUES (1, 'one'), (1, 'one');
)";

// What 5.6 leaves out where it shows a definition, since it was the default. Two of the names are
// one under today's.
inline constexpr absl::string_view kFillOldDefaults = R"(
CREATE DATABASE world DEFAULT CHARACTER SET utf8mb4;
USE world;
CREATE TABLE cities (name VARCHAR(40) PRIMARY KEY, code VARCHAR(9) COLLATE utf8mb4_bin);
INSERT INTO cities VALUES (_utf8mb4 x'73747261C39F65', 'a'), ('strasse', 'A');
CREATE VIEW names AS SELECT name, CONCAT(name, _utf8mb4'x') AS longer FROM cities;
CREATE FUNCTION named (n VARCHAR(40)) RETURNS VARCHAR(40) DETERMINISTIC RETURN n;
)";
inline constexpr absl::string_view kCollations = R"(
SELECT DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'world';
SELECT TABLE_NAME, TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'world'
  ORDER BY 1;
SELECT TABLE_NAME, COLUMN_NAME, COLLATION_NAME FROM information_schema.COLUMNS
  WHERE TABLE_SCHEMA IN ('shop', 'world') AND CHARACTER_SET_NAME = 'utf8mb4' ORDER BY 1, 2;
SELECT ROUTINE_NAME, COLLATION_NAME FROM information_schema.ROUTINES
  WHERE ROUTINE_SCHEMA = 'world';
)";
inline constexpr absl::string_view kCities = "SELECT HEX(name), code FROM world.cities ORDER BY 1";

// Of which only two tables hold rows.
inline constexpr absl::string_view kFillMerged = R"(
USE shop;
CREATE TABLE north (k INT, KEY (k)) ENGINE=MyISAM;
CREATE TABLE south (k INT, KEY (k)) ENGINE=MyISAM;
INSERT INTO north VALUES (1), (2);
INSERT INTO south VALUES (3);
CREATE TABLE both_of_them (k INT, KEY (k)) ENGINE=MERGE UNION=(north, south) INSERT_METHOD=LAST;
CREATE TABLE hole (k INT) ENGINE=BLACKHOLE;
)";
inline constexpr absl::string_view kMerged = R"(
SELECT * FROM shop.north; SELECT * FROM shop.south; SELECT * FROM shop.both_of_them;
SHOW CREATE TABLE shop.both_of_them; SHOW CREATE TABLE shop.hole;
)";

inline constexpr absl::string_view kCutAnswers = "SET GLOBAL sql_select_limit = 1";
inline constexpr absl::string_view kWholeAnswers =
    "SET GLOBAL sql_select_limit = 18446744073709551615";
inline constexpr absl::string_view kEndLongAnswers = "SET GLOBAL max_execution_time = 1";
inline constexpr absl::string_view kLongAnswers = "SET GLOBAL max_execution_time = 0";

inline constexpr absl::string_view kPrepareXa =
    "XA START 'both'; INSERT INTO shop.child VALUES (3, 4); XA END 'both'; XA PREPARE 'both'";
inline constexpr absl::string_view kPreparedXaNow = "XA RECOVER";
inline constexpr absl::string_view kLooksForXa =
    "SELECT VARIABLE_VALUE FROM performance_schema.global_status"
    " WHERE VARIABLE_NAME = 'Com_xa_recover'";
inline constexpr absl::string_view kForgetXa =
    "SET GLOBAL super_read_only = OFF; SET SESSION sql_log_bin = OFF; XA ROLLBACK 'both'";
inline constexpr absl::string_view kCommitXa = "XA COMMIT 'both'";

inline constexpr absl::string_view kAlterKinds = "ALTER TABLE shop.kinds ADD KEY later (n)";
inline constexpr absl::string_view kKindsAndExecuted =
    "SHOW CREATE TABLE shop.kinds; SELECT @@GLOBAL.gtid_executed";

// It is made last, and leaves whoever makes it with modes and a time zone that accounts do not
// bear.
inline constexpr absl::string_view kFillStrictEvent = R"(
USE shop;
SET SESSION time_zone = '+05:00',
  sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_BACKSLASH_ESCAPES';
CREATE EVENT zealous ON SCHEDULE EVERY 1 DAY DO DELETE FROM log;
)";

// What older versions lack.
inline constexpr absl::string_view kFillModern = R"(
USE shop;
CREATE TABLE modern (id INT PRIMARY KEY, j JSON, doubled INT AS (id * 2) STORED,
  shown INT AS (id + 1) VIRTUAL, hidden INT INVISIBLE DEFAULT 7, at DATETIME DEFAULT (NOW()));
INSERT INTO modern (id, j, hidden) VALUES
  (1, '{"k": ["\\u00fc", null, 1.5], "t": "a\\tb"}', 8), (2, NULL, NULL);
CREATE ROLE reader;
GRANT SELECT ON shop.* TO reader;
GRANT reader TO 'jane'@'%';
GRANT CONNECTION_ADMIN ON *.* TO 'jane'@'%';
)";

// Enough to be met under way.
inline constexpr absl::string_view kFillMany = R"(
USE shop;
CREATE TABLE many (id INT PRIMARY KEY AUTO_INCREMENT, pad VARCHAR(1000), KEY (pad(9)), KEY k (id));
INSERT INTO many (pad) SELECT REPEAT('x', 1000) FROM kinds a, kinds b, kinds c, kinds d;
INSERT INTO many (pad) SELECT a.pad FROM many a, (SELECT 1 FROM many LIMIT 100) b;
)";

// Rows of which each takes as much of a copy's memory as a stream may, in a table of small ones.
inline constexpr absl::string_view kFillLarge = R"(
CREATE DATABASE shop;
CREATE TABLE shop.mixed (id INT PRIMARY KEY AUTO_INCREMENT, what VARCHAR(10), body LONGBLOB,
  note MEDIUMTEXT CHARACTER SET latin1, KEY (what));
INSERT INTO shop.mixed (what, body, note) VALUES ('small', x'5C00', x'FC'), ('none', NULL, NULL);
INSERT INTO shop.mixed (what, body, note) VALUES ('text', '', REPEAT(x'FC5C', 6000000));
INSERT INTO shop.mixed (what, body) SELECT 'large', REPEAT(x'5C00FF41', 5242880)
  FROM (SELECT 1 UNION SELECT 2 UNION SELECT 3) a, (SELECT 1 UNION SELECT 2 UNION SELECT 3) b;
INSERT INTO shop.mixed (what, body) VALUES ('small', x'09');
ANALYZE TABLE shop.mixed;
)";
inline constexpr absl::string_view kMixed =
    "CHECKSUM TABLE shop.mixed; SHOW CREATE TABLE shop.mixed";

// Beside the data folder. Of a link a server shows nothing but the file.
inline constexpr absl::string_view kFillElsewhere = R"(
CREATE DATABASE shop;
CREATE TABLE shop.away (id INT PRIMARY KEY, v INT) DATA DIRECTORY = '%1$s';
INSERT INTO shop.away VALUES (1, 2), (3, 4);
CREATE TABLE shop.old_away (v INT) ENGINE = MyISAM DATA DIRECTORY = '%1$s';
INSERT INTO shop.old_away VALUES (5);
)";
inline constexpr absl::string_view kAway = "SELECT * FROM shop.away, shop.old_away ORDER BY 1";
inline constexpr absl::string_view kWhereAwayIs =
    "SELECT PATH FROM information_schema.INNODB_SYS_DATAFILES WHERE PATH LIKE '%/shop/away.ibd'";

inline constexpr absl::string_view kMany = "CHECKSUM TABLE shop.many; SHOW CREATE TABLE shop.many";
inline constexpr absl::string_view kChecksumMany = "CHECKSUM TABLE shop.many";
inline constexpr absl::string_view kCountMany = "ANALYZE TABLE shop.many";
inline constexpr absl::string_view kUuid = "SELECT @@server_uuid";
inline constexpr absl::string_view kReadOnly = "SELECT @@GLOBAL.read_only";
inline constexpr absl::string_view kMarks =
    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'weft_unfinished_copy'";
inline constexpr absl::string_view kUserSchemas =
    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('shop', 'app')";
inline constexpr absl::string_view kExecutedNow = "SELECT @@GLOBAL.gtid_executed";

// One transaction each; how many there were by the count of rows and by the GTIDs.
inline constexpr absl::string_view kLogOne = "INSERT INTO shop.log (what) VALUES ('one more')";
inline constexpr absl::string_view kLogged = "SELECT COUNT(*) FROM shop.log";
inline constexpr absl::string_view kDataFolder = "SELECT @@GLOBAL.datadir";
inline constexpr absl::string_view kNarrowRedoLog = "SET GLOBAL innodb_redo_log_capacity = 8388608";
inline constexpr absl::string_view kRedoLogNow = "SELECT @@GLOBAL.innodb_redo_log_capacity";
inline constexpr absl::string_view kDirtyPagesNow =
    "SELECT @@GLOBAL.innodb_max_dirty_pages_pct, @@GLOBAL.innodb_max_dirty_pages_pct_lwm";
inline constexpr absl::string_view kSetDirtyPages = "SET GLOBAL innodb_max_dirty_pages_pct = 70";
inline constexpr absl::string_view kLocalInfileNow = "SELECT @@GLOBAL.local_infile";
inline constexpr absl::string_view kMuchToUndo =
    "INSERT INTO shop.many (pad) SELECT a.pad FROM shop.many a,"
    " (SELECT 1 FROM shop.many LIMIT 50) b";
inline constexpr absl::string_view kHasMuchToUndo =
    "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 3000";
inline constexpr absl::string_view kMarkOfAnother = R"(
CREATE DATABASE weft_unfinished_copy;
CREATE TABLE weft_unfinished_copy.maker (only_one INT PRIMARY KEY, job VARCHAR(64) NOT NULL);
INSERT INTO weft_unfinished_copy.maker VALUES (1, 'another');
)";
inline constexpr absl::string_view kPersistedSkips =
    "SELECT COUNT(*) FROM performance_schema.persisted_variables"
    " WHERE VARIABLE_NAME IN ('skip_replica_start', 'skip_slave_start')";
inline constexpr absl::string_view kSkipReplicaStart = "SELECT @@GLOBAL.skip_replica_start";
inline constexpr absl::string_view kClonesUnderWay =
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'CLONE INSTANCE %'";
inline constexpr absl::string_view kRowsUnderWay =
    "SELECT COUNT(*) > 0 FROM information_schema.PROCESSLIST WHERE INFO LIKE 'LOAD DATA %'";
inline constexpr absl::string_view kFillPump = R"(
CREATE DATABASE pump;
CREATE TABLE pump.keyed (id INT PRIMARY KEY);
CREATE TABLE pump.held (id INT PRIMARY KEY);
)";
inline constexpr absl::string_view kLetLoad =
    "SET GLOBAL local_infile = ON, GLOBAL super_read_only = OFF, GLOBAL read_only = OFF";
inline constexpr absl::string_view kWaitLongForLocks = "SET SESSION lock_wait_timeout = 60";
inline constexpr absl::string_view kBegin = "BEGIN";
inline constexpr absl::string_view kReadKeyed = "SELECT COUNT(*) FROM pump.keyed";
inline constexpr absl::string_view kUsePump = "USE pump";
inline constexpr absl::string_view kLockHeld = "LOCK TABLES pump.held WRITE";
inline constexpr absl::string_view kKeysWait =
    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'ALTER TABLE %'"
    " AND STATE LIKE 'Waiting for table metadata lock'";
inline constexpr absl::string_view kReaderOfHeld =
    "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT %`held`%'"
    " AND STATE LIKE 'Waiting for table metadata lock'";
inline constexpr absl::string_view kSessionsOf =
    "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = '%s'";
// Failed ones that would still be held against the server.
inline constexpr absl::string_view kUnsettledClones =
    "SELECT COUNT(*) FROM performance_schema.clone_status"
    " LEFT JOIN weft_copied.settled_clones ON began = UNIX_TIMESTAMP(BEGIN_TIME)"
    " WHERE STATE <> 'Completed' AND began IS NULL";
// One transaction each second, by an event whose definer may write to a read-only server.
inline constexpr absl::string_view kTickEachSecond = R"(
DROP EVENT shop.nightly;
CREATE TABLE shop.ticks (id INT PRIMARY KEY AUTO_INCREMENT);
CREATE EVENT shop.tick ON SCHEDULE EVERY 1 SECOND DO INSERT INTO shop.ticks () VALUES ();
)";
inline constexpr absl::string_view kEventsOn = "SET GLOBAL event_scheduler = ON";
inline constexpr absl::string_view kEventsNow = "SELECT @@GLOBAL.event_scheduler";
inline constexpr absl::string_view kTicksAndExecuted =
    "FLUSH TABLES WITH READ LOCK; SELECT COUNT(*) FROM shop.ticks; SELECT @@GLOBAL.gtid_executed";
// On a server whose settings file says the contrary.
inline constexpr absl::string_view kStartsWritable =
    "SET PERSIST_ONLY read_only = OFF; SET PERSIST_ONLY super_read_only = OFF";
inline constexpr absl::string_view kStartsReadOnly = "SET PERSIST_ONLY super_read_only = ON";
inline constexpr absl::string_view kSuperReadOnlyNow = "SELECT @@GLOBAL.super_read_only";
inline constexpr absl::string_view kPersistedSuperReadOnly =
    "SELECT VARIABLE_VALUE FROM performance_schema.persisted_variables"
    " WHERE VARIABLE_NAME = 'super_read_only'";
inline constexpr absl::string_view kOpenAndWrite =
    "SET GLOBAL super_read_only = OFF; CREATE DATABASE intruder";
inline constexpr absl::string_view kWriteOfClient = "CREATE TABLE app.mine (id INT PRIMARY KEY)";
inline constexpr absl::string_view kWriteOfAdministrator = "CREATE DATABASE intruder";
// On a server with a schema for applications.
inline constexpr absl::string_view kOwnSchemasAlone =
    "DROP DATABASE app; CREATE DATABASE weft_heartbeat; CREATE DATABASE weft_copied";
inline constexpr absl::string_view kSchemaNamedAlike =
    "CREATE DATABASE weft_shop; CREATE TABLE weft_shop.orders (id INT PRIMARY KEY)";
// The cells of tables as text, for servers whose checksums differ.
inline constexpr std::array<absl::string_view, 3> kCells = {
    "SELECT id, f * 1e0, d, n, HEX(b), HEX(t), HEX(l), HEX(u), HEX(raw), SHA2(big, 256), e, s, "
    "day, stamp,"
    " y, HEX(g), UNIX_TIMESTAMP(at) FROM shop.kinds ORDER BY id",
    "SELECT * FROM shop.child ORDER BY 1, 2",
    "SELECT * FROM shop.old_style ORDER BY 1, 2",
};

// The same on both servers after a copy.
inline constexpr std::array<absl::string_view, 9> kWhatMustBeAlike = {
    "SELECT @@GLOBAL.gtid_executed",
    "SELECT TABLE_SCHEMA, TABLE_NAME, ENGINE, TABLE_COLLATION FROM information_schema.TABLES"
    " WHERE TABLE_SCHEMA IN ('shop', 'app') ORDER BY 1, 2",
    "CHECKSUM TABLE shop.kinds, shop.parent, shop.child, shop.old_style, shop.log,"
    " shop.`odd ``name`, shop.modern",
    "SELECT * FROM shop.b_view ORDER BY 1",
    "SHOW CREATE TABLE shop.kinds",
    "SELECT ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, DEFINER, SQL_MODE FROM"
    " information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'shop' ORDER BY 1",
    "SELECT TRIGGER_NAME, ACTION_STATEMENT, DEFINER FROM information_schema.TRIGGERS"
    " WHERE TRIGGER_SCHEMA = 'shop' ORDER BY 1",
    "SELECT EVENT_NAME, EVENT_DEFINITION, INTERVAL_FIELD, DEFINER FROM information_schema.EVENTS"
    " ORDER BY 1",
    "SHOW GRANTS FOR 'jane'@'%'",
};

}  // namespace weft::provisioner::sql
