// Whether a topic matches a filter (MQTT 3.1.1, 4.7): `+` is one level, `#` all that follow.

/** @param {string} filter @returns {(topic: string) => boolean} */
export function matcher(filter) {
  const levels = withoutShare(filter).split("/");
  return (topic) => {
    // Wildcards at the beginning do not match topics that begin with $ [MQTT-4.7.2-1].
    if (topic.startsWith("$") && (levels[0] === "#" || levels[0] === "+")) return false;
    const parts = topic.split("/");
    for (let i = 0; i < levels.length; i++) {
      if (levels[i] === "#") return true;
      if (i >= parts.length || (levels[i] !== "+" && levels[i] !== parts[i])) return false;
    }
    return levels.length === parts.length;
  };
}

/** The filter of a shared subscription, `$share/<group>/<filter>` (MQTT 5). */
function withoutShare(filter) {
  return filter.replace(/^\$share\/[^/]+\//, "");
}
