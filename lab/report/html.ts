/** Markup that needs no further escaping. */
export interface Html {
  markup: string;
}

type Value = string | number | Html | Html[];

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A template whose values are escaped, unless they are markup themselves. */
export function html(strings: TemplateStringsArray, ...values: Value[]): Html {
  return { markup: String.raw({ raw: strings }, ...values.map(markupOf)) };
}

export const raw = (markup: string): Html => ({ markup });

/** Script source in a page: it must not close its own element. */
export const embedScript = (source: string) => raw(source.replaceAll('</script', '<\\/script'));

export const embedJson = (value: unknown) => raw(JSON.stringify(value).replaceAll('<', '\\u003c'));

function markupOf(value: Value): string {
  if (Array.isArray(value)) return value.map(markupOf).join('');
  return typeof value === 'object'
    ? value.markup
    : String(value).replaceAll(/[&<>"']/g, (char) => entities[char]!);
}
