// A plugin of TypeDoc: the search weighs names less, and also headings of guides, and words that people type and a guide does not have: those
// behind `search:` in its front matter. It does not know measured figures: nobody looks for them, and lunr mixes up terms
// of many digits, in the words that begin with what was typed, so that a question with such a digit is not answered at all.

import { IndexEvent } from "typedoc";

/** Numbers of thousands, with decimals or beyond four digits, times; not ports, reason codes and versions. */
const FIGURES = /(?<![\w.,])(?!5\.0\b)(?:\d{1,3}(?:,\d{3})+|\d{5,}|\d+\.\d+)(?:[x×%])?(?![\w.])/g;

/** @param {import("typedoc").Application} app */
export function load(app) {
  app.renderer.on(IndexEvent.PREPARE_INDEX, (event) => {
    Object.assign(event.searchFieldWeights, { name: 4, headings: 3, words: 40 });
    for (const [i, found] of event.searchResults.entries()) {
      const guide = /** @type {any} */ (found);
      if (!guide.isDocument()) continue;
      Object.assign(event.searchFields[i], {
        document: textOf(guide.content).replace(FIGURES, " "),
        headings: headingsOf(guide.content),
        words: guide.frontmatter.search,
      });
    }
  });
}

/** @param {{ text: string }[]} content */
const textOf = (content) => content.map((part) => part.text).join("");

/** @param {{ text: string }[]} content */
const headingsOf = (content) =>
  [...textOf(content).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading).join("\n");
