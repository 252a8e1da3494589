// Text that a terminal and a log show instead of obeying it.

/** Control characters, those that change the direction of text, and those that nobody sees. */
const OBEYED = /[\p{Cc}\p{Bidi_C}\p{Zl}\p{Zp}\u200b-\u200f\u2060-\u206f\ufeff]/gu;

/** @param {string} character */
const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;

/** One line, with what a terminal would obey as `\u001b`. @param {string} text */
export const printable = (text) => text.replace(OBEYED, escaped);

/** The same for text of several lines, which keeps tabs and line ends. @param {string} text */
export const printableText = (text) =>
  text.replace(OBEYED, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
