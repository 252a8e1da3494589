// Texts from a template: {{count}}, {{client}}, {{time}}, {{iso}}, {{random}} and {{random 10 20}} are filled in for each
// message. Used by the page's Repeat, and by `mqtt-lib simulate`.

const PLACEHOLDER = /\{\{\s*(count|client|time|iso|random)(?:\s+(-?[\d.]+)\s+(-?[\d.]+))?\s*\}\}/g;

/** What looks like one of them and is none, such as {{rnd}}. @param {string} template @returns {string | undefined} */
export const strangePlaceholder = (template) =>
  template.match(/\{\{[^{}]*\}\}/g)?.find((one) => one.replace(PLACEHOLDER, "") !== "");

/** @param {string} template @param {{ count: number, client?: number }} of the message, and of its connection, from 1 */
export function fillTemplate(template, { count, client = 1 }) {
  const now = Date.now();
  /** @type {Record<string, (from?: string, to?: string) => string>} */
  const values = {
    count: () => String(count),
    client: () => String(client),
    time: () => String(now),
    iso: () => new Date(now).toISOString(),
    random: (from, to) =>
      from === undefined
        ? Math.random().toFixed(3)
        : (Number(from) + Math.random() * (Number(to) - Number(from))).toFixed(2),
  };
  return template.replace(PLACEHOLDER, (_all, name, from, to) => values[name](from, to));
}
