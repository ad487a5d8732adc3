-- Who may lead, and whose acknowledgement counts, is decided by what commits wait for: when that is
-- changed, what was decided before is refused as if the set itself had changed. It only replaces a
-- procedure by one of the same signature, so that programs of schema version 4 work beside those of
-- 8. It may run twice.

DELIMITER //

DROP PROCEDURE IF EXISTS update_group_settings //
CREATE PROCEDURE update_group_settings(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_revision BIGINT UNSIGNED,
  IN p_description TEXT, IN p_active BOOLEAN, IN p_durability VARCHAR(16),
  IN p_acknowledgements INT UNSIGNED, IN p_settings JSON)
  SQL SECURITY INVOKER
  COMMENT 'As in 0005; raises acknowledgers_version where durability, acknowledgements or on_last_acknowledger_lost change.'
BEGIN
  DECLARE v_before JSON;
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_revision(p_group, p_revision);
  SET v_before = (SELECT settings FROM group_settings WHERE group_id = p_group);
  -- The version first: assignments are made from left to right.
  UPDATE weft_group
    SET acknowledgers_version = acknowledgers_version +
          IF(durability <> p_durability OR acknowledgements <> p_acknowledgements OR
             NOT (JSON_EXTRACT(v_before, '$.on_last_acknowledger_lost') <=>
                  JSON_EXTRACT(p_settings, '$.on_last_acknowledger_lost')), 1, 0),
        description = p_description, active = p_active, durability = p_durability,
        acknowledgements = p_acknowledgements, revision = revision + 1
    WHERE id = p_group;
  INSERT INTO group_settings (group_id, settings) VALUES (p_group, p_settings)
    ON DUPLICATE KEY UPDATE settings = p_settings;
  COMMIT;
END //
