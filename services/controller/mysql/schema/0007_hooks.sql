-- How a program ended that nothing waited for. It only replaces a procedure by one of the same
-- signature, so that programs of schema version 4 work beside those of 7. It may run twice.

DELIMITER //

DROP PROCEDURE IF EXISTS record_hooks //
CREATE PROCEDURE record_hooks(
  IN p_term BIGINT UNSIGNED, IN p_group VARCHAR(64), IN p_operation VARCHAR(64), IN p_hooks JSON)
  SQL SECURITY INVOKER
  COMMENT 'As in 0005; also of an intent that has ended, while the record is of its programs.'
BEGIN
  DECLARE v_id VARCHAR(64);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  SELECT id INTO v_id FROM weft_group WHERE id = p_group FOR UPDATE;
  IF NOT EXISTS (SELECT 1 FROM group_settings
                   WHERE group_id = p_group
                     AND JSON_UNQUOTE(JSON_EXTRACT(hooks, '$.operation')) = p_operation) THEN
    CALL require_intent(p_group, p_operation);
  END IF;
  INSERT INTO group_settings (group_id, settings, hooks) VALUES (p_group, JSON_OBJECT(), p_hooks)
    ON DUPLICATE KEY UPDATE hooks = p_hooks;
  UPDATE weft_group SET revision = revision + 1 WHERE id = p_group;
  COMMIT;
END //
