// Whether a topic name matches a topic filter (MQTT 5, §4.7).

/** @param {string} filter of a shared subscription, what is behind its share name counts @param {string} topic */
export function topicMatches(filter, topic) {
  const levels = filter.replace(/^\$share\/[^/]*\//, "").split("/");
  const names = topic.split("/");
  // A wildcard in front matches no topic that begins with $ [MQTT-4.7.2-1].
  if (topic[0] === "$" && /[+#]/.test(levels[0])) return false;
  for (const [at, level] of levels.entries()) {
    if (level === "#") return true;
    if (at >= names.length || (level !== "+" && level !== names[at])) return false;
  }
  return levels.length === names.length;
}
