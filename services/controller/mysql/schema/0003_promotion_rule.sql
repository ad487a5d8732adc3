-- Whether a server may become the primary. Those that are there already are NEUTRAL. The procedures
-- are those of 0002 that write a whole server, with one parameter more. Everything here may run twice.

ALTER TABLE server
  ADD COLUMN promotion_rule VARCHAR(16) NOT NULL DEFAULT 'NEUTRAL'
    COMMENT 'PREFER, NEUTRAL, PREFER_NOT or MUST_NOT.';

DELIMITER //

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
  INSERT INTO server (
      uuid, group_id, host, port, status, mode, weight, set_aside, errant, promotion_rule)
    SELECT t.uuid, p_group, t.host, t.port, t.status, t.mode, t.weight, t.set_aside, t.errant,
        t.promotion_rule
      FROM JSON_TABLE(p_servers, '$[*]' COLUMNS (
        uuid VARCHAR(36) PATH '$.uuid', host VARCHAR(255) PATH '$.host',
        port SMALLINT UNSIGNED PATH '$.port', status VARCHAR(16) PATH '$.status',
        mode VARCHAR(16) PATH '$.mode', weight DOUBLE PATH '$.weight',
        set_aside TEXT PATH '$.set_aside', errant LONGTEXT PATH '$.errant',
        promotion_rule VARCHAR(16) PATH '$.promotion_rule')) AS t;
  INSERT INTO epoch
    SELECT p_group, t.number, t.primary_uuid, t.at_start, t.started
      FROM JSON_TABLE(p_history, '$[*]' COLUMNS (
        number BIGINT UNSIGNED PATH '$.number', primary_uuid VARCHAR(36) PATH '$.primary_uuid',
        at_start LONGTEXT PATH '$.at_start', started DATETIME(6) PATH '$.started')) AS t;
  CALL put_acknowledgers(p_group, p_acknowledgers);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS add_server //
CREATE PROCEDURE add_server(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_host VARCHAR(255), IN p_port SMALLINT UNSIGNED,
  IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE, IN p_set_aside TEXT,
  IN p_errant LONGTEXT, IN p_promotion_rule VARCHAR(16))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  INSERT INTO server (
      uuid, group_id, host, port, status, mode, weight, set_aside, errant, promotion_rule)
    VALUES (
      p_uuid, p_group, p_host, p_port, p_status, p_mode, p_weight, p_set_aside, p_errant,
      p_promotion_rule);
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_server //
CREATE PROCEDURE update_server(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_uuid VARCHAR(36), IN p_new_uuid VARCHAR(36), IN p_host VARCHAR(255),
  IN p_port SMALLINT UNSIGNED, IN p_status VARCHAR(16), IN p_mode VARCHAR(16), IN p_weight DOUBLE,
  IN p_set_aside TEXT, IN p_errant LONGTEXT, IN p_promotion_rule VARCHAR(16))
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
        promotion_rule = p_promotion_rule
    WHERE uuid = p_uuid;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //
