/** An operator who wants another replication creates the keyspace first. */
export const createKeyspace = (replicas: number) => `
  CREATE KEYSPACE IF NOT EXISTS locks
  WITH replication = {'class': 'NetworkTopologyStrategy', 'replication_factor': ${replicas}}`;

/**
 * One partition per resource: a static fence, which stays, and at most one row with an end, the lease. A transaction takes both at once.
 * The id is given, so that two processes that create the table at the same moment through two nodes create the same one.
 */
export const CREATE_TABLE = `
  CREATE TABLE IF NOT EXISTS locks.leases (
    resource text,
    slot tinyint,
    holder text,
    fence bigint static,
    PRIMARY KEY (resource, slot)
  ) WITH id = 5b5a2c66-6d0c-4b6e-9d53-3b7b1f0c5e11`;

export const LOOK = 'SELECT holder, fence FROM locks.leases WHERE resource = ?';

/** The two halves of a grant. Resource, holder, seconds; next fence, resource, fence as it was seen. */
export const INSERT_LEASE =
  'INSERT INTO locks.leases (resource, slot, holder) VALUES (?, 0, ?) IF NOT EXISTS USING TTL ?';
export const RAISE_FENCE = 'UPDATE locks.leases SET fence = ? WHERE resource = ? IF fence = ?';

/** Seconds, holder, resource, holder. */
export const EXTEND = `
  UPDATE locks.leases USING TTL ? SET holder = ? WHERE resource = ? AND slot = 0 IF holder = ?`;

/** Resource, holder. */
export const RELEASE = 'DELETE FROM locks.leases WHERE resource = ? AND slot = 0 IF holder = ?';
