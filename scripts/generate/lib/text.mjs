// Pieces of generated text: wrapped comments, literals of JavaScript, tables of Markdown. Knows nothing of the schema.

/** Biome and rustfmt break lines here. */
export const WIDTH = 110;

/** Words in lines of at most `width` characters. */
export function wrap(text, width) {
  const lines = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, line].join("\n");
}

/** A comment of TypeScript: one line, or several with a star. `indent` is where it will stand. */
export function jsdoc(text, indent = 0) {
  const one = `/** ${text} */`;
  if (one.length + indent <= WIDTH) return one;
  return `/**\n${wrap(text, WIDTH - indent - 3).replace(/^/gm, " * ")}\n */`;
}

/** Lines that begin with `mark`, such as `///`. */
export function lineComment(mark, text, indent = 0) {
  return wrap(text, WIDTH - indent - mark.length - 1).replace(/^/gm, `${mark} `);
}

/** A value as Biome formats it; `indent` spaces stand before its line, `before` and `after` characters beside it. */
export function literal(value, indent = 0, before = 0, after = 1) {
  const one = inline(value);
  if (typeof value !== "object" || value === null) return one;
  if (indent + before + one.length + after <= WIDTH) return one;
  const pad = " ".repeat(indent + 2);
  const parts = Array.isArray(value)
    ? value.map((item) => literal(item, indent + 2))
    : Object.entries(value).map(([key, item]) => property(key, item, indent + 2));
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.map((part) => `${pad}${part},\n`).join("")}${" ".repeat(indent)}${close}`;
}

function property(key, value, indent) {
  const head = `${name(key)}: `;
  const text = literal(value, indent, head.length);
  // A text that does not fit has a line of its own.
  const tooLong = typeof value === "string" && indent + head.length + text.length + 1 > WIDTH;
  return tooLong ? `${name(key)}:\n${" ".repeat(indent + 2)}${text}` : head + text;
}

function inline(value) {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const parts = Object.entries(value).map(([key, item]) => `${name(key)}: ${inline(item)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

/** A key needs quotes only where it is no identifier. */
const name = (key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key));

/** A table of Markdown. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`.replace(/ {2,}\|/g, " |");
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** `a`, `b` or `c` */
export function either(words, or = "or") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${or} ${words.at(-1)}`;
}
