// The fields of the connection panel, in their parts. Which there are, connection-table.mjs says.

import { make } from "../lib/dom.mjs";
import { field, part, row } from "../lib/fields.mjs";
import { FIELDS } from "./connection-table.mjs";
import { propertyFields } from "./properties.mjs";

const rowsOf = (name) =>
  FIELDS[name].map((fields) => (fields.length > 1 ? row(...fields) : field(fields[0])));

/**
 * Fills the form, and gives the two groups of properties, which are not of `credentials` itself.
 * @param {HTMLElement} box for what is nearly always needed
 * @param {HTMLElement} more for the rest
 */
export function connectionFields(box, more) {
  const will = propertyFields("will");
  const connect = propertyFields("connect");
  const only5 = (element) => make("fieldset", { class: "only-5" }, make("legend", {}, "MQTT 5"), element);
  box.append(...rowsOf("server"));
  more.append(
    part("session-part", "Session", ...rowsOf("session")),
    part("will-part", "Last will", ...rowsOf("will"), only5(will.element)),
    part("properties-part", "Properties", only5(connect.element)),
  );
  return { will, connect };
}
