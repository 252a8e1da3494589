// The tree of the topics of received messages, with their counts. Topics beyond the limit are only counted together.

/** A topic and its levels need about a kilobyte; this is how much of its last payload is kept. */
const MAX_NODES = 20_000;
const KEPT_OF_LAST = 1024;

/**
 * @typedef {object} Node
 * @property {string} name one level
 * @property {string} topic from the root to here
 * @property {number} depth
 * @property {Map<string, Node>} children
 * @property {Node[] | undefined} sorted the sorted children
 * @property {Node | undefined} parent
 * @property {number} own messages on this topic
 * @property {number} total messages on this topic and those below
 * @property {number} before `total` a second ago
 * @property {number} rate messages in the last second, here and below
 * @property {boolean} open
 * @property {{ at: number, size: number, payload: Uint8Array, retain: boolean } | undefined} last message on this topic
 * @property {any} about data of other modules
 */

function remembered({ at, message: { payload, retain } }) {
  const size = payload.length;
  return { at, size, retain, payload: size > KEPT_OF_LAST ? payload.slice(0, KEPT_OF_LAST) : payload };
}

/** Orders of the children of a level. @type {Record<string, (a: Node, b: Node) => number>} */
const ORDERS = {
  name: (a, b) => (a.name < b.name ? -1 : 1),
  messages: (a, b) => b.total - a.total || (a.name < b.name ? -1 : 1),
  rate: (a, b) => b.rate - a.rate || (a.name < b.name ? -1 : 1),
};

export function createTopics() {
  /** @type {Map<string, Node>} */
  let byTopic = new Map();
  let nodes = 0;
  let rest = 0;
  let root = node("", "", -1, undefined);

  /** @returns {Node} */
  function node(name, topic, depth, parent) {
    return {
      name,
      topic,
      depth,
      parent,
      children: new Map(),
      sorted: undefined,
      own: 0,
      total: 0,
      before: 0,
      rate: 0,
      open: depth < 0,
      last: undefined,
      about: undefined,
    };
  }

  function learn(topic) {
    const levels = topic.split("/");
    if (nodes + levels.length > MAX_NODES) return undefined;
    let at = root;
    for (const [depth, name] of levels.entries()) {
      let next = at.children.get(name);
      if (!next) {
        next = node(name, levels.slice(0, depth + 1).join("/"), depth, at);
        at.children.set(name, next);
        at.sorted = undefined;
        nodes++;
      }
      at = next;
    }
    byTopic.set(topic, at);
    return at;
  }

  /** @param {Node} parent @param {string} order */
  function childrenOf(parent, order) {
    if (order !== "name") return [...parent.children.values()].sort(ORDERS[order]);
    parent.sorted ??= [...parent.children.values()].sort(ORDERS.name);
    return parent.sorted;
  }

  return {
    /** Counts a message; returns the node of its topic. @param {any} entry @returns {Node | undefined} */
    add(entry) {
      const { topic } = entry.message;
      const found = byTopic.get(topic) ?? learn(topic);
      if (!found) {
        rest++;
        return undefined;
      }
      found.own++;
      found.last = remembered(entry);
      for (let at = found; at; at = at.parent) at.total++;
      return found;
    },

    /**
     * The visible nodes in order: those whose parents are all open. A search opens what it finds: topics that contain the
     * text, with their parents.
     * @param {{ text?: string, order?: string }} [view] @returns {Node[]}
     */
    visible({ text = "", order = "name" } = {}) {
      const rows = /** @type {Node[]} */ ([]);
      const wanted = text.toLowerCase();
      const found = (/** @type {Node} */ at) => at.topic.toLowerCase().includes(wanted);
      const walk = (/** @type {Node} */ parent) => {
        const before = rows.length;
        for (const child of childrenOf(parent, order)) {
          const at = rows.push(child);
          const hit = wanted === "" || found(child);
          const below = (hit ? child.open : true) && walk(child);
          if (!hit && !below) rows.length = at - 1;
        }
        return rows.length > before;
      };
      walk(root);
      return rows;
    },

    /** Opens or closes every branch. */
    setOpen(open) {
      const walk = (parent) => {
        for (const child of parent.children.values()) {
          child.open = open && child.children.size > 0;
          walk(child);
        }
      };
      walk(root);
    },

    /** Takes the messages of the last second; called once a second. */
    measure() {
      const walk = (/** @type {Node} */ at) => {
        at.rate = at.total - at.before;
        at.before = at.total;
        for (const child of at.children.values()) walk(child);
      };
      walk(root);
    },

    /** Clears the data of other modules, because subscriptions have changed. */
    forgetAbout() {
      for (const found of byTopic.values()) found.about = undefined;
    },

    clear() {
      byTopic = new Map();
      nodes = 0;
      rest = 0;
      root = node("", "", -1, undefined);
    },

    get size() {
      return byTopic.size;
    },

    /** Messages on topics beyond the limit. */
    get rest() {
      return rest;
    },
  };
}
