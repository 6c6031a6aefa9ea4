/** An edit of the document that everybody works on. Its mark stays in the text: what was acknowledged can be looked for. */
export interface Edit {
  readonly kind: 'append' | 'replace';
  /** Unique among the edits of a document. */
  readonly mark: string;
}

/** What a replacement replaces: the first that is left. */
export const PLACEHOLDER = '____';

/** Appends a line, or fills in the first placeholder. */
export function apply(text: string, { kind, mark }: Edit): string {
  return kind === 'append' ? `${text}\n${mark}` : text.replace(PLACEHOLDER, mark);
}
