// Puts many mutants of a Rust file behind one switch: the body of a function is there once for each of its mutants, and once
// as it was. Owns the text; knows nothing of compilers and tests.
//   fn f() { BODY }  becomes  fn f() { match crate::mutant() { 7 => { BODY of mutant 7 } _ => { BODY } } }

/** At the end of the crate's root: the number of the mutant that this process runs, or 0. */
export const SWITCH = `
pub(crate) fn mutant() -> u32 {
    static CHOSEN: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("MQTT_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0))
}
`;

/** A function that says where a line and column, both from 1, are in the text. Columns count characters, as in Rust. */
function positions(text) {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return ({ line, column }) => {
    let at = starts[line - 1];
    for (let left = column - 1; left > 0; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
    return at;
  };
}

/** Where the body of a function begins, behind its brace: the first one that is in no parentheses. */
function bodyOf(text, from, to, name) {
  const bare = text.slice(from, to).replace(/^\s*(\/\/|#\[).*/gm, (line) => " ".repeat(line.length));
  const begin = bare.search(new RegExp(`\\bfn\\s+${name}\\b`));
  if (begin < 0 || /\bconst\s+(unsafe\s+)?$/.test(bare.slice(0, begin))) return undefined;
  let depth = 0;
  for (let at = begin; at < bare.length; at += 1) {
    if (bare[at] === "(") depth += 1;
    if (bare[at] === ")") depth -= 1;
    if (bare[at] === "{" && depth === 0) return from + at + 1;
  }
  return undefined;
}

/**
 * A `const fn` may not look at the switch, an `impl` that is returned is one type, and what is in no function has no place
 * for it: those are `alone`.
 */
function functionsOf(text, mutants) {
  const position = positions(text);
  const found = [];
  const alone = [];
  for (const mutant of mutants) {
    const { function: inside, span } = mutant;
    const [from, to] = inside ? [position(inside.span.start), position(inside.span.end)] : [];
    const isOne = /\bimpl\b/.test(inside?.return_type);
    const body = inside && !isOne && bodyOf(text, from, to, inside.function_name.split("::").pop());
    if (!body) {
      alone.push(mutant);
      continue;
    }
    const change = { mutant, from: position(span.start), to: position(span.end), text: mutant.replacement };
    const known = found.find((one) => one.body === body);
    if (known) known.changes.push(change);
    else found.push({ body, end: to - 1, changes: [change] });
  }
  return { found, alone };
}

/**
 * The file with a switch for these mutants, each of which has a `number`. `ranges` says which lines are a mutant's, `whole`
 * which are those of a function with all its mutants; `alone` has the mutants that cannot be switched.
 */
export function withSwitch(text, mutants) {
  const { found, alone } = functionsOf(text, mutants);
  found.sort((a, b) => a.body - b.body);
  const ranges = [];
  const whole = [];
  let result = "";
  let done = 0;
  const line = () => result.split("\n").length;
  for (const { body, end, changes } of found) {
    if (body < done) {
      // A function within one that has a switch already.
      alone.push(...changes.map(({ mutant }) => mutant));
      continue;
    }
    result += `${text.slice(done, body)} match crate::mutant() {\n`;
    const first = line();
    for (const { mutant, from, to, text: instead } of changes) {
      const begin = line();
      result += `${mutant.number} => {${text.slice(body, from)} ${instead} ${text.slice(to, end)}\n}\n`;
      ranges.push({ mutant, from: begin, to: line() - 1 });
    }
    result += `_ => {${text.slice(body, end)}\n} }\n`;
    whole.push({ mutants: changes.map(({ mutant }) => mutant), from: first, to: line() });
    done = end;
  }
  return { text: result + text.slice(done), ranges, whole, alone };
}

/** The mutants to which an error of the compiler in this line belongs: one, or all of the function. */
export function blamed({ ranges, whole }, line) {
  const within = ({ from, to }) => from <= line && line <= to;
  const one = ranges.find(within);
  return one ? [one.mutant] : (whole.find(within)?.mutants ?? []);
}
