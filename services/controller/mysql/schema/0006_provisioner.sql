-- What provisioners keep (services/provisioner/ports/inventory.h). It only adds, so that programs of
-- schema version 4 work beside those of 6. Everything here may run twice.
-- Signalled: 50016 the claim moved

CREATE TABLE IF NOT EXISTS provider (
  id VARCHAR(64) NOT NULL,
  type VARCHAR(64) NOT NULL COMMENT 'local, docker, kubernetes, openstack or null.',
  url TEXT NOT NULL,
  user VARCHAR(255) NOT NULL,
  password TEXT NOT NULL COMMENT 'Encrypted (AES-256-GCM) with a key that the store does not hold; empty: none.',
  tenant VARCHAR(255) NOT NULL,
  default_image VARCHAR(255) NOT NULL,
  default_flavor VARCHAR(255) NOT NULL,
  extra JSON NOT NULL COMMENT 'An object of texts.',
  created DATETIME(6) NOT NULL,
  PRIMARY KEY (id)
) ENGINE = InnoDB COMMENT = 'Places that machines come from.';

CREATE TABLE IF NOT EXISTS machine (
  uuid VARCHAR(64) NOT NULL,
  provider_id VARCHAR(64) NOT NULL,
  stage VARCHAR(16) NOT NULL COMMENT 'CREATING, READY, DESTROYING or ORPHAN.',
  native_id VARCHAR(255) NOT NULL COMMENT 'What its provider calls it; empty: not known yet.',
  zone VARCHAR(255) NOT NULL,
  host VARCHAR(255) NOT NULL,
  addresses JSON NOT NULL COMMENT 'An array of {network, host, port, public}.',
  detail TEXT NOT NULL COMMENT 'Why it is an orphan, for people.',
  meta JSON NOT NULL COMMENT 'An object of texts.',
  operation VARCHAR(64) NOT NULL COMMENT 'Id of the operation that worked on it last.',
  created DATETIME(6) NOT NULL,
  PRIMARY KEY (uuid),
  KEY of_provider (provider_id),
  CONSTRAINT machine_of_provider FOREIGN KEY (provider_id) REFERENCES provider (id)
) ENGINE = InnoDB COMMENT = 'Machines: a row is there before a provider is asked for one, and until it is gone.';

CREATE TABLE IF NOT EXISTS machine_snapshot (
  name VARCHAR(255) NOT NULL,
  provider_id VARCHAR(64) NOT NULL,
  machine_uuid VARCHAR(64) NOT NULL COMMENT 'The machine may be gone.',
  native_id VARCHAR(255) NOT NULL,
  bytes BIGINT UNSIGNED NOT NULL COMMENT '0: not known.',
  created DATETIME(6) NOT NULL,
  PRIMARY KEY (name),
  KEY of_machine (machine_uuid),
  CONSTRAINT snapshot_of_provider FOREIGN KEY (provider_id) REFERENCES provider (id)
) ENGINE = InnoDB COMMENT = 'Copies of machines'' data that providers keep.';

CREATE TABLE IF NOT EXISTS provisioning (
  operation_id VARCHAR(64) NOT NULL,
  holder VARCHAR(255) NOT NULL COMMENT 'The provisioner that works on it; empty: for whoever comes first.',
  renewal BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each renewal. A challenger watches it stand still.',
  request MEDIUMTEXT NOT NULL COMMENT 'What was asked for, as JSON.',
  notes MEDIUMTEXT NOT NULL COMMENT 'What its work keeps for who resumes it, as JSON.',
  PRIMARY KEY (operation_id),
  CONSTRAINT provisioning_of_operation FOREIGN KEY (operation_id) REFERENCES operation (id)
    ON DELETE CASCADE
) ENGINE = InnoDB COMMENT = 'The operations that provisioners work on. A row goes when its operation ends.';

DELIMITER //

DROP PROCEDURE IF EXISTS begin_provisioning //
CREATE PROCEDURE begin_provisioning(
  IN p_id VARCHAR(64), IN p_kind VARCHAR(64), IN p_group VARCHAR(64), IN p_server VARCHAR(64),
  IN p_request_id VARCHAR(255), IN p_user VARCHAR(255), IN p_phase TEXT,
  IN p_created DATETIME(6), IN p_holder VARCHAR(255), IN p_request MEDIUMTEXT,
  IN p_notes MEDIUMTEXT)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  -- The answer to an earlier call may have been lost.
  IF NOT EXISTS (SELECT 1 FROM provisioning WHERE operation_id = p_id) THEN
    CALL insert_operation(
      p_id, p_kind, p_group, p_server, p_request_id, p_user, 'RUNNING', 0, p_phase, '', '', '',
      FALSE, p_created, p_created);
    INSERT INTO provisioning (operation_id, holder, renewal, request, notes)
      VALUES (p_id, p_holder, 1, p_request, p_notes);
  END IF;
  COMMIT;
END //

-- As the holder of the claim. An operation that ends takes its claim with it.
DROP PROCEDURE IF EXISTS report_provisioning //
CREATE PROCEDURE report_provisioning(
  IN p_id VARCHAR(64), IN p_holder VARCHAR(255), IN p_state VARCHAR(16), IN p_progress DOUBLE,
  IN p_phase TEXT, IN p_error_reason TEXT, IN p_error_message MEDIUMTEXT, IN p_result MEDIUMTEXT,
  IN p_updated DATETIME(6))
  SQL SECURITY INVOKER
BEGIN
  DECLARE v_holder VARCHAR(255);
  DECLARE v_state VARCHAR(16);
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  SELECT state INTO v_state FROM operation WHERE id = p_id FOR UPDATE;
  SELECT holder INTO v_holder FROM provisioning WHERE operation_id = p_id FOR UPDATE;
  IF v_holder = p_holder THEN
    UPDATE operation
      SET state = p_state, progress = p_progress, phase = p_phase, error_reason = p_error_reason,
          error_message = p_error_message, result = p_result, updated = p_updated
      WHERE id = p_id;
    IF p_state <> 'RUNNING' THEN
      DELETE FROM provisioning WHERE operation_id = p_id;
    END IF;
  -- The answer to the same end may have been lost.
  ELSEIF v_holder IS NOT NULL OR v_state IS NULL OR p_state = 'RUNNING' OR v_state <> p_state THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50016, MESSAGE_TEXT = 'the claim moved';
  END IF;
  COMMIT;
END //
