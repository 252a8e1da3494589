// The topic namespace of Sparkplug B: topics to their parts and back, and what an identifier may be.

import { wrong } from "./errors.mjs";

const NAMESPACE = "spBv1.0";
const VERBS = ["NBIRTH", "NDEATH", "DBIRTH", "DDEATH", "NDATA", "DDATA", "NCMD", "DCMD"];

/** An identifier is a level of a topic. @param {unknown} id @param {string} what @returns {string} */
export function checkedId(id, what) {
  if (typeof id !== "string" || id === "" || /[+#/\0]/.test(id))
    throw wrong(`${what} must be a text without "+", "#" and "/"; ${JSON.stringify(id)} was given`);
  return id;
}

/** @param {string} group @param {string} verb @param {string} node @param {string} [device] */
export const topicOf = (group, verb, node, device) =>
  [NAMESPACE, group, verb, node, ...(device === undefined ? [] : [device])].join("/");

/** @param {string} host */
export const stateTopic = (host) => `${NAMESPACE}/STATE/${host}`;

/** All topics, or those of a group. @param {string} [group] */
export const filterOf = (group) => (group === undefined ? `${NAMESPACE}/#` : `${NAMESPACE}/${group}/#`);

/** The parts of a topic; undefined if it is none of Sparkplug's. @param {string} topic @returns {any} */
export function parseTopic(topic) {
  const [namespace, group, verb, node, device, ...more] = topic.split("/");
  if (namespace !== NAMESPACE) return;
  if (group === "STATE") return node === undefined && verb ? { verb: "STATE", host: verb } : undefined;
  const isOfDevice = verb?.startsWith("D") === true;
  if (!VERBS.includes(verb) || !group || !node || more.length > 0 || isOfDevice !== Boolean(device)) return;
  return { group, verb, node, ...(isOfDevice && { device }) };
}
