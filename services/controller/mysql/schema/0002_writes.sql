-- The writes. Each is one CALL, so a whole transaction runs inside the server: a controller that
-- hangs or is cut off between two statements can hold no lock that its successor would wait for, and
-- a write costs one round trip. Each compares before it changes anything; a comparison that fails
-- signals one of these numbers, with what was found as the text:
--   50001 term            50002 no such group      50003 revision       50004 epoch
--   50005 acknowledgers   50006 no such server in the group             50007 intent pending
--   50008 other intent    50009 group not empty    50010 no such operation
--   50011 operation ended
-- Everything here may run twice.

DELIMITER //

DROP PROCEDURE IF EXISTS require_term //
CREATE PROCEDURE require_term(IN p_term BIGINT UNSIGNED)
  SQL SECURITY INVOKER
  COMMENT 'Holds the term still until the transaction ends; signals unless it is p_term.'
BEGIN
  DECLARE v_term BIGINT UNSIGNED;
  DECLARE v_found VARCHAR(128);
  SELECT term INTO v_term FROM lease WHERE id = 1 FOR SHARE;
  IF v_term <> p_term THEN
    SET v_found = v_term;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50001, MESSAGE_TEXT = v_found;
  END IF;
END //

DROP PROCEDURE IF EXISTS check_revision //
CREATE PROCEDURE check_revision(IN p_found BIGINT UNSIGNED, IN p_expected BIGINT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_found VARCHAR(128) DEFAULT p_found;
  IF p_found IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50002, MESSAGE_TEXT = '';
  ELSEIF p_found <> p_expected THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50003, MESSAGE_TEXT = v_found;
  END IF;
END //

DROP PROCEDURE IF EXISTS lock_revision //
CREATE PROCEDURE lock_revision(IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
  COMMENT 'Locks the group; signals unless it is at p_revision.'
BEGIN
  DECLARE v_revision BIGINT UNSIGNED;
  SELECT revision INTO v_revision FROM weft_group WHERE id = p_group FOR UPDATE;
  CALL check_revision(v_revision, p_revision);
END //

DROP PROCEDURE IF EXISTS lock_epoch //
CREATE PROCEDURE lock_epoch(
  IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED, IN p_acknowledgers_version BIGINT UNSIGNED)
  SQL SECURITY INVOKER
  COMMENT 'Locks the group; signals unless epoch and acknowledger set are as given.'
BEGIN
  DECLARE v_epoch, v_version BIGINT UNSIGNED;
  DECLARE v_found VARCHAR(128);
  SELECT epoch, acknowledgers_version INTO v_epoch, v_version
    FROM weft_group WHERE id = p_group FOR UPDATE;
  IF v_epoch IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50002, MESSAGE_TEXT = '';
  ELSEIF v_epoch <> p_epoch THEN
    SET v_found = v_epoch;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50004, MESSAGE_TEXT = v_found;
  ELSEIF v_version <> p_acknowledgers_version THEN
    SET v_found = v_version;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50005, MESSAGE_TEXT = v_found;
  END IF;
END //

DROP PROCEDURE IF EXISTS require_server //
CREATE PROCEDURE require_server(IN p_group VARCHAR(64), IN p_uuid VARCHAR(36))
  SQL SECURITY INVOKER
  COMMENT 'Signals unless the server is in the group, which the caller has locked.'
BEGIN
  IF NOT EXISTS (SELECT 1 FROM server WHERE uuid = p_uuid AND group_id = p_group) THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50006, MESSAGE_TEXT = p_uuid;
  END IF;
END //

DROP PROCEDURE IF EXISTS require_intent //
CREATE PROCEDURE require_intent(IN p_group VARCHAR(64), IN p_operation VARCHAR(64))
  SQL SECURITY INVOKER
  COMMENT 'Locks the group; signals unless its pending intent is that of the operation.'
BEGIN
  DECLARE v_goal VARCHAR(16);
  DECLARE v_operation VARCHAR(64);
  SELECT intent_goal, intent_operation INTO v_goal, v_operation
    FROM weft_group WHERE id = p_group FOR UPDATE;
  IF v_goal IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50002, MESSAGE_TEXT = '';
  ELSEIF v_goal = 'KEEP' OR v_operation <> p_operation THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50008, MESSAGE_TEXT = v_operation;
  END IF;
END //

DROP PROCEDURE IF EXISTS put_acknowledgers //
CREATE PROCEDURE put_acknowledgers(IN p_group VARCHAR(64), IN p_servers JSON)
  SQL SECURITY INVOKER
  COMMENT 'Replaces the set by a JSON array of uuids.'
BEGIN
  DELETE FROM acknowledger WHERE group_id = p_group;
  INSERT INTO acknowledger (group_id, server_uuid)
    SELECT p_group, t.uuid
      FROM JSON_TABLE(p_servers, '$[*]' COLUMNS (uuid VARCHAR(36) PATH '$')) AS t;
END //

DROP PROCEDURE IF EXISTS create_group //
CREATE PROCEDURE create_group(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_description TEXT, IN p_active BOOLEAN,
  IN p_durability VARCHAR(16), IN p_acknowledgements INT UNSIGNED, IN p_epoch BIGINT UNSIGNED,
  IN p_primary VARCHAR(36), IN p_acknowledgers_version BIGINT UNSIGNED, IN p_acknowledgers JSON,
  IN p_watermark LONGTEXT, IN p_goal VARCHAR(16), IN p_target VARCHAR(36), IN p_failover BOOLEAN,
  IN p_operation VARCHAR(64), IN p_write_stop_budget_us BIGINT, IN p_reopen BOOLEAN,
  IN p_given_up TEXT, IN p_given_up_message TEXT, IN p_servers JSON, IN p_history JSON)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  INSERT INTO weft_group VALUES (
    p_group, p_description, p_active, p_durability, p_acknowledgements, p_epoch, p_primary,
    p_acknowledgers_version, p_watermark, p_goal, p_target, p_failover, p_operation,
    p_write_stop_budget_us, p_reopen, p_given_up, p_given_up_message, 1);
  INSERT INTO server
    SELECT t.uuid, p_group, t.host, t.port, t.status, t.mode, t.weight, t.set_aside, t.errant
      FROM JSON_TABLE(p_servers, '$[*]' COLUMNS (
        uuid VARCHAR(36) PATH '$.uuid', host VARCHAR(255) PATH '$.host',
        port SMALLINT UNSIGNED PATH '$.port', status VARCHAR(16) PATH '$.status',
        mode VARCHAR(16) PATH '$.mode', weight DOUBLE PATH '$.weight',
        set_aside TEXT PATH '$.set_aside', errant LONGTEXT PATH '$.errant')) AS t;
  INSERT INTO epoch
    SELECT p_group, t.number, t.primary_uuid, t.at_start, t.started
      FROM JSON_TABLE(p_history, '$[*]' COLUMNS (
        number BIGINT UNSIGNED PATH '$.number', primary_uuid VARCHAR(36) PATH '$.primary_uuid',
        at_start LONGTEXT PATH '$.at_start', started DATETIME(6) PATH '$.started')) AS t;
  CALL put_acknowledgers(p_group, p_acknowledgers);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS destroy_group //
CREATE PROCEDURE destroy_group(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_servers BIGINT UNSIGNED;
  DECLARE v_found VARCHAR(128);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  SELECT COUNT(*) INTO v_servers FROM server WHERE group_id = p_group;
  IF v_servers > 0 THEN
    SET v_found = v_servers;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50009, MESSAGE_TEXT = v_found;
  END IF;
  DELETE FROM acknowledger WHERE group_id = p_group;
  DELETE FROM epoch WHERE group_id = p_group;
  DELETE FROM weft_group WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_group //
CREATE PROCEDURE update_group(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_description TEXT, IN p_active BOOLEAN, IN p_durability VARCHAR(16),
  IN p_acknowledgements INT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  UPDATE weft_group
    SET description = p_description, active = p_active, durability = p_durability,
        acknowledgements = p_acknowledgements, revision = revision + 1
    WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS add_server //
CREATE PROCEDURE add_server(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_host VARCHAR(255), IN p_port SMALLINT UNSIGNED,
  IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE, IN p_set_aside TEXT,
  IN p_errant LONGTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  INSERT INTO server VALUES (
    p_uuid, p_group, p_host, p_port, p_status, p_mode, p_weight, p_set_aside, p_errant);
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS remove_server //
CREATE PROCEDURE remove_server(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  CALL require_server(p_group, p_uuid);
  DELETE FROM server WHERE uuid = p_uuid;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_server //
CREATE PROCEDURE update_server(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_new_uuid VARCHAR(36), IN p_host VARCHAR(255),
  IN p_port SMALLINT UNSIGNED, IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE,
  IN p_set_aside TEXT, IN p_errant LONGTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  CALL require_server(p_group, p_uuid);
  UPDATE server
    SET uuid = p_new_uuid, host = p_host, port = p_port, status = p_status, mode = p_mode,
        weight = p_weight, set_aside = p_set_aside, errant = p_errant
    WHERE uuid = p_uuid;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS insert_operation //
CREATE PROCEDURE insert_operation(
  IN p_id VARCHAR(64), IN p_kind VARCHAR(64), IN p_group VARCHAR(64), IN p_server VARCHAR(64),
  IN p_request_id VARCHAR(255), IN p_user VARCHAR(255), IN p_state VARCHAR(16),
  IN p_progress DOUBLE, IN p_phase TEXT, IN p_error_reason TEXT, IN p_error_message MEDIUMTEXT,
  IN p_result MEDIUMTEXT, IN p_cancel_requested BOOLEAN, IN p_created DATETIME(6),
  IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  INSERT INTO operation VALUES (
    DEFAULT, p_id, p_kind, p_group, p_server, NULLIF(p_request_id, ''), p_user, p_state,
    p_progress, p_phase, p_error_reason, p_error_message, p_result, p_cancel_requested, p_created,
    p_updated);
END //

DROP PROCEDURE IF EXISTS set_intent //
CREATE PROCEDURE set_intent(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_goal VARCHAR(16), IN p_target VARCHAR(36), IN p_failover BOOLEAN,
  IN p_operation VARCHAR(64), IN p_write_stop_budget_us BIGINT, IN p_reopen BOOLEAN,
  IN p_given_up TEXT, IN p_given_up_message TEXT,
  IN p_id VARCHAR(64), IN p_kind VARCHAR(64), IN p_of_group VARCHAR(64), IN p_server VARCHAR(64),
  IN p_request_id VARCHAR(255), IN p_user VARCHAR(255), IN p_state VARCHAR(16),
  IN p_progress DOUBLE, IN p_phase TEXT, IN p_error_reason TEXT, IN p_error_message MEDIUMTEXT,
  IN p_result MEDIUMTEXT, IN p_cancel_requested BOOLEAN, IN p_created DATETIME(6),
  IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_revision BIGINT UNSIGNED;
  DECLARE v_goal VARCHAR(16);
  DECLARE v_operation VARCHAR(64);
  DECLARE v_same BOOLEAN;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  SELECT revision, intent_goal, intent_operation INTO v_revision, v_goal, v_operation
    FROM weft_group WHERE id = p_group FOR UPDATE;
  IF v_revision IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50002, MESSAGE_TEXT = '';
  END IF;
  SET v_same = v_goal <> 'KEEP' AND v_operation = p_operation;
  IF NOT v_same THEN
    CALL insert_operation(
      p_id, p_kind, p_of_group, p_server, p_request_id, p_user, p_state, p_progress, p_phase,
      p_error_reason, p_error_message, p_result, p_cancel_requested, p_created, p_updated);
  END IF;
  CALL check_revision(v_revision, p_revision);
  IF v_goal <> 'KEEP' AND NOT v_same THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50007, MESSAGE_TEXT = v_operation;
  END IF;
  UPDATE weft_group
    SET intent_goal = p_goal, intent_target = p_target, intent_failover = p_failover,
        intent_operation = p_operation, intent_write_stop_budget_us = p_write_stop_budget_us,
        intent_reopen = p_reopen, intent_given_up = p_given_up,
        intent_given_up_message = p_given_up_message, revision = revision + 1
    WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS end_intent //
CREATE PROCEDURE end_intent(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_write_stop_budget_us BIGINT,
  IN p_id VARCHAR(64), IN p_state VARCHAR(16), IN p_progress DOUBLE, IN p_phase TEXT,
  IN p_error_reason TEXT, IN p_error_message MEDIUMTEXT, IN p_result MEDIUMTEXT,
  IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
  COMMENT 'p_write_stop_budget_us is that of a new intent.'
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL require_intent(p_group, p_id);
  UPDATE operation
    SET state = p_state, progress = p_progress, phase = p_phase, error_reason = p_error_reason,
        error_message = p_error_message, result = p_result, updated = p_updated
    WHERE id = p_id AND state = 'RUNNING';
  UPDATE weft_group
    SET intent_goal = 'KEEP', intent_target = '', intent_failover = FALSE, intent_operation = '',
        intent_write_stop_budget_us = p_write_stop_budget_us, intent_reopen = FALSE,
        intent_given_up = '', intent_given_up_message = '', revision = revision + 1
    WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS commit_primary //
CREATE PROCEDURE commit_primary(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_primary VARCHAR(36), IN p_acknowledgers JSON,
  IN p_watermark LONGTEXT, IN p_at_start LONGTEXT, IN p_old_status VARCHAR(16),
  IN p_old_mode VARCHAR(16), IN p_started DATETIME(6))
  SQL SECURITY INVOKER
  COMMENT 'The one write that makes another server the primary.'
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
  COMMIT;
END //

DROP PROCEDURE IF EXISTS set_acknowledgers //
CREATE PROCEDURE set_acknowledgers(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_acknowledgers JSON, IN p_watermark LONGTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_epoch(p_group, p_epoch, p_acknowledgers_version);
  UPDATE weft_group
    SET acknowledgers_version = acknowledgers_version + 1, watermark = p_watermark,
        revision = revision + 1
    WHERE id = p_group;
  CALL put_acknowledgers(p_group, p_acknowledgers);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS set_status //
CREATE PROCEDURE set_status(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_uuid VARCHAR(36), IN p_status VARCHAR(16),
  IN p_default_mode VARCHAR(16), IN p_set_aside TEXT, IN p_errant LONGTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_epoch(p_group, p_epoch, p_acknowledgers_version);
  CALL require_server(p_group, p_uuid);
  -- Assignments take effect from left to right: the mode is decided by the status it had.
  UPDATE server
    SET mode = IF(status = p_status, mode, p_default_mode), status = p_status,
        set_aside = p_set_aside, errant = p_errant
    WHERE uuid = p_uuid;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS begin_switchover //
CREATE PROCEDURE begin_switchover(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_operation VARCHAR(64), IN p_target VARCHAR(36))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_epoch(p_group, p_epoch, p_acknowledgers_version);
  CALL require_intent(p_group, p_operation);
  UPDATE weft_group
    SET intent_target = p_target, intent_reopen = TRUE, revision = revision + 1
    WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS give_up //
CREATE PROCEDURE give_up(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_epoch BIGINT UNSIGNED,
  IN p_acknowledgers_version BIGINT UNSIGNED, IN p_operation VARCHAR(64), IN p_reason TEXT,
  IN p_message TEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_epoch(p_group, p_epoch, p_acknowledgers_version);
  CALL require_intent(p_group, p_operation);
  UPDATE weft_group
    SET intent_given_up = p_reason, intent_given_up_message = p_message, revision = revision + 1
    WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS create_operation //
CREATE PROCEDURE create_operation(
  IN p_term BIGINT UNSIGNED, IN p_id VARCHAR(64), IN p_kind VARCHAR(64), IN p_group VARCHAR(64),
  IN p_server VARCHAR(64), IN p_request_id VARCHAR(255), IN p_user VARCHAR(255),
  IN p_state VARCHAR(16), IN p_progress DOUBLE, IN p_phase TEXT, IN p_error_reason TEXT,
  IN p_error_message MEDIUMTEXT, IN p_result MEDIUMTEXT, IN p_cancel_requested BOOLEAN,
  IN p_created DATETIME(6), IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL insert_operation(
    p_id, p_kind, p_group, p_server, p_request_id, p_user, p_state, p_progress, p_phase,
    p_error_reason, p_error_message, p_result, p_cancel_requested, p_created, p_updated);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_operation //
CREATE PROCEDURE update_operation(
  IN p_term BIGINT UNSIGNED, IN p_id VARCHAR(64), IN p_state VARCHAR(16), IN p_progress DOUBLE,
  IN p_phase TEXT, IN p_error_reason TEXT, IN p_error_message MEDIUMTEXT, IN p_result MEDIUMTEXT,
  IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  SELECT state INTO v_state FROM operation WHERE id = p_id FOR UPDATE;
  IF v_state IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50010, MESSAGE_TEXT = '';
  ELSEIF v_state = 'RUNNING' THEN
    UPDATE operation
      SET state = p_state, progress = p_progress, phase = p_phase, error_reason = p_error_reason,
          error_message = p_error_message, result = p_result, updated = p_updated
      WHERE id = p_id;
  ELSEIF v_state <> p_state THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50011, MESSAGE_TEXT = v_state;
  ELSE
    -- A figure that became known after the end.
    UPDATE operation SET result = p_result WHERE id = p_id;
  END IF;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS request_cancel //
CREATE PROCEDURE request_cancel(IN p_term BIGINT UNSIGNED, IN p_id VARCHAR(64))
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  SELECT state INTO v_state FROM operation WHERE id = p_id FOR UPDATE;
  IF v_state IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50010, MESSAGE_TEXT = '';
  END IF;
  UPDATE operation SET cancel_requested = TRUE WHERE id = p_id AND state = 'RUNNING';
  COMMIT;
END //

DROP PROCEDURE IF EXISTS append_event //
CREATE PROCEDURE append_event(
  IN p_term BIGINT UNSIGNED, IN p_happened DATETIME(6), IN p_group VARCHAR(64),
  IN p_server VARCHAR(64), IN p_operation VARCHAR(64), IN p_kind VARCHAR(64), IN p_text MEDIUMTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  INSERT INTO event VALUES (DEFAULT, p_happened, p_group, p_server, p_operation, p_kind, p_text);
  COMMIT;
END //

DELIMITER ;
