/** The key is compared byte by byte, but for spaces at its end. */
export const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS lock_keys (
    resource VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL PRIMARY KEY,
    holder CHAR(36) CHARACTER SET ascii NOT NULL,
    locked_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP
  ) ENGINE = InnoDB`;

export const LOCK = 'INSERT INTO lock_keys (resource, holder) VALUES (?, ?)';
export const HOLDS = 'SELECT 1 FROM lock_keys WHERE resource = ? AND holder = ?';
export const UNLOCK = 'DELETE FROM lock_keys WHERE resource = ? AND holder = ?';
