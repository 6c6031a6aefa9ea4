/** `holder` is null in a row that nobody holds: the row stays, because it remembers the last token. */
export const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS lock_leases (
    resource VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    holder CHAR(36) CHARACTER SET ascii NULL,
    expires_at DATETIME(6) NULL,
    token BIGINT UNSIGNED NOT NULL
  ) ENGINE = InnoDB`;

/**
 * Compare and set: takes a row that is free or has run out. Holder, microseconds, resource.
 * Time is the server's, and that of the statement's beginning: a wait for the row shortens the lease, never lengthens it.
 */
export const TAKE = `
  UPDATE lock_leases
  SET holder = ?, expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND, token = LAST_INSERT_ID(token + 1)
  WHERE resource = ? AND (holder IS NULL OR expires_at <= UTC_TIMESTAMP(6))`;

export const LOOK = `
  SELECT token, holder = ? AND expires_at > UTC_TIMESTAMP(6) AS ours FROM lock_leases WHERE resource = ?`;

/** Microseconds, resource, holder. */
export const EXTEND = `
  UPDATE lock_leases SET expires_at = UTC_TIMESTAMP(6) + INTERVAL ? MICROSECOND
  WHERE resource = ? AND holder = ? AND expires_at > UTC_TIMESTAMP(6)`;

/** Resource, holder. */
export const RELEASE = `
  UPDATE lock_leases SET holder = NULL
  WHERE resource = ? AND holder = ? AND expires_at > UTC_TIMESTAMP(6)`;

/** Resource, and twice the token that the next one has to exceed. */
export const RAISE_TOKEN = `
  INSERT INTO lock_leases (resource, token) VALUES (?, ?)
  ON DUPLICATE KEY UPDATE token = GREATEST(token, ?)`;
