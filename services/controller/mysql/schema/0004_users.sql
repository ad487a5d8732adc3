-- Who may call Weft. What is kept of passwords: HA1 of HTTP Digest and the hash of
-- mysql_native_password, without which these logins cannot be checked, and a scrypt verifier for the
-- API. Signals, besides those of 0002:
--   50012 no such user    50013 user's revision
-- Everything here may run twice.

CREATE TABLE IF NOT EXISTS weft_user (
  name VARCHAR(64) NOT NULL,
  digest_ha1 VARCHAR(32) NOT NULL COMMENT 'md5 of name:MySQL Fabric:password, lower-case hex; empty: no login by XML-RPC.',
  native_hash VARCHAR(40) NOT NULL COMMENT 'SHA1(SHA1(password)), upper-case hex; empty: no login by MySQL-RPC.',
  verifier VARCHAR(255) NOT NULL COMMENT 'scrypt$LOG2_N$R$P$SALT$KEY; empty: no login by password at the API.',
  disabled BOOLEAN NOT NULL COMMENT 'Kept out for now.',
  revision BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each write of the user.',
  PRIMARY KEY (name)
) ENGINE = InnoDB COMMENT = 'Who may log in. (USER is a keyword.)';

CREATE TABLE IF NOT EXISTS user_role (
  user_name VARCHAR(64) NOT NULL,
  role VARCHAR(64) NOT NULL COMMENT 'Its name; what it may do is part of the program.',
  PRIMARY KEY (user_name, role),
  CONSTRAINT role_of_user FOREIGN KEY (user_name) REFERENCES weft_user (name)
) ENGINE = InnoDB COMMENT = 'What each user may do.';

CREATE TABLE IF NOT EXISTS user_state (
  id TINYINT UNSIGNED NOT NULL COMMENT 'Always 1: the table has one row.',
  version BIGINT UNSIGNED NOT NULL COMMENT 'Raised by each write of any user. Begins at the time of set-up in milliseconds, so that it never falls.',
  secret_key CHAR(64) NOT NULL COMMENT '32 random bytes in hex: the keys of tokens and nonces are made from it.',
  PRIMARY KEY (id),
  CONSTRAINT user_state_is_one_row CHECK (id = 1)
) ENGINE = InnoDB COMMENT = 'What all users share.';

INSERT IGNORE INTO user_state (id, version, secret_key)
  VALUES (1, FLOOR(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000), HEX(RANDOM_BYTES(32)));

DELIMITER //

DROP PROCEDURE IF EXISTS lock_user //
CREATE PROCEDURE lock_user(IN p_name VARCHAR(64), IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
  COMMENT 'Locks the user; signals unless it is at p_revision.'
BEGIN
  DECLARE v_revision BIGINT UNSIGNED;
  DECLARE v_found VARCHAR(128);
  SELECT revision INTO v_revision FROM weft_user WHERE name = p_name FOR UPDATE;
  IF v_revision IS NULL THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50012, MESSAGE_TEXT = '';
  ELSEIF v_revision <> p_revision THEN
    SET v_found = v_revision;
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50013, MESSAGE_TEXT = v_found;
  END IF;
END //

DROP PROCEDURE IF EXISTS put_roles //
CREATE PROCEDURE put_roles(IN p_name VARCHAR(64), IN p_roles JSON)
  SQL SECURITY INVOKER
  COMMENT 'Replaces the roles by a JSON array of names, and tells that the users have changed.'
BEGIN
  DELETE FROM user_role WHERE user_name = p_name;
  INSERT INTO user_role (user_name, role)
    SELECT p_name, t.role
      FROM JSON_TABLE(p_roles, '$[*]' COLUMNS (role VARCHAR(64) PATH '$')) AS t;
  UPDATE user_state SET version = version + 1 WHERE id = 1;
END //

DROP PROCEDURE IF EXISTS create_user //
CREATE PROCEDURE create_user(
  IN p_term BIGINT UNSIGNED, IN p_name VARCHAR(64), IN p_digest_ha1 VARCHAR(32),
  IN p_native_hash VARCHAR(40), IN p_verifier VARCHAR(255), IN p_disabled BOOLEAN, IN p_roles JSON)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  INSERT INTO weft_user VALUES (
    p_name, p_digest_ha1, p_native_hash, p_verifier, p_disabled, 1);
  CALL put_roles(p_name, p_roles);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS update_user //
CREATE PROCEDURE update_user(
  IN p_term BIGINT UNSIGNED, IN p_name VARCHAR(64), IN p_digest_ha1 VARCHAR(32),
  IN p_native_hash VARCHAR(40), IN p_verifier VARCHAR(255), IN p_disabled BOOLEAN, IN p_roles JSON,
  IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_user(p_name, p_revision);
  UPDATE weft_user
    SET digest_ha1 = p_digest_ha1, native_hash = p_native_hash, verifier = p_verifier,
        disabled = p_disabled, revision = revision + 1
    WHERE name = p_name;
  CALL put_roles(p_name, p_roles);
  COMMIT;
END //

DROP PROCEDURE IF EXISTS delete_user //
CREATE PROCEDURE delete_user(
  IN p_term BIGINT UNSIGNED, IN p_name VARCHAR(64), IN p_revision BIGINT UNSIGNED)
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  CALL lock_user(p_name, p_revision);
  CALL put_roles(p_name, '[]');
  DELETE FROM weft_user WHERE name = p_name;
  COMMIT;
END //

DROP PROCEDURE IF EXISTS set_user_key //
CREATE PROCEDURE set_user_key(IN p_term BIGINT UNSIGNED, IN p_secret_key CHAR(64))
  SQL SECURITY INVOKER
BEGIN
  DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; RESIGNAL; END;
  START TRANSACTION;
  CALL require_term(p_term);
  UPDATE user_state SET secret_key = p_secret_key, version = version + 1 WHERE id = 1;
  COMMIT;
END //
