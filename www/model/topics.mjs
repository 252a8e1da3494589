// The tree of topics that messages have come on, with their numbers. Bounded: topics beyond the bound are counted
// together, and not kept.

/** A topic and its levels cost about a kilobyte, and so much of its last payload is kept. */
const MAX_NODES = 20_000;
const KEPT_OF_LAST = 1024;

/**
 * @typedef {object} Node
 * @property {string} name one level
 * @property {string} topic from the root to here
 * @property {number} depth
 * @property {Map<string, Node>} children
 * @property {Node[] | undefined} sorted the children in their order
 * @property {Node | undefined} parent
 * @property {number} own messages on this very topic
 * @property {number} total and on those below
 * @property {boolean} open
 * @property {{ at: number, size: number, payload: Uint8Array } | undefined} last message on this very topic
 * @property {any} about what others keep of the topic
 */

function remembered({ at, message: { payload } }) {
  const size = payload.length;
  return { at, size, payload: size > KEPT_OF_LAST ? payload.slice(0, KEPT_OF_LAST) : payload };
}

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

  return {
    /** Counts a message, and gives its topic's place. @param {any} entry @returns {Node | undefined} */
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

    /** The nodes whose parents are all open, in the order they are shown. @returns {Node[]} */
    visible() {
      const rows = [];
      const walk = (parent) => {
        parent.sorted ??= [...parent.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
        for (const child of parent.sorted) {
          rows.push(child);
          if (child.open) walk(child);
        }
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

    /** What is kept of a topic for others is stale: subscriptions have changed. */
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

    /** Messages on topics that are not kept. */
    get rest() {
      return rest;
    },
  };
}
