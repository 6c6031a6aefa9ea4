import cassandra, { type types as Types } from 'cassandra-driver';
import { RETRY_PAUSE_MS } from '../../async/persist.js';
import { CREATE_TABLE, createKeyspace } from './cql.js';

type ResultSet = Types.ResultSet;
const { errors, policies, types } = cassandra;
const { consistencies } = types;
type Code = 'syntaxError' | 'unauthorized' | 'invalid' | 'unprepared';
const codes: Readonly<Record<Code, number>> = types.responseErrorCodes;

/** One command is given up as unanswered after this, in milliseconds. */
const DEADLINE_MS = 1_500;
const CONNECT_MS = 2_000;
const HEARTBEAT_MS = 3_000;
/** The keyspace is made with so many replicas, where there are as many nodes. */
const REPLICAS = 3;

export interface Statement {
  readonly query: string;
  readonly params: readonly unknown[];
}

/** What a partition holds. */
export interface Seen {
  readonly holder: string | null;
  /** Null where the resource was never locked. */
  readonly fence: bigint | null;
}

/** Of a transaction: where it is not applied, with the values that its conditions were held against. */
export interface Outcome extends Seen {
  readonly applied: boolean;
}

/** Whether nothing is known about the outcome: no answer, or the answer of a coordinator that did not hear from a majority in time. */
export const isUnanswered = (error: unknown) =>
  cassandraRemedy(error) === undefined &&
  !(error instanceof errors.ResponseError && error.code >= codes.syntaxError);

/** What each node said, where none could be asked. */
const causesOf = (error: unknown): readonly unknown[] =>
  error instanceof errors.NoHostAvailableError ? Object.values<unknown>(error.innerErrors ?? {}) : [error];

/** See {@link LockDriver.remedyFor}. */
export function cassandraRemedy(error: unknown): string | undefined {
  const causes = causesOf(error);
  if (causes.some((cause) => cause instanceof errors.AuthenticationError))
    return 'put the right user and password in front of its hosts: user:password@host:9042';
  if (causes.some((cause) => cause instanceof errors.ResponseError && cause.code === codes.unauthorized))
    return 'let its user read and change the keyspace locks, and create it where it is missing';
  return undefined;
}

/** Where a statement was prepared before its table was lost, all that is told is that it is not: preparing it anew has failed. */
const isMissingTable = (error: unknown) =>
  causesOf(error).some(
    (cause) =>
      cause instanceof errors.ResponseError &&
      (cause.code === codes.unprepared ||
        (cause.code === codes.invalid && /does not exist|unconfigured/.test(cause.message))),
  );

/**
 * The commands that the lock needs. Transactions are agreed on by a majority of all replicas (SERIAL); nothing is repeated here, since
 * only the caller knows what a lost answer means.
 */
export class CassandraClient {
  readonly #client: cassandra.Client;

  /** @param hosts `host:port,host:port`, in front `user:password@` */
  constructor(hosts: string) {
    const [contactPoints, credentials] = hosts.split('@').toReversed() as [string, string?];
    const [username, password] = (credentials?.split(':') ?? []).map(decodeURIComponent);
    this.#client = new cassandra.Client({
      contactPoints: contactPoints.split(','),
      protocolOptions: { port: portOf(contactPoints) },
      ...(username !== undefined && { credentials: { username, password: password! } }),
      encoding: { useBigIntAsLong: true },
      isMetadataSyncEnabled: false,
      policies: {
        loadBalancing: new policies.loadBalancing.RoundRobinPolicy(),
        reconnection: new policies.reconnection.ConstantReconnectionPolicy(RETRY_PAUSE_MS),
        retry: new policies.retry.FallthroughRetryPolicy(),
      },
      pooling: { heartBeatInterval: HEARTBEAT_MS },
      socketOptions: {
        readTimeout: DEADLINE_MS,
        connectTimeout: CONNECT_MS,
        defunctReadTimeoutThreshold: 0, // a connection that once did not answer is left
      },
      queryOptions: {
        prepare: true,
        consistency: consistencies.quorum,
        serialConsistency: consistencies.serial,
      },
    });
  }

  /** What was settled. `serial`: what a transaction under way has come to as well, which is completed first. */
  async look(query: string, params: readonly unknown[], serial: boolean): Promise<Seen> {
    const consistency = serial ? consistencies.serial : consistencies.quorum;
    return seenIn(await this.#ask(() => this.#client.execute(query, params, { consistency })));
  }

  async transact({ query, params }: Statement, timeoutMs = DEADLINE_MS): Promise<Outcome> {
    const readTimeout = Math.min(timeoutMs, DEADLINE_MS);
    return outcomeOf(await this.#ask(() => this.#client.execute(query, params, { readTimeout })));
  }

  /** All or nothing; of one partition. */
  async transactAll(statements: readonly Statement[]): Promise<Outcome> {
    const batch = statements.map(({ query, params }) => ({ query, params: [...params] }));
    return outcomeOf(await this.#ask(() => this.#client.batch(batch, { prepare: true })));
  }

  async close() {
    await this.#client.shutdown();
  }

  /** A table that is missing, also since the cluster was replaced, is created. */
  async #ask(command: () => Promise<ResultSet>): Promise<ResultSet> {
    try {
      return await command();
    } catch (error) {
      if (!isMissingTable(error)) throw error;
      const replicas = Math.min(this.#client.hosts.length, REPLICAS);
      for (const statement of [createKeyspace(replicas), CREATE_TABLE])
        await this.#client.execute(statement, [], { prepare: false, readTimeout: 0 });
      return command();
    }
  }
}

const seenIn = ({ rows: [row] }: ResultSet): Seen => ({
  holder: row?.get('holder') ?? null,
  fence: row?.get('fence') ?? null,
});
const outcomeOf = (result: ResultSet): Outcome => ({ ...seenIn(result), applied: result.wasApplied() });

/** That of the first one: the others of a cluster are found by its word, and have the same. */
const portOf = (contactPoints: string) => Number(/:(\d+)/.exec(contactPoints)?.[1]);
