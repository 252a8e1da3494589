// TextEncoder and TextDecoder as the modules of Node have them: jsdom under Jest has none as globals, and a Jest before 28 takes
// this entry there. Put by scripts/build.mjs in the place of the globals.

export { TextDecoder, TextEncoder } from "node:util";
