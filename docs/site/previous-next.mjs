// A plugin of TypeDoc: at the end of each guide, links to the one before and the one after, in the order of the sidebar.

import { JSX } from "typedoc";

const KIND_DOCUMENT = 8388608;

/** @param {import("typedoc").Application} app */
export function load(app) {
  /** @type {any[] | undefined} */
  let guides;

  /** @param {any} project */
  function inOrder(project) {
    const groups = /** @type {string[]} */ (app.options.getValue("groupOrder"));
    const place = (/** @type {any} */ guide) => {
      const at = groups.indexOf(String(guide.frontmatter.group));
      return at < 0 ? groups.length : at;
    };
    return [...(project.documents ?? [])].sort((a, b) => place(a) - place(b));
  }

  app.renderer.hooks.on("content.end", (context) => {
    const { model, project } = context.page;
    if (/** @type {any} */ (model).kind !== KIND_DOCUMENT) return JSX.createElement(JSX.Fragment, null);
    guides ??= inOrder(project);
    const at = guides.indexOf(model);
    const link = (/** @type {any} */ guide, /** @type {string} */ rel, /** @type {string} */ before) =>
      guide && JSX.createElement("a", { href: context.urlTo(guide), rel }, `${before}${guide.name}`);
    return JSX.createElement(
      "nav",
      { class: "previous-next", "aria-label": "Guides before and after" },
      link(guides[at - 1], "prev", "Before: "),
      link(guides[at + 1], "next", "Next: "),
    );
  });
}
