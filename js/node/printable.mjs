// Text that a terminal and a log show instead of obeying it.

/** Control characters, and what nobody sees: format characters, such as those that change the direction of text, fillers, U+2800. */
const OBEYED = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** As in JSON: a character beyond U+FFFF is two escapes. @param {string} character */
const escaped = (character) =>
  character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");

/** One line, with what a terminal would obey as `\u001b`. @param {string} text */
export const printable = (text) => text.replace(OBEYED, escaped);

/** The same for text of several lines, which keeps tabs and line ends. @param {string} text */
export const printableText = (text) =>
  text.replace(OBEYED, (character) => (/[\n\t]/.test(character) ? character : escaped(character)));
