import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, escapeIdentifier } from 'pg';
import { now } from '../../clock.js';
import type { Edited } from '../actor/protocol.js';
import type { Observation } from '../cell.js';
import { tokensNotGrowing } from '../checks.js';
import { lostEdits, misplacedEdits, repeatedEdits, type Acknowledged } from '../document-checks.js';
import { PLACEHOLDER, type Edit } from '../document.js';
import type { CellOptions, CellPlan, Experiment } from '../experiment.js';
import type { History } from '../history.js';
import { serversOf, ttlOf, type LabLock } from '../locks.js';
import type { Scene } from '../scene.js';

const EDITORS = 4;
const ROUNDS = 8;
const WAIT_MS = 20_000;
const KINDS = ['append', 'replace'] as const;

const LOCKS: readonly LabLock[] = ['redis', 'etcd', 'mysql-key-lease', 'postgres-advisory'];

export const documentEdit: Experiment = {
  name: 'document-edit',
  title: 'many editors, one document: which acknowledged edits are in it in the end?',
  explanation: `Four processes edit one document, which is a row of text: each reads it, appends a line or fills in the first gap, and writes the whole back, again
and again. In each round the first to read is halted until all others have read as well, or until all others wait for the lock. Where nobody
keeps them apart, the last write wins: every editor is told that its edit is done, and of those that had read the same text only one is in the document.
Under a lock, whichever it is, all acknowledged edits are there, in the order of the grants. Compare and set on a version keeps all of them as well, without
a lock: who finds that the document has changed reads it again, and that work is the price, which grows with the number of those who edit
at the same time.`,
  sources: [
    {
      title: 'PostgreSQL: Read Committed isolation level',
      url: 'https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED',
    },
    {
      title: 'Berenson et al., A Critique of ANSI SQL Isolation Levels (1995), on lost updates',
      url: 'https://arxiv.org/abs/cs/0701157',
    },
  ],
  atOnce: 2,
  cells: [
    { driver: 'none', fence: false, expected: 'UNSAFE', needs: [], run: (options) => write('none', options) },
    ...LOCKS.map((driver): CellPlan => ({
      driver,
      fence: false,
      expected: 'SAFE',
      needs: serversOf(driver),
      run: (options) => write(driver, { ...options, ttl: ttlOf(driver, options.ttl) }),
    })),
    {
      driver: 'optimistic',
      fence: false,
      expected: 'SAFE',
      needs: [],
      run: (options) => write('optimistic', options),
    },
  ],
};

async function write(driver: string, { scene, ttl }: CellOptions): Promise<Observation> {
  const document = await openDocument(scene);
  const editors = await scene.actors(...Array.from({ length: EDITORS }, (_, i) => `editor ${i + 1}`));
  const edits: (Acknowledged & Edited)[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const readings = editors.map((editor) => editor.haltAt('read'));
    const editing = editors.map(async (editor, i) => {
      const edit: Edit = { kind: scene.random.pick(KINDS), mark: `[${i + 1}.${round}]` };
      const task = { driver, ttl, wait: WAIT_MS, table: document.name, edit };
      edits.push({ ...edit, ...(await editor.calls.edit(task)) });
    });
    const all = Promise.all(editing);
    const isLock = LOCKS.includes(driver as LabLock);
    const met = isLock ? oneInside(scene.history, readings, round) : Promise.all(readings);
    await Promise.race([met, all]); // an edit that fails ends the run
    await sleep(scene.random.between(0, 50));
    for (const reading of scene.random.shuffled(readings)) void reading.then((goOn) => goOn());
    await all;
  }
  const text = await document.text();
  const lost = lostEdits(text, edits);
  const retries = edits.reduce((sum, edit) => sum + edit.retries, 0);
  return {
    harms: [
      ...(lost > 0 ? [`${lost} of ${edits.length} acknowledged edits are not in the document`] : []),
      ...tell(misplacedEdits(text, edits), 'out of order'),
      ...tell(repeatedEdits(text, edits), 'there more than once'),
    ],
    fired: driver !== 'optimistic' || retries > 0,
    violations: tokensNotGrowing(scene.history.holds()) > 0 ? ['the tokens of the lock do not grow'] : [],
    figures: { acknowledgedEdits: edits.length, lostEdits: lost, retries },
    account: `${edits.length - lost} of ${edits.length} acknowledged edits are in the document, after ${retries} retries`,
    timeline: scene.history.events,
  };
}

const tell = (count: number, what: string) => (count > 0 ? [`edits ${what}: ${count}`] : []);

/** Resolves when an editor has read and all the others have asked for the lock. */
async function oneInside(history: History, readings: readonly Promise<unknown>[], round: number) {
  await Promise.any(readings);
  const asked = () => history.events.filter(({ kind }) => kind === 'asked').length;
  const latest = now() + WAIT_MS;
  while (asked() < round * EDITORS) {
    if (now() > latest) throw new Error(`in round ${round} not all editors have asked for the lock`);
    await sleep(5);
  }
}

/** A document in a table of its own, which goes with the run. */
async function openDocument(scene: Scene) {
  const name = `lab_document_${randomUUID()}`;
  const table = escapeIdentifier(name);
  const client = new Client({ connectionString: scene.servers.postgres });
  await client.connect();
  scene.atEnd(async () => {
    await client.query(`DROP TABLE IF EXISTS ${table}`);
    await client.end();
  });
  await client.query(`CREATE TABLE ${table} (text text NOT NULL, version int NOT NULL)`);
  await client.query(`INSERT INTO ${table} VALUES ($1, 0)`, [`${PLACEHOLDER} `.repeat(EDITORS * ROUNDS)]);
  return {
    name,
    text: async () => (await client.query<{ text: string }>(`SELECT text FROM ${table}`)).rows[0]!.text,
  };
}
