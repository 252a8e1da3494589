// The entry "mqtt-lib/topics": topics with parameters and a codec, which the methods of a client take in place of a text.

export { bytes, json, text } from "./codecs.mjs";
export { topic } from "./topic.mjs";
export { ValidationError } from "./validation-error.mjs";
