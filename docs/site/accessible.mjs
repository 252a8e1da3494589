// A plugin of TypeDoc: tables that scroll can be reached with the keyboard, their cells of prose are marked for a width to read
// in, and content and sidebar are landmarks.

import { PageEvent } from "typedoc";

/** A cell of so many characters is prose. */
const PROSE = 100;

/** @param {string} cell @param {string} content */
const marked = (cell, content) =>
  content.replaceAll(/<[^>]*>/g, "").length > PROSE ? `<td class="prose">${content}</td>` : cell;

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = page.contents
      ?.replaceAll("<table>", '<table tabindex="0">')
      .replaceAll(/<td>(.*?)<\/td>/gs, marked)
      .replace('<div class="col-content">', '<div class="col-content" role="main">')
      .replace('<div class="col-sidebar">', '<div class="col-sidebar" role="complementary" aria-label="Sidebar">');
  });
}
