// Helpers for the document: find an element by id, create elements, set a text. Has no state.

/** @param {string} id @returns {any} the element; the page and its modules agree on the ids */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`The page has no element "${id}"`);
  return element;
}

/**
 * @param {string} name
 * @param {Record<string, string | number | boolean | undefined>} attributes true sets an empty one, false and undefined none
 * @param {...(string | Node | false | undefined)} children text is text, never markup
 * @returns {any}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false)
      element.setAttribute(key, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** Writes only changes: a write costs a layout, and screen readers would read a live region again. */
export function say(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
}

/** @param {string} label @param {Record<string, any>} attributes */
export function button(label, attributes, onClick) {
  const element = make("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}
