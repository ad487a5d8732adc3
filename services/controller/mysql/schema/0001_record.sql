-- The state store's tables. Texts compare byte by byte, so names keep their letter case. Values of
-- enumerations are their words. Instants are UTC. Everything here may run twice.

ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_bin;

CREATE TABLE IF NOT EXISTS lease (
  id TINYINT UNSIGNED NOT NULL COMMENT 'Always 1: the table has one row.',
  holder VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'The controller that leads; empty: none does.',
  term BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Raised by each change of holder. Every write compares it.',
  renewal BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Raised by each renewal. A challenger watches it stand still.',
  PRIMARY KEY (id),
  CONSTRAINT lease_is_one_row CHECK (id = 1)
) ENGINE = InnoDB COMMENT = 'Which controller may act.';

INSERT IGNORE INTO lease (id) VALUES (1);

CREATE TABLE IF NOT EXISTS weft_group (
  id VARCHAR(64) NOT NULL COMMENT 'Its name.',
  description TEXT NOT NULL,
  active BOOLEAN NOT NULL COMMENT 'Failures are detected and repaired without being asked.',
  durability VARCHAR(16) NOT NULL COMMENT 'async or lossless.',
  acknowledgements INT UNSIGNED NOT NULL COMMENT 'Replicas that must acknowledge a commit if lossless.',
  epoch BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each change of primary; 0: it never had one.',
  primary_uuid VARCHAR(36) NOT NULL COMMENT 'The primary of record; empty: none.',
  acknowledgers_version BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each change of its rows in acknowledger.',
  watermark LONGTEXT NOT NULL COMMENT 'GTID set that every later primary must hold.',
  intent_goal VARCHAR(16) NOT NULL COMMENT 'KEEP: nothing is pending. PROMOTE, DEMOTE: somebody asked for it.',
  intent_target VARCHAR(36) NOT NULL COMMENT 'PROMOTE: the server to become primary; empty: not chosen yet.',
  intent_failover BOOLEAN NOT NULL COMMENT 'PROMOTE: the primary was judged dead.',
  intent_operation VARCHAR(64) NOT NULL COMMENT 'Id of the operation that reports on it; empty: none.',
  intent_write_stop_budget_us BIGINT NOT NULL COMMENT 'Microseconds that writes may be stopped for.',
  intent_reopen BOOLEAN NOT NULL COMMENT 'If given up, the primary of record becomes writable again.',
  intent_given_up TEXT NOT NULL COMMENT 'Reason code; empty: not given up.',
  intent_given_up_message TEXT NOT NULL COMMENT 'The same in words.',
  revision BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each write of the group or its servers.',
  PRIMARY KEY (id)
) ENGINE = InnoDB COMMENT = 'What must be true of each group. (GROUPS is a reserved word.)';

CREATE TABLE IF NOT EXISTS server (
  uuid VARCHAR(36) NOT NULL COMMENT 'server_uuid, lower case.',
  group_id VARCHAR(64) NOT NULL,
  host VARCHAR(255) NOT NULL COMMENT 'Name or address, IPv6 without brackets.',
  port SMALLINT UNSIGNED NOT NULL,
  status VARCHAR(16) NOT NULL COMMENT 'PRIMARY, SECONDARY, SPARE, FAULTY or CONFIGURING.',
  mode VARCHAR(16) NOT NULL COMMENT 'OFFLINE, READ_ONLY, WRITE_ONLY or READ_WRITE.',
  weight DOUBLE NOT NULL COMMENT '0 to 1: share of the reads, and preference among equals.',
  set_aside TEXT NOT NULL COMMENT 'Why it is kept out; empty: it is not.',
  errant LONGTEXT NOT NULL COMMENT 'GTID set that the group does not know; empty: none.',
  PRIMARY KEY (uuid),
  UNIQUE KEY address (host, port),
  KEY of_group (group_id),
  CONSTRAINT server_of_group FOREIGN KEY (group_id) REFERENCES weft_group (id)
) ENGINE = InnoDB COMMENT = 'The members of the groups.';

CREATE TABLE IF NOT EXISTS acknowledger (
  group_id VARCHAR(64) NOT NULL,
  server_uuid VARCHAR(36) NOT NULL COMMENT 'It may outlive its row in server.',
  PRIMARY KEY (group_id, server_uuid),
  CONSTRAINT acknowledger_of_group FOREIGN KEY (group_id) REFERENCES weft_group (id)
) ENGINE = InnoDB COMMENT = 'The replicas that may acknowledge a commit of their group''s present epoch.';

CREATE TABLE IF NOT EXISTS epoch (
  group_id VARCHAR(64) NOT NULL,
  number BIGINT UNSIGNED NOT NULL,
  primary_uuid VARCHAR(36) NOT NULL COMMENT 'Empty: the group had no primary.',
  at_start LONGTEXT NOT NULL COMMENT 'GTID set that the primary had executed when the epoch began.',
  started DATETIME(6) NOT NULL COMMENT 'For people; nothing is decided by it.',
  PRIMARY KEY (group_id, number),
  CONSTRAINT epoch_of_group FOREIGN KEY (group_id) REFERENCES weft_group (id)
) ENGINE = InnoDB COMMENT = 'Which server was primary from which transaction on. Never pruned while the group exists.';

CREATE TABLE IF NOT EXISTS operation (
  sequence BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Order of creation.',
  id VARCHAR(64) NOT NULL,
  kind VARCHAR(64) NOT NULL COMMENT 'promote, failover, add, rejoin, ...',
  group_id VARCHAR(64) NOT NULL COMMENT 'Empty: of no group. The group may be gone.',
  server VARCHAR(64) NOT NULL COMMENT 'Uuid; empty: of no single server.',
  request_id VARCHAR(255) NULL COMMENT 'What makes a repeated request act once; NULL: not protected.',
  user VARCHAR(255) NOT NULL COMMENT 'Who asked for it.',
  state VARCHAR(16) NOT NULL COMMENT 'RUNNING, SUCCEEDED, FAILED or CANCELLED.',
  progress DOUBLE NOT NULL COMMENT '0 to 1.',
  phase TEXT NOT NULL COMMENT 'What it is doing now, for people.',
  error_reason TEXT NOT NULL COMMENT 'FAILED: reason code.',
  error_message MEDIUMTEXT NOT NULL COMMENT 'FAILED: the same in words.',
  result MEDIUMTEXT NOT NULL COMMENT 'Figures, as a JSON object.',
  cancel_requested BOOLEAN NOT NULL,
  created DATETIME(6) NOT NULL,
  updated DATETIME(6) NOT NULL,
  PRIMARY KEY (sequence),
  UNIQUE KEY id (id),
  UNIQUE KEY request_id (request_id),
  KEY of_group (group_id, sequence)
) ENGINE = InnoDB COMMENT = 'Long-running requests. Ended ones are pruned, the oldest first.';

CREATE TABLE IF NOT EXISTS event (
  sequence BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  happened DATETIME(6) NOT NULL,
  group_id VARCHAR(64) NOT NULL,
  server VARCHAR(64) NOT NULL COMMENT 'Uuid; empty: of no single server.',
  operation VARCHAR(64) NOT NULL COMMENT 'Id; empty: of no operation.',
  kind VARCHAR(64) NOT NULL COMMENT 'decision, refusal, finding or change.',
  text MEDIUMTEXT NOT NULL COMMENT 'What, with its evidence.',
  PRIMARY KEY (sequence),
  KEY of_group (group_id, sequence)
) ENGINE = InnoDB COMMENT = 'Decisions and changes. The oldest are pruned.';
