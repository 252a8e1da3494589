// Payloads from a template: {{count}}, {{time}}, {{iso}}, {{random}} and {{random 10 20}} are filled in for each message.

const PLACEHOLDER = /\{\{\s*(count|time|iso|random)(?:\s+(-?[\d.]+)\s+(-?[\d.]+))?\s*\}\}/g;

/** @param {string} template @param {number} count of the message, from 1 @param {() => number} random from 0 to 1 */
export function fillTemplate(template, count, random = Math.random) {
  const now = Date.now();
  const values = {
    count: () => String(count),
    time: () => String(now),
    iso: () => new Date(now).toISOString(),
    random: (/** @type {string | undefined} */ from, /** @type {string | undefined} */ to) =>
      from === undefined
        ? random().toFixed(3)
        : (Number(from) + random() * (Number(to) - Number(from))).toFixed(2),
  };
  return template.replace(PLACEHOLDER, (_all, name, from, to) => values[name](from, to));
}
