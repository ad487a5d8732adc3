#pragma once

#include "absl/strings/string_view.h"

// What the test of rewinding does to servers behind the farm's back.
namespace weft::controller::test_sql {

// One column of every type, and tables that are hard to undo by looking at values.
inline constexpr absl::string_view kMakeTables =
    "CREATE TABLE app.every (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, ti TINYINT,"
    " si SMALLINT UNSIGNED, mi MEDIUMINT, bi BIGINT UNSIGNED, f FLOAT, d DOUBLE, de DECIMAL(65,30),"
    " de5 DECIMAL(5,0), b BIT(13), b64 BIT(64), y YEAR, da DATE, ti0 TIME, ti6 TIME(6),"
    " dt0 DATETIME, dt3 DATETIME(3), ts TIMESTAMP NULL, ts6 TIMESTAMP(6) NULL, c CHAR(10),"
    " cc CHAR(255) CHARACTER SET utf8mb4, vc VARCHAR(20) CHARACTER SET latin1,"
    " vl VARCHAR(3000) CHARACTER SET utf8mb4, bin BINARY(5), vb VARBINARY(300), tb TINYBLOB,"
    " bl BLOB, mb MEDIUMBLOB, lb LONGBLOB, tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT,"
    " e ENUM('a','b','c'), s SET('x','y','z'), j JSON, g GEOMETRY, v VECTOR(3),"
    " gv INT GENERATED ALWAYS AS (ti + 1) VIRTUAL, gs INT GENERATED ALWAYS AS (ti + 2) STORED,"
    " KEY (gv));"
    " CREATE TABLE app.heap (a INT, b VARCHAR(10), j JSON);"
    " CREATE TABLE app.parent (id INT PRIMARY KEY, x INT);"
    " CREATE TABLE app.child (id INT PRIMARY KEY, pid INT, FOREIGN KEY (pid)"
    " REFERENCES app.parent (id) ON DELETE CASCADE ON UPDATE CASCADE);"
    " CREATE TABLE app.seen (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20));"
    " CREATE TABLE app.watched (id INT PRIMARY KEY, v INT);"
    " CREATE TRIGGER app.w1 BEFORE INSERT ON app.watched FOR EACH ROW"
    " INSERT INTO app.seen (what) VALUES ('i');"
    " CREATE TRIGGER app.w2 AFTER DELETE ON app.watched FOR EACH ROW"
    " INSERT INTO app.seen (what) VALUES ('d');"
    " CREATE TABLE app.plain (id INT PRIMARY KEY) ENGINE=MyISAM";
inline constexpr absl::string_view kFillTables =
    "INSERT INTO app.every VALUES (1, -5, 65000, -8388608, 18446744073709551615, 1.5, -2.25e300,"
    " -12345.678901234567890123456789, -999, b'1010101010101', b'1111', 2026, '2026-02-28',"
    " '-838:59:59', '12:34:56.123456', '2026-01-01 00:00:00', '2026-01-01 00:00:00.123',"
    " '2026-01-01 00:00:01', '2026-01-01 00:00:01.654321', 'char', REPEAT('\xF0\x9F\x98\x80', 9),"
    " X'6CE9', REPEAT('\xF0\x9F\x98\x80', 700), X'6100', REPEAT(X'00275C0A', 50), 'tb',"
    " REPEAT('b', 300), REPEAT('m', 70000), 'l', 'tt', 'tx', 'mt', 'lt', 'c', 'x,z',"
    " '{\"a\": [1, 2, {\"b\": \"c\"}], \"n\": null}', ST_GeomFromText('POINT(1 2)'),"
    " TO_VECTOR('[1,2,3]'), DEFAULT, DEFAULT);"
    " INSERT INTO app.every (id) VALUES (2);"
    " INSERT INTO app.heap VALUES (1, 'x', '{}'), (1, 'x', '{}'), (NULL, NULL, NULL), (2, 'y', "
    "'[]');"
    " INSERT INTO app.parent VALUES (1, 1), (2, 2);"
    " INSERT INTO app.child VALUES (1, 1), (2, 1), (3, 2);"
    " INSERT INTO app.watched VALUES (1, 1), (2, 2)";
inline constexpr absl::string_view kGoAstray =
    "UPDATE app.every SET ti = 9, j = JSON_SET(j, '$.a[0]', 77), vl = 'short', e = 'a', s = 'y',"
    " b = b'1', de = 1, ts6 = '2020-01-01 00:00:00.000001', g = NULL, v = TO_VECTOR('[9]'),"
    " mb = NULL, vb = X'00'; START TRANSACTION;"
    " INSERT INTO app.every (ti, vc, j) VALUES (1, 'new', '{\"k\": 1}'), (2, 'other', '[]');"
    " SAVEPOINT one; DELETE FROM app.every WHERE id = 2;"
    " UPDATE app.every SET id = id + 100 WHERE id = 1; COMMIT;"
    " SET SESSION binlog_row_value_options = PARTIAL_JSON;"
    " UPDATE app.every SET j = JSON_SET(j, '$.n', 5) WHERE id = 101;"
    " SET SESSION binlog_row_value_options = '';"
    " INSERT INTO app.heap VALUES (1, 'x', '{}'); DELETE FROM app.heap WHERE a = 1 LIMIT 2;"
    " UPDATE app.heap SET b = 'zz' WHERE a IS NULL; DELETE FROM app.parent WHERE id = 1;"
    " UPDATE app.parent SET id = 20 WHERE id = 2; INSERT INTO app.watched VALUES (3, 3);"
    " DELETE FROM app.watched WHERE id = 1; DROP TABLE IF EXISTS weft_nudge.nothing";
// Checksums of the whole tables, by rows that are put in order.
inline constexpr absl::string_view kChecksums =
    "CHECKSUM TABLE app.every, app.heap, app.parent, app.child, app.seen, app.watched";
inline constexpr absl::string_view kAddColumn = "ALTER TABLE app.heap ADD COLUMN z INT";
inline constexpr absl::string_view kPlainRow = "INSERT INTO app.plain VALUES (1)";
inline constexpr absl::string_view kNarrowRow =
    "SET SESSION binlog_row_image = MINIMAL; UPDATE app.every SET ti = 3 WHERE id = 1";
inline constexpr absl::string_view kRowOfAll = "UPDATE app.every SET ti = 3 WHERE id = 1";
// A change that no log knows.
inline constexpr absl::string_view kUnlogged =
    "SET SESSION sql_log_bin = 0; UPDATE app.every SET ti = 4 WHERE id = 1";
inline constexpr absl::string_view kUnloggedDelete =
    "SET SESSION sql_log_bin = 0; DELETE FROM app.every WHERE id = 1";
inline constexpr absl::string_view kPurge =
    "FLUSH BINARY LOGS; PURGE BINARY LOGS BEFORE NOW() + INTERVAL 1 DAY";
inline constexpr absl::string_view kRewindSchemas =
    "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'weft_rewind'";
inline constexpr absl::string_view kClosed = "SELECT @@GLOBAL.super_read_only";
inline constexpr absl::string_view kOffline = "SELECT @@GLOBAL.offline_mode";
// Many rows, so that the rewind takes a while.
inline constexpr absl::string_view kManyRows =
    "SET SESSION cte_max_recursion_depth = 100000; INSERT INTO app.heap"
    " WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    " SELECT i, 'r', JSON_OBJECT('i', REPEAT('x', 200)) FROM n";
inline constexpr absl::string_view kResetAsAStepDoes =
    "SET GLOBAL offline_mode = ON; SET GLOBAL super_read_only = OFF; RESET BINARY LOGS AND GTIDS;"
    " SET GLOBAL super_read_only = ON";

}  // namespace weft::controller::test_sql
