// A plugin of TypeDoc: tables that scroll can be reached with the keyboard, and the content is a landmark.

import { PageEvent } from "typedoc";

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = page.contents
      ?.replaceAll("<table>", '<table tabindex="0">')
      .replace('<div class="col-content">', '<div class="col-content" role="main">');
  });
}
