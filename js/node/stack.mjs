// Stacks that begin at the call of a method by the application. An error is made by the core, often long after the call,
// and its stack would show the package's own frames or those of the event loop. Owns the text of stacks; nothing else.

/** Frames of our own that may stand above the caller's. */
const OWN_FRAMES = 10;
/** The errors that this package makes. */
const OWN = /^(Mqtt|Type|Range)Error$/;

/** Remembers where a public method is being called; what is returned gives an error that stack. @returns {(error: any) => any} */
export function remember() {
  const limit = Error.stackTraceLimit;
  /** @type {{ stack: string }} */
  const call = { stack: "" };
  Error.stackTraceLimit = limit + OWN_FRAMES;
  Error.captureStackTrace(call, remember);
  Error.stackTraceLimit = limit;
  return (error) => {
    // Where one public method calls another, the outer one is the last to do this.
    if (limit > 0 && isOwn(error)) {
      error.stack = `${error.name}: ${error.message}\n${callers(call.stack).slice(0, limit).join("\n")}`;
    }
    return error;
  };
}

/** An error without the frames of the package, which say nothing to anybody where it belongs to no call. @param {any} error */
export function withoutOwn(error) {
  const [, own = "", ...others] = `${error.stack}`.split(/\n(?= {4}at )/);
  const isForeign = (/** @type {string} */ frame) =>
    fileOf(frame) !== fileOf(own) && !/wasm:|node:|<anonymous>/.test(frame);
  error.stack = [`${error.name}: ${error.message}`, ...others.filter(isForeign)].join("\n");
  return error;
}

/** Of one call: not what every call gets once the WebAssembly has failed. @param {any} error */
const isOwn = (error) => OWN.test(error?.name) && /^(?!CORE_FAILED)[A-Z_]+$/.test(error.code);

/** The file of a frame. @param {string} frame */
const fileOf = (frame) => /([^( ]+):\d+:\d+\)?$/.exec(frame)?.[1];

/** Frames without those of the package on top. @param {string} stack */
function callers(stack) {
  const frames = stack.split("\n").slice(1);
  const own = fileOf(frames[0]);
  const first = frames.findIndex((frame) => fileOf(frame) !== own && !frame.endsWith("(<anonymous>)"));
  return first < 0 ? [] : frames.slice(first);
}
