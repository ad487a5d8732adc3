-- What the groups' safety has grown by. It only adds (tables, columns with defaults, procedures of new
-- names; never another signature of a procedure that is there), so that programs of schema version 4
-- work beside those of 5. Everything here may run twice.
-- Signalled: 50014 promotion forbidden

CREATE TABLE IF NOT EXISTS store_state (
  id TINYINT UNSIGNED NOT NULL COMMENT 'Always 1: the table has one row.',
  incarnation BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'Raised by each restore of a backup.',
  PRIMARY KEY (id),
  CONSTRAINT store_state_is_one_row CHECK (id = 1)
) ENGINE = InnoDB COMMENT = 'What is true of the store as a whole.';

INSERT IGNORE INTO store_state (id) VALUES (1);

CREATE TABLE IF NOT EXISTS group_settings (
  group_id VARCHAR(64) NOT NULL,
  settings JSON NOT NULL COMMENT 'An object of texts: what is not at its default. Unknown names are kept.',
  failover_epoch BIGINT UNSIGNED NOT NULL DEFAULT 0 COMMENT 'The epoch that the last failover began; 0: there was none.',
  failover_at DATETIME(6) NOT NULL DEFAULT '1970-01-01' COMMENT 'When that was.',
  restored BOOLEAN NOT NULL DEFAULT FALSE COMMENT 'The record came from a backup, and its servers have not confirmed it yet.',
  hooks JSON NULL COMMENT 'What the programs of the last intent that ran any have answered; NULL: none did.',
  PRIMARY KEY (group_id),
  CONSTRAINT settings_of_group FOREIGN KEY (group_id) REFERENCES weft_group (id) ON DELETE CASCADE
) ENGINE = InnoDB COMMENT = 'What is set of a group; a group without a row is at the defaults.';

CREATE TABLE IF NOT EXISTS failover_switch (
  id TINYINT UNSIGNED NOT NULL COMMENT 'Always 1: the table has one row.',
  enabled BOOLEAN NOT NULL DEFAULT TRUE COMMENT 'FALSE: no automatic failover in any group.',
  reason TEXT NOT NULL,
  user VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'Who turned it.',
  since DATETIME(6) NOT NULL DEFAULT '1970-01-01',
  PRIMARY KEY (id),
  CONSTRAINT failover_switch_is_one_row CHECK (id = 1)
) ENGINE = InnoDB COMMENT = 'The kill switch of the whole node.';

INSERT IGNORE INTO failover_switch (id, reason) VALUES (1, '');

ALTER TABLE event
  ADD COLUMN user VARCHAR(255) NOT NULL DEFAULT '' COMMENT 'Who asked for it; empty: Weft itself.';

ALTER TABLE server
  ADD COLUMN zone VARCHAR(64) NOT NULL DEFAULT ''
    COMMENT 'The place that the server stands in; empty: none named.';

DELIMITER //

-- The procedures that write a whole server. p_more is an object of what came after version 4: what
-- it does not name stays as it is.

DROP PROCEDURE IF EXISTS put_group //
CREATE PROCEDURE put_group(
  IN p_group VARCHAR(64), IN p_description TEXT, IN p_active BOOLEAN,
  IN p_durability VARCHAR(16), IN p_acknowledgements INT UNSIGNED, IN p_epoch BIGINT UNSIGNED,
  IN p_primary VARCHAR(36), IN p_acknowledgers_version BIGINT UNSIGNED, IN p_acknowledgers JSON,
  IN p_watermark LONGTEXT, IN p_goal VARCHAR(16), IN p_target VARCHAR(36), IN p_failover BOOLEAN,
  IN p_operation VARCHAR(64), IN p_write_stop_budget_us BIGINT, IN p_reopen BOOLEAN,
  IN p_given_up TEXT, IN p_given_up_message TEXT, IN p_servers JSON, IN p_history JSON,
  IN p_settings JSON, IN p_failover_epoch BIGINT UNSIGNED, IN p_failover_at DATETIME(6),
  IN p_revision BIGINT UNSIGNED, IN p_restored BOOLEAN)
  SQL SECURITY INVOKER
  COMMENT 'In the transaction of the caller, which has compared the term.'
BEGIN
  INSERT INTO weft_group VALUES (
    p_group, p_description, p_active, p_durability, p_acknowledgements, p_epoch, p_primary,
    p_acknowledgers_version, p_watermark, p_goal, p_target, p_failover, p_operation,
    p_write_stop_budget_us, p_reopen, p_given_up, p_given_up_message, p_revision);
  INSERT INTO server (
      uuid, group_id, host, port, status, mode, weight, set_aside, errant, promotion_rule, zone)
    SELECT t.uuid, p_group, t.host, t.port, t.status, t.mode, t.weight, t.set_aside, t.errant,
        t.promotion_rule, t.zone
      FROM JSON_TABLE(p_servers, '$[*]' COLUMNS (
        uuid VARCHAR(36) PATH '$.uuid', host VARCHAR(255) PATH '$.host',
        port SMALLINT UNSIGNED PATH '$.port', status VARCHAR(16) PATH '$.status',
        mode VARCHAR(16) PATH '$.mode', weight DOUBLE PATH '$.weight',
        set_aside TEXT PATH '$.set_aside', errant LONGTEXT PATH '$.errant',
        promotion_rule VARCHAR(16) PATH '$.promotion_rule',
        zone VARCHAR(64) PATH '$.zone' DEFAULT '""' ON EMPTY)) AS t;
  INSERT INTO epoch
    SELECT p_group, t.number, t.primary_uuid, t.at_start, t.started
      FROM JSON_TABLE(p_history, '$[*]' COLUMNS (
        number BIGINT UNSIGNED PATH '$.number', primary_uuid VARCHAR(36) PATH '$.primary_uuid',
        at_start LONGTEXT PATH '$.at_start', started DATETIME(6) PATH '$.started')) AS t;
  CALL put_acknowledgers(p_group, p_acknowledgers);
  INSERT INTO group_settings (group_id, settings, failover_epoch, failover_at, restored)
    VALUES (p_group, p_settings, p_failover_epoch, p_failover_at, p_restored);
END //

DROP PROCEDURE IF EXISTS create_group_5 //
CREATE PROCEDURE create_group_5(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_description TEXT, IN p_active BOOLEAN,
  IN p_durability VARCHAR(16), IN p_acknowledgements INT UNSIGNED, IN p_epoch BIGINT UNSIGNED,
  IN p_primary VARCHAR(36), IN p_acknowledgers_version BIGINT UNSIGNED, IN p_acknowledgers JSON,
  IN p_watermark LONGTEXT, IN p_goal VARCHAR(16), IN p_target VARCHAR(36), IN p_failover BOOLEAN,
  IN p_operation VARCHAR(64), IN p_write_stop_budget_us BIGINT, IN p_reopen BOOLEAN,
  IN p_given_up TEXT, IN p_given_up_message TEXT, IN p_servers JSON, IN p_history JSON,
  IN p_settings JSON, IN p_failover_epoch BIGINT UNSIGNED, IN p_failover_at DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL put_group(p_group, p_description, p_active, p_durability, p_acknowledgements, p_epoch, p_primary,
    p_acknowledgers_version, p_acknowledgers, p_watermark, p_goal, p_target, p_failover,
    p_operation, p_write_stop_budget_us, p_reopen, p_given_up, p_given_up_message, p_servers,
    p_history, p_settings, p_failover_epoch, p_failover_at, 1, FALSE);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS add_server_5 //
CREATE PROCEDURE add_server_5(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_host VARCHAR(255), IN p_port SMALLINT UNSIGNED,
  IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE, IN p_set_aside TEXT,
  IN p_errant LONGTEXT, IN p_promotion_rule VARCHAR(16), IN p_more JSON)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  INSERT INTO server (
      uuid, group_id, host, port, status, mode, weight, set_aside, errant, promotion_rule, zone)
    VALUES (
      p_uuid, p_group, p_host, p_port, p_status, p_mode, p_weight, p_set_aside, p_errant,
      p_promotion_rule, COALESCE(p_more->>'$.zone' COLLATE utf8mb4_0900_bin, ''));
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_server_5 //
CREATE PROCEDURE update_server_5(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_new_uuid VARCHAR(36), IN p_host VARCHAR(255),
  IN p_port SMALLINT UNSIGNED, IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE,
  IN p_set_aside TEXT, IN p_errant LONGTEXT, IN p_promotion_rule VARCHAR(16), IN p_more JSON)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  CALL require_server(p_group, p_uuid);
  UPDATE server
    SET uuid = p_new_uuid, host = p_host, port = p_port, status = p_status, mode = p_mode,
        weight = p_weight, set_aside = p_set_aside, errant = p_errant,
        promotion_rule = p_promotion_rule, zone = COALESCE(p_more->>'$.zone' COLLATE utf8mb4_0900_bin, zone)
    WHERE uuid = p_uuid;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //
DROP PROCEDURE IF EXISTS update_group_settings //
CREATE PROCEDURE update_group_settings(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_description TEXT, IN p_active BOOLEAN, IN p_durability VARCHAR(16),
  IN p_acknowledgements INT UNSIGNED, IN p_settings JSON)
  SQL SECURITY INVOKER
  COMMENT 'update_group of 0002, with the settings.'
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  UPDATE weft_group
    SET description = p_description, active = p_active, durability = p_durability,
        acknowledgements = p_acknowledgements, revision = revision + 1
    WHERE id = p_group;
  INSERT INTO group_settings (group_id, settings) VALUES (p_group, p_settings)
    ON DUPLICATE KEY UPDATE settings = p_settings;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS require_promotable //
CREATE PROCEDURE require_promotable(IN p_group VARCHAR(64), IN p_uuid VARCHAR(36))
  SQL SECURITY INVOKER
  COMMENT 'Signals if a server that must not become the primary would. The caller has locked the group.'
BEGIN
  IF EXISTS (SELECT 1 FROM server AS s JOIN weft_group AS g ON g.id = s.group_id
               WHERE s.uuid = p_uuid AND s.promotion_rule = 'MUST_NOT' AND g.id = p_group
                 AND g.primary_uuid <> s.uuid) THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50014, MESSAGE_TEXT = p_uuid;
  END IF;
END //

DROP PROCEDURE IF EXISTS commit_primary //
CREATE PROCEDURE commit_primary(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_primary VARCHAR(36), IN p_acknowledgers JSON,
  IN p_watermark LONGTEXT, IN p_at_start LONGTEXT, IN p_old_status VARCHAR(16),
  IN p_old_mode VARCHAR(16), IN p_started DATETIME(6))
  SQL SECURITY INVOKER
  COMMENT 'The one write that makes another server the primary. As in 0002; it remembers a failover, and confirms a restored record.'
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_epoch(p_group, p_epoch, p_acknowledgers_version);
  UPDATE server AS s JOIN weft_group AS g ON g.id = p_group AND g.primary_uuid = s.uuid
    SET s.status = p_old_status, s.mode = p_old_mode
    WHERE s.group_id = p_group AND s.uuid <> p_primary;
  IF p_primary <> '' THEN
    CALL require_server(p_group, p_primary);
    CALL require_promotable(p_group, p_primary);
    UPDATE server SET status = 'PRIMARY', mode = 'READ_WRITE', set_aside = '', errant = ''
      WHERE uuid = p_primary;
  END IF;
  UPDATE weft_group
    SET epoch = epoch + 1, primary_uuid = p_primary,
        acknowledgers_version = acknowledgers_version + 1, watermark = p_watermark,
        intent_target = IF(intent_goal = 'PROMOTE', p_primary, intent_target),
        revision = revision + 1
    WHERE id = p_group;
  INSERT INTO epoch VALUES (p_group, p_epoch + 1, p_primary, p_at_start, p_started);
  CALL put_acknowledgers(p_group, p_acknowledgers);
  INSERT INTO group_settings (group_id, settings, failover_epoch, failover_at)
    SELECT id, JSON_OBJECT(), p_epoch + 1, p_started FROM weft_group
      WHERE id = p_group AND intent_goal = 'PROMOTE' AND intent_failover
    ON DUPLICATE KEY UPDATE failover_epoch = p_epoch + 1, failover_at = p_started;
  UPDATE group_settings SET restored = FALSE WHERE group_id = p_group AND restored;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS record_hooks //
CREATE PROCEDURE record_hooks(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_operation VARCHAR(64), IN p_hooks JSON)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL require_intent(p_group, p_operation);
  INSERT INTO group_settings (group_id, settings, hooks) VALUES (p_group, JSON_OBJECT(), p_hooks)
    ON DUPLICATE KEY UPDATE hooks = p_hooks;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS set_failover_switch //
CREATE PROCEDURE set_failover_switch(
  IN p_term BIGINT UNSIGNED, IN p_enabled BOOLEAN, IN p_reason TEXT, IN p_user VARCHAR(255),
  IN p_since DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  UPDATE failover_switch
    SET enabled = p_enabled, reason = p_reason, user = p_user, since = p_since WHERE id = 1;
  COMMIT;
END //

-- As in 0002, naming the columns that a program of before knows.
DROP PROCEDURE IF EXISTS append_event //
CREATE PROCEDURE append_event(
  IN p_term BIGINT UNSIGNED, IN p_happened DATETIME(6), IN p_group VARCHAR(64),
  IN p_server VARCHAR(64), IN p_operation VARCHAR(64), IN p_kind VARCHAR(64), IN p_text MEDIUMTEXT)
  SQL SECURITY INVOKER
BEGIN
  CALL append_event_of_user(p_term, p_happened, p_group, p_server, p_operation, p_kind, p_text, '');
END //

DROP PROCEDURE IF EXISTS append_event_of_user //
CREATE PROCEDURE append_event_of_user(
  IN p_term BIGINT UNSIGNED, IN p_happened DATETIME(6), IN p_group VARCHAR(64),
  IN p_server VARCHAR(64), IN p_operation VARCHAR(64), IN p_kind VARCHAR(64), IN p_text MEDIUMTEXT,
  IN p_user VARCHAR(255))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  INSERT INTO event (happened, group_id, server, operation, kind, text, user)
    VALUES (p_happened, p_group, p_server, p_operation, p_kind, p_text, p_user);
  COMMIT;
END //

-- A restore: one transaction of several calls, for it may be megabytes. Signals:
--   50015 there are groups
DROP PROCEDURE IF EXISTS restore_begin //
CREATE PROCEDURE restore_begin(IN p_term BIGINT UNSIGNED, IN p_surrender BOOLEAN)
  SQL SECURITY INVOKER
  COMMENT 'Empties the tables. The caller holds the row of the lease, for update.'
BEGIN
  DECLARE v_groups BIGINT UNSIGNED;
  DECLARE v_found VARCHAR(128);
  CALL require_term(p_term);
  SELECT COUNT(*) INTO v_groups FROM weft_group FOR UPDATE;
  IF v_groups > 0 AND NOT p_surrender THEN
    SET v_found = v_groups;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50015, MESSAGE_TEXT = v_found;
  END IF;
  DELETE FROM acknowledger;
  DELETE FROM epoch;
  DELETE FROM group_settings;
  DELETE FROM server;
  DELETE FROM weft_group;
  DELETE FROM operation;
  DELETE FROM user_role;
  DELETE FROM weft_user;
END //

DROP PROCEDURE IF EXISTS restore_user //
CREATE PROCEDURE restore_user(
  IN p_name VARCHAR(64), IN p_digest_ha1 VARCHAR(32), IN p_native_hash VARCHAR(40),
  IN p_verifier VARCHAR(255), IN p_disabled BOOLEAN, IN p_roles JSON, IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  INSERT INTO weft_user (name, digest_ha1, native_hash, verifier, disabled, revision)
    VALUES (p_name, p_digest_ha1, p_native_hash, p_verifier, p_disabled, p_revision);
  CALL put_roles(p_name, p_roles);
END //

DROP PROCEDURE IF EXISTS restore_end //
CREATE PROCEDURE restore_end(
  IN p_incarnation BIGINT UNSIGNED, IN p_next_term BIGINT UNSIGNED,
  IN p_users_version BIGINT UNSIGNED, IN p_enabled BOOLEAN, IN p_reason TEXT,
  IN p_user VARCHAR(255), IN p_since DATETIME(6))
  SQL SECURITY INVOKER
  COMMENT 'Nobody holds the lease afterwards. Programs of schema version 4 would not know that nothing may be done to a restored group: they are locked out.'
BEGIN
  UPDATE failover_switch
    SET enabled = p_enabled, reason = p_reason, user = p_user, since = p_since WHERE id = 1;
  UPDATE user_state SET version = p_users_version WHERE id = 1;
  UPDATE store_state SET incarnation = p_incarnation WHERE id = 1;
  UPDATE lease SET holder = '', term = p_next_term, renewal = renewal + 1 WHERE id = 1;
  INSERT IGNORE INTO schema_version (version, name) VALUES (5, 'lossless');
END //

DELIMITER ;
