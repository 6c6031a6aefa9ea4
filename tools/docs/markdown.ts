/** What a page links to: targets of links and pictures, as they are written. Code is no place for a link. */
export function linksIn(markdown: string): string[] {
  const text = withoutCode(markdown);
  const targets = [
    /\]\(<?([^\s)>]+)>?(?:\s+"[^"]*")?\)/g, // [text](target "title")
    /^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)>?/gm, // [label]: target
    /\s(?:href|src)="([^"]+)"/g,
  ];
  return targets.flatMap((target) => [...text.matchAll(target)].map(([, link]) => link!));
}

/** The names of a page's headings in its address, as GitHub makes them. */
export function anchorsIn(markdown: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutBlocks(markdown).matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading!
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Files that a page names in code without a link around them: `lane.ts`, `admit.lua`, `stack.e2e-spec`. */
export function unlinkedFilesIn(markdown: string): string[] {
  const text = withoutBlocks(markdown).replaceAll(/\[[^\]]*\]\([^)]*\)/g, '');
  const named = /`([\w./-]+(?:\.(?:ts|mts|mjs|lua|sql|json|yml)|\.(?:int-|e2e-|conformance-)?spec))`/g;
  return [...text.matchAll(named)].map(([, file]) => file!);
}

const withoutBlocks = (markdown: string) => markdown.replaceAll(/^(\s*)(```+|~~~+).*?^\s*\2\s*$/gms, '');
const withoutCode = (markdown: string) =>
  withoutBlocks(markdown).replaceAll(/(`+)(?!`).*?(?<!`)\1(?!`)/g, '');
