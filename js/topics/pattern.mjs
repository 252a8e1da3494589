// A topic with parameters in place of whole levels, such as "sensors/{id}/temperature": its filter, its names, and the
// parameters of a name. Knows nothing of payloads and clients.

import { kind } from "../errors.mjs";

/** @param {string} text */
const invalid = (text) => Object.assign(new TypeError(text), { code: "INVALID_TOPIC" });

export class Pattern {
  /** The name of the parameter of each level, or undefined. @type {(string | undefined)[]} */
  #names;
  #levels;
  #share;

  /** @param {unknown} text */
  constructor(text) {
    if (typeof text !== "string" || text === "") throw invalid("a pattern of a topic must be a text");
    this.text = text;
    const [, share = "", topic] = /** @type {RegExpExecArray} */ (
      /^(\$share\/[^/{}+#]+\/(?=.))?(.*)$/s.exec(text)
    );
    if (share === "" && text.startsWith("$share/"))
      throw invalid(`"${text}": a shared subscription is $share/GROUP/FILTER, with the group written out`);
    this.#share = share;
    this.#levels = topic.split("/");
    this.#names = this.#levels.map((level) => {
      const name = /^\{([^{}+#]+)\}$/.exec(level)?.[1];
      if (name === undefined && /[{}+#\0]/.test(level))
        throw invalid(`"${text}": a parameter is a whole level, such as {id}; the level "${level}" is not`);
      return name;
    });
    const names = this.#parameters;
    if (new Set(names).size < names.length)
      throw invalid(`"${text}": each parameter needs a name of its own`);
  }

  get #parameters() {
    return this.#names.filter((name) => name !== undefined);
  }

  /** @param {any} params @param {(name: string) => string} missing */
  #fill(params, missing) {
    if (params !== undefined && (typeof params !== "object" || params === null))
      throw invalid(`"${this.text}": parameters must be an object`);
    const names = this.#parameters;
    for (const name of Object.keys(params ?? {}))
      if (!names.includes(name)) throw invalid(`"${this.text}" has no parameter "${name}"`);
    return this.#levels
      .map((level, at) => {
        const name = this.#names[at];
        if (name === undefined) return level;
        const given = params && Object.hasOwn(params, name) ? params[name] : undefined;
        return given === undefined ? missing(name) : this.#level(name, given);
      })
      .join("/");
  }

  /** @param {string} name @param {unknown} value */
  #level(name, value) {
    const level = typeof value === "string" || Number.isFinite(value) ? String(value) : "";
    if (level === "" || /[/+#\0]/.test(level))
      throw invalid(
        `"${this.text}": the parameter "${name}" must be a number or a text that is not empty and has none of / + #; ${shown(value)} was given`,
      );
    return level;
  }

  /** The topic name with these parameters. @param {any} params */
  name(params) {
    return this.#fill(params, (name) => {
      throw invalid(`"${this.text}": the parameter "${name}" is missing`);
    });
  }

  /** The filter; a parameter that is given takes the place of its wildcard. @param {any} [params] */
  filter(params) {
    return this.#share + this.#fill(params, () => "+");
  }

  /** The parameters of a topic name; undefined if it is not one of this pattern. @param {string} topic @returns {Record<string, string> | undefined} */
  match(topic) {
    const levels = topic.split("/");
    if (levels.length !== this.#levels.length || (topic[0] === "$" && this.#names[0] !== undefined)) return;
    /** @type {[string, string][]} */
    const params = [];
    for (const [at, level] of levels.entries()) {
      const name = this.#names[at];
      if (name !== undefined) params.push([name, level]);
      else if (level !== this.#levels[at]) return;
    }
    return Object.fromEntries(params);
  }
}

/** @param {unknown} value */
const shown = (value) =>
  typeof value === "string"
    ? JSON.stringify(value.slice(0, 100))
    : typeof value === "number"
      ? value
      : kind(value);
