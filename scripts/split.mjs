// Splits a .wasm: functions that few need move into a second module, which works on the memory, the table and the globals
// of the first one. A call from one to the other goes through a slot of the table. Owns how that is done; what moves is
// said by the caller, and that nothing enters the second module before it is there is the duty of js/.
import {
  bodyStart,
  KIND,
  list,
  module,
  OP,
  operandsEnd,
  Reader,
  SECTION,
  sections,
  signed,
  sized,
  text,
  types,
  unsigned,
} from "./binary.mjs";

/** The module under which the second one imports what the first one exports, and the names there; no other begins with "$". */
const FIRST = "b";
const TABLE = "$";

/** @param {Uint8Array} wasm with the names of its functions */
function read(wasm) {
  const all = sections(wasm);
  const data = (/** @type {number} */ id) => {
    const found = all.find((section) => section.id === id);
    if (found === undefined) throw new Error(`the .wasm has no section ${id}`);
    return new Reader(found.data);
  };
  const reader = data(SECTION.imports);
  const imports = reader.list(() => {
    const from = reader.at;
    const [from_module, name, kind] = [reader.text(), reader.text(), reader.byte()];
    if (kind !== KIND.function) throw new Error(`the .wasm imports ${name}, which is no function`);
    const type = reader.number();
    return { module: from_module, name, type, written: reader.bytes.subarray(from, reader.at) };
  });
  const functions = data(SECTION.functions);
  const functionTypes = functions.list(() => functions.number());
  const code = data(SECTION.code);
  const codes = code.list(() => code.sized());
  const exported = data(SECTION.exports);
  const exports = exported.list(() => ({
    name: exported.text(),
    kind: exported.byte(),
    index: exported.number(),
  }));
  const elements = data(SECTION.elements);
  const [segments, , , first] = [elements.number(), elements.number(), elements.byte(), elements.number()];
  if (segments !== 1 || elements.byte() !== 0x0b)
    throw new Error("the .wasm has more than one list of elements");
  const slots = elements.list(() => elements.number());
  const globals = data(SECTION.globals);
  const globalTypes = globals.list(() => {
    const type = [globals.byte(), globals.byte()];
    while (globals.byte() !== 0x0b);
    return type;
  });
  return {
    all,
    types: types(data(SECTION.types).bytes),
    imports,
    functionTypes,
    codes,
    exports,
    first,
    slots,
    globalTypes,
    names: names(all),
  };
}

/** The names of functions, by index. @param {{ id: number, data: Uint8Array }[]} all */
function names(all) {
  /** @type {Map<number, string>} */
  const found = new Map();
  for (const { id, data } of all) {
    const reader = new Reader(data);
    if (id !== SECTION.custom || reader.text() !== "name") continue;
    while (!reader.done) {
      const kind = reader.byte();
      const part = new Reader(reader.sized());
      if (kind === 1) part.list(() => found.set(part.number(), part.text()));
    }
  }
  return found;
}

/** The instructions of a function that name functions or globals. @param {Uint8Array} code */
function* references(code) {
  for (let at = bodyStart(code); at < code.length; ) {
    const op = code[at++];
    const end = operandsEnd(code, op, at);
    if (op === OP.call || op === OP.globalGet || op === OP.globalSet) {
      yield { op, at, end, index: new Reader(code, at).number() };
    }
    at = end;
  }
}

/** A function whose references are others. @param {Uint8Array} code @param {(index: number) => number} functionAt @param {(index: number) => number} globalAt */
function rewritten(code, functionAt, globalAt) {
  const parts = [];
  let from = 0;
  for (const { op, at, end, index } of references(code)) {
    parts.push(
      code.subarray(from, at),
      Buffer.from(unsigned((op === OP.call ? functionAt : globalAt)(index))),
    );
    from = end;
  }
  return Buffer.concat([...parts, code.subarray(from)]);
}

/** The .wasm without some of its exports: what only these call is in neither module. @param {Wasm} wasm @param {string[]} unused */
function without(wasm, unused) {
  const exports = wasm.exports.filter(({ index }) => !unused.includes(wasm.names.get(index) ?? ""));
  if (wasm.exports.length - exports.length !== unused.length)
    throw new Error(`the .wasm does not export all of ${unused}`);
  return { ...wasm, exports };
}

/**
 * The functions that can be called at all: exported, in the table, or called by one of these.
 * @param {Wasm} wasm
 */
function reachable(wasm) {
  const count = wasm.imports.length;
  const found = new Set(wasm.slots);
  for (const { kind, index } of wasm.exports) if (kind === KIND.function) found.add(index);
  // A set is walked through with what is added meanwhile.
  for (const caller of found) {
    if (caller < count) continue;
    for (const { op, index } of references(wasm.codes[caller - count])) if (op === OP.call) found.add(index);
  }
  return found;
}

/**
 * The functions that move: those whose names `moves` says, and all that only these call.
 * @param {Wasm} wasm @param {(name: string) => boolean} moves
 */
function moved(wasm, moves) {
  const count = wasm.imports.length;
  const called = reachable(wasm);
  const all = wasm.codes.map((_, i) => count + i).filter((index) => called.has(index));
  const rooted = new Set(wasm.slots);
  for (const { kind, index } of wasm.exports) if (kind === KIND.function) rooted.add(index);
  /** @type {Map<number, Set<number>>} */
  const callers = new Map();
  for (const caller of all) {
    for (const { op, index } of references(wasm.codes[caller - count])) {
      if (op === OP.call) callers.set(index, (callers.get(index) ?? new Set()).add(caller));
    }
  }
  const found = new Set(all.filter((index) => moves(wasm.names.get(index) ?? "")));
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const index of all) {
      const by = callers.get(index);
      if (!rooted.has(index) && by && [...by].every((caller) => found.has(caller))) found.add(index);
    }
  }
  return { found, callers, all };
}

/** @typedef {ReturnType<typeof read>} Wasm */
/** An order of functions by their code: which one stands at each place. @typedef {(codes: Buffer[]) => number[]} Order */
/**
 * Which functions move, which functions call each of all, and which of them are called from the other module.
 * @typedef {ReturnType<typeof plan> & { order: Order }} Plan
 */

/** @param {Wasm} wasm @param {(name: string) => boolean} moves */
function plan(wasm, moves) {
  const { found, callers, all } = moved(wasm, moves);
  if (found.size === 0) throw new Error("no function of the .wasm moves");
  const isIn = (/** @type {boolean} */ second) => (/** @type {number} */ index) =>
    found.has(index) === second;
  const isCalledBy = (/** @type {boolean} */ second) => (/** @type {number} */ index) =>
    Array.from(callers.get(index) ?? []).some(isIn(second));
  /** What the first, or the second, calls of the other one. */
  const across = (/** @type {boolean} */ second) =>
    all.filter((index) => found.has(index) !== second && isCalledBy(second)(index));
  // A function may have several slots: the first ones are as they were. Those of the second module are empty until it is
  // there, and at the end as far as they are new, because each gap in the first one's list takes bytes.
  const bySlot = [...wasm.slots];
  for (const index of [...across(true), ...across(false)]) if (!bySlot.includes(index)) bySlot.push(index);
  return { all, found, isIn, isCalledBy, across, bySlot };
}

/**
 * The lists of elements of one module: its functions in their slots.
 * @param {Wasm} wasm
 * @param {Plan} plan
 * @param {boolean} second
 * @param {(index: number) => number} functionAt
 */
function elements(wasm, { bySlot, isIn }, second, functionAt) {
  /** @type {{ slot: number, functions: number[] }[]} */
  const runs = [];
  for (const [i, index] of bySlot.entries()) {
    if (!isIn(second)(index)) continue;
    const slot = wasm.first + i;
    const last = runs.at(-1);
    if (last && last.slot + last.functions.length === slot) last.functions.push(index);
    else runs.push({ slot, functions: [index] });
  }
  return list(
    runs.map(({ slot, functions }) =>
      Buffer.concat([
        Buffer.from([0, ...constant(slot), 0x0b]),
        list(functions.map((index) => unsigned(functionAt(index)))),
      ]),
    ),
  );
}

/** @param {number} value */
const constant = (value) => [0x41, ...signed(value)];

/**
 * What one module has of functions: those that it imports, its own, and for each that it calls of the other one a bridge,
 * which calls what is in the slot.
 * @param {Wasm} wasm @param {Plan} plan @param {boolean} second @param {(index: number) => number} globalAt
 */
function functionsOf(wasm, { all, isIn, isCalledBy, across, bySlot, order }, second, globalAt) {
  const count = wasm.imports.length;
  const isImported = (/** @type {number} */ index) =>
    isCalledBy(second)(index) || (!second && !isCalledBy(true)(index));
  const imports = [...wasm.imports.keys()].filter(isImported);
  const unordered = all.filter(isIn(second));
  const own = order(unordered.map((index) => wasm.codes[index - count])).map((i) => unordered[i]);
  const others = across(second);
  const indices = new Map([...imports, ...own, ...others].map((index, i) => [index, i]));
  const functionAt = (/** @type {number} */ index) => {
    const found = indices.get(index);
    if (found === undefined) throw new Error(`function ${index} is in the other module`);
    return found;
  };
  const typeOf = (/** @type {number} */ index) => wasm.functionTypes[index - count];
  const bridge = (/** @type {number} */ index) => {
    const type = typeOf(index);
    const parameters = Array.from({ length: wasm.types[type].parameters }, (_, i) => [0x20, ...unsigned(i)]);
    const slot = wasm.first + bySlot.indexOf(index);
    return [0, ...parameters.flat(), ...constant(slot), 0x11, ...unsigned(type), 0, 0x0b];
  };
  const code = own.map((index) => rewritten(wasm.codes[index - count], functionAt, globalAt));
  return {
    functionAt,
    imports: imports.map((index) => wasm.imports[index].written),
    functions: list([...own, ...others].map((index) => unsigned(typeOf(index)))),
    code: list([...code, ...others.map(bridge)].map(sized)),
  };
}

/** The globals that functions of the second module use. @param {Wasm} wasm @param {Plan} plan */
function sharedGlobals(wasm, { found }) {
  const used = Array.from(found).flatMap((index) =>
    Array.from(references(wasm.codes[index - wasm.imports.length])),
  );
  return [...new Set(used.filter(({ op }) => op !== OP.call).map(({ index }) => index))];
}

/** @param {number} index of a global */
const globalName = (index) => `${TABLE}${index}`;

/** @param {Wasm} wasm @param {Plan} plan @param {number[]} globals those that are shared */
function firstModule(wasm, plan, globals) {
  const { functionAt, imports, functions, code } = functionsOf(wasm, plan, false, (index) => index);
  const exports = wasm.exports.map(({ name, kind, index }) => [
    ...text(name),
    kind,
    ...unsigned(kind === KIND.function ? functionAt(index) : index),
  ]);
  const shared = globals.map((index) => [...text(globalName(index)), KIND.global, ...unsigned(index)]);
  const size = unsigned(wasm.first + plan.bySlot.length);
  /** @type {Record<number, Uint8Array>} */
  const changed = {
    [SECTION.imports]: list(imports),
    [SECTION.functions]: functions,
    [SECTION.table]: list([[0x70, 1, ...size, ...size]]),
    [SECTION.exports]: list([...exports, [...text(TABLE), KIND.table, 0], ...shared]),
    [SECTION.elements]: elements(wasm, plan, false, functionAt),
    [SECTION.code]: code,
  };
  const kept = wasm.all.filter(({ id }) => id !== SECTION.custom);
  return module(kept.map(({ id, data }) => ({ id, data: changed[id] ?? data })));
}

/** @param {Wasm} wasm @param {Plan} plan @param {number[]} globals those that are shared */
function secondModule(wasm, plan, globals) {
  const globalAt = (/** @type {number} */ index) => globals.indexOf(index);
  const { functionAt, imports, functions, code } = functionsOf(wasm, plan, true, globalAt);
  const memory = wasm.exports.find(({ kind }) => kind === KIND.memory);
  if (memory === undefined) throw new Error("the .wasm does not export its memory");
  const fromFirst = (/** @type {string} */ name, /** @type {number[]} */ what) => [
    ...text(FIRST),
    ...text(name),
    ...what,
  ];
  const shared = [
    fromFirst(memory.name, [KIND.memory, 0, 0]),
    fromFirst(TABLE, [KIND.table, 0x70, 0, ...unsigned(wasm.first + plan.bySlot.length)]),
    ...globals.map((index) => fromFirst(globalName(index), [KIND.global, ...wasm.globalTypes[index]])),
  ];
  return module([
    { id: SECTION.types, data: list(wasm.types.map(({ written }) => written)) },
    { id: SECTION.imports, data: list([...imports, ...shared]) },
    { id: SECTION.functions, data: functions },
    { id: SECTION.elements, data: elements(wasm, plan, true, functionAt) },
    { id: SECTION.code, data: code },
  ]);
}

/**
 * The first and the second module, and the names of what is in the second one.
 * @param {Uint8Array} bytes with the names of its functions @param {(name: string) => boolean} moves
 * @param {Order} [order] of the functions of each module @param {string[]} [unused] exports that neither has, by their functions
 */
export function split(bytes, moves, order = (codes) => [...codes.keys()], unused = []) {
  const wasm = without(read(bytes), unused);
  const parts = { ...plan(wasm, moves), order };
  const globals = sharedGlobals(wasm, parts);
  const names = Array.from(parts.found, (index) => wasm.names.get(index) ?? "");
  return {
    first: firstModule(wasm, parts, globals),
    second: secondModule(wasm, parts, globals),
    names,
  };
}
