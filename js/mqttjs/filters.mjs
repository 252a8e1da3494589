// The check of topic filters that MQTT.js makes before it subscribes.

/** @param {string} filter */
export function validateTopic(filter) {
  const levels = filter.split("/");
  return levels.every(
    (level, at) => level === "+" || (level === "#" ? at === levels.length - 1 : !/[+#]/.test(level)),
  );
}

/** The first filter that is wrong; null if all are right. @param {readonly string[]} filters */
export function validateTopics(filters) {
  if (filters.length === 0) return "empty_topic_list";
  const wrong = filters.findIndex((filter) => typeof filter !== "string" || !validateTopic(filter));
  return wrong < 0 ? null : `${filters[wrong]}`;
}
