// Stacks that begin at the call of a method by the application. An error is made by the core, often long after the call,
// and its stack would show the package's own frames or those of the event loop. Owns the text of stacks; nothing else.

import { queueMicrotask } from "../clock.mjs";

/** Frames of our own that may stand above the caller's. */
const OWN_FRAMES = 10;
/** The errors that this package makes. */
const OWN = /^(Mqtt|Type|Range)Error$/;
/** How many errors the core makes in one turn whose frames are looked for: of a flood of messages that are skipped each has one. */
const MOST_WITH_FRAMES = 32;
let withFrames = 0;
/** Where the frames of a stack begin. */
const FRAMES = /\n {4}(?=at )/;

/** Remembers where a public method is being called; what is returned gives an error that stack. @returns {(error: any) => any} */
export function remember() {
  const limit = Error.stackTraceLimit;
  const call = {};
  withLimit(limit + OWN_FRAMES, () => Error.captureStackTrace(call, remember));
  return (error) => {
    // Where one public method calls another, the outer one is the last to do this.
    const stack = limit > 0 && isOwn(error) ? textOf(call) : "";
    if (stack !== "") {
      error.stack = `${error.name}: ${error.message}\n${callers(stack).slice(0, limit).join("\n")}`;
    }
    return error;
  };
}

/**
 * An error without the frames of the package, which say nothing to anybody where it belongs to no call.
 * @template T @param {() => T} make @returns {T}
 */
export function withoutOwn(make) {
  if (withFrames === 0) queueMicrotask(() => (withFrames = 0));
  withFrames += 1;
  // To find and to write down the frames takes ten times as long as the error itself.
  if (withFrames > MOST_WITH_FRAMES) return withLimit(0, make);
  /** @type {any} */
  const error = make();
  const stack = textOf(error);
  if (stack === "") return error;
  const [, own = "", ...others] = stack.split(FRAMES);
  error.stack = [`${error.name}: ${error.message}`, ...others.filter(foreignTo(own))].join("\n    ");
  return error;
}

/** What a function gives while so many frames are taken. @template T @param {number} limit @param {() => T} run @returns {T} */
function withLimit(limit, run) {
  const before = Error.stackTraceLimit;
  // An application may have frozen Error; then there are as many frames as before.
  Reflect.set(Error, "stackTraceLimit", limit);
  try {
    return run();
  } finally {
    Reflect.set(Error, "stackTraceLimit", before);
  }
}

/** Says something before the message of an error, which keeps its frames. @param {any} error @param {string} before */
export function preface(error, before) {
  const text = textOf(error);
  const frames = text.split(FRAMES).slice(1);
  error.message = before + error.message;
  if (text !== "") error.stack = [`${error.name}: ${error.message}`, ...frames].join("\n    ");
}

/** Gives an error that does not begin at a call the frames of the functions that await what is about to be settled. @param {any} error */
export function addAwaiting(error) {
  const [text, ...frames] = textOf(error).split(FRAMES);
  const call = {};
  Error.captureStackTrace(call);
  const [own = "", ...others] = textOf(call).split(FRAMES).slice(1);
  const isForeign = foreignTo(own);
  if (text === "" || frames.some(isForeign)) return;
  const awaiting = others.filter(
    (/** @type {string} */ frame) => frame.startsWith("at async ") && isForeign(frame),
  );
  error.stack = [text, ...awaiting].join("\n    ");
}

/** A stack, unless an `Error.prepareStackTrace` of the application throws or makes no text of it. @param {any} holder */
function textOf(holder) {
  try {
    return typeof holder.stack === "string" ? holder.stack : "";
  } catch {
    return "";
  }
}

/**
 * Of one call: not what every call gets once the WebAssembly has failed. An exception of the engine has no code, and is asked
 * no regular expression: to compile one at the end of the stack ends the process. @param {any} error
 */
export const isOwn = (error) =>
  typeof error?.code === "string" &&
  error.code !== "CORE_FAILED" &&
  OWN.test(error.name) &&
  /^[A-Z_]+$/.test(error.code);

/** Whether a frame is of another file, and of the application. @param {string} own @returns {(frame: string) => boolean} */
function foreignTo(own) {
  // Thousands of errors may be made at once, as when a client is stopped: `fileOf` for each frame takes half of their time.
  const place = `${fileOf(own)}:`;
  return (frame) => !/wasm:|node:|<anonymous>/.test(frame) && !frame.includes(place);
}

/** The file of a frame. @param {string} frame */
const fileOf = (frame) => /([^( ]+):\d+:\d+\)?$/.exec(frame)?.[1];

/** Frames without those of the package on top. @param {string} stack */
function callers(stack) {
  const frames = stack.split("\n").slice(1);
  const own = fileOf(frames[0]);
  const first = frames.findIndex((frame) => fileOf(frame) !== own && !frame.endsWith("(<anonymous>)"));
  return first < 0 ? [] : frames.slice(first);
}
