/** Numbers, sizes and dates as a language writes them. */

export interface Forms {
  one: string;
  other: string;
}

/** "1,204 photos": the form for `count`, in which # stands for the number. */
export function plural(language: string, count: number, forms: Forms): string {
  const rule = new Intl.PluralRules(language).select(count);
  const form = rule === "one" ? forms.one : forms.other; // French has "many" as well
  return form.replace("#", number(language, count));
}

export function number(language: string, value: number): string {
  return new Intl.NumberFormat(language).format(value);
}

/** Megabytes are 1024 × 1024 bytes, as nginx and Django count the limit. */
export const MB = 1024 * 1024;
const GB = 1024 * MB;

export interface Units {
  bytes: Forms;
  kB: string;
  MB: string;
  GB: string;
}

export function size(language: string, bytes: number, units: Units): string {
  const oneDigit = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
  const tenths = (value: number) => new Intl.NumberFormat(language, oneDigit).format(value);
  if (bytes < 1024) return plural(language, bytes, units.bytes);
  if (bytes < MB) return `${number(language, Math.round(bytes / 1024))} ${units.kB}`;
  if (bytes < GB) return `${tenths(bytes / MB)} ${units.MB}`;
  return `${tenths(bytes / GB)} ${units.GB}`;
}

/** In the site's time zone: a camera knows none, so its time is taken for one there. */
export function day(language: string, iso: string, timeZone: string): string {
  const style = { dateStyle: "long", timeStyle: "short", timeZone } as const;
  return new Intl.DateTimeFormat(language, style).format(new Date(iso));
}
