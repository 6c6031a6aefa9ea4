import pg from 'pg';

/** Prepares no statement under a name: a pooler would run it in sessions that do not know the name, or know another by it. */
export class NamelessClient extends pg.Client {
  /** Its result is that of the overload that was called. */
  override query(statement: unknown, ...rest: unknown[]): never {
    const query = super.query.bind(this) as (...given: unknown[]) => never;
    return query(isNamed(statement) ? { ...statement, name: undefined } : statement, ...rest);
  }
}

const isNamed = (statement: unknown): statement is { name: string } =>
  typeof statement === 'object' && statement !== null && 'name' in statement;
