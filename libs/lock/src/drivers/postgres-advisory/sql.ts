/**
 * Whatever the server, the database or the role set: a wait may last, and a lease may be silent. After that silence a dead peer is looked
 * for each second. Settings that an older server does not know are left out.
 */
export const SET_UP = {
  name: 'lock-set-up',
  text: `
    SELECT pg_backend_pid() AS answer, count(set_config(name, value, false))
    FROM pg_settings JOIN (VALUES
      ('lock_timeout', '0'), ('statement_timeout', '0'), ('transaction_timeout', '0'), ('idle_session_timeout', '0'),
      ('tcp_keepalives_interval', '1'), ('tcp_keepalives_count', '3')
    ) AS ours (name, value) USING (name)`,
};

/** Otherwise a waiter that has gone is found out when its turn comes: it is granted the lock, and ends. */
export const FIND_DEAD_WAITERS = `SET client_connection_check_interval = '1s'`;

/** $1 milliseconds and $2 seconds of silence that a session outlives: TTL and TTL rounded up. */
export const SURVIVE = {
  name: 'lock-survive',
  text: `SELECT set_config('tcp_user_timeout', $1, false) AS answer, set_config('tcp_keepalives_idle', $2, false)`,
};

/** $1 resource. In pg_locks the hash is (classid::bigint << 32) | objid::bigint. */
export const LOCK = {
  name: 'lock',
  text: `SELECT pg_advisory_lock(hashtextextended('lock:' || $1, 0)) AS answer`,
};
export const TRY_LOCK = {
  name: 'lock-try',
  text: `SELECT pg_try_advisory_lock(hashtextextended('lock:' || $1, 0)) AS answer`,
};
export const UNLOCK = {
  name: 'unlock',
  text: `SELECT pg_advisory_unlock(hashtextextended('lock:' || $1, 0)) AS answer`,
};

/** $1 several resources, one after the other as they are listed. Lock and release of one would take an eighth longer by an array. */
export const LOCK_ALL = {
  name: 'lock-all',
  text: `SELECT pg_advisory_lock(hashtextextended('lock:' || resource, 0)) AS answer FROM unnest($1::text[]) AS resource`,
};
export const UNLOCK_ALL = {
  name: 'unlock-all',
  text: `
    SELECT bool_and(pg_advisory_unlock(hashtextextended('lock:' || resource, 0))) AS answer
    FROM unnest($1::text[]) AS resource`,
};

/**
 * $1 the session that locked. While it lives nobody else can unlock, so an answer from it is the proof; from another one it
 * shows a pooler in transaction mode.
 */
export const PROVE = { name: 'lock-prove', text: 'SELECT pg_backend_pid() = $1 AS answer' };
