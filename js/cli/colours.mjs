// Indented and coloured JSON, for people who read it on a terminal.

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d[\d.eE+-]*)|\b(true|false|null)\b/g;
const [KEY, TEXT, NUMBER, WORD, TOPIC] = [34, 32, 33, 35, 36];

/** @param {number} colour @param {string} text */
const painted = (colour, text) => `\x1b[${colour}m${text}\x1b[0m`;

/** Whether colours are wanted: on a terminal, unless NO_COLOR says otherwise (no-color.org). @param {boolean} isTerminal */
export const hasColours = (isTerminal) => isTerminal && !process.env.NO_COLOR;

/** @param {string} topic */
export const colouredTopic = (topic) => painted(TOPIC, topic);

/** @param {string} json */
export function colouredJson(json) {
  return json.replace(TOKEN, (all, text, colon, number) => {
    if (colon !== undefined) return `${painted(KEY, text)}${colon}`;
    return painted(text !== undefined ? TEXT : number !== undefined ? NUMBER : WORD, all);
  });
}

/** JSON with two spaces for each level; undefined if it is none. @param {string} text */
export function indented(text) {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return undefined;
  }
}
