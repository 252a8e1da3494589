// A plugin of TypeDoc: the search weighs names less, and also headings of guides, and words that people type and a guide does not have: those
// behind `search:` in its front matter.

import { IndexEvent } from "typedoc";

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
    Object.assign(event.searchFieldWeights, { name: 4, headings: 3, words: 40 });
    for (const [i, found] of event.searchResults.entries()) {
      const guide = /** @type {any} */ (found);
      if (!guide.isDocument()) continue;
      Object.assign(event.searchFields[i], {
        headings: headingsOf(guide.content),
        words: guide.frontmatter.search,
      });
    }
  });
}

/** @param {{ text: string }[]} content */
function headingsOf(content) {
  const text = content.map((part) => part.text).join("");
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading).join("\n");
}
