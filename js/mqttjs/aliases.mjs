// Topic aliases that an application gives itself (MQTT 5, §3.3.2.3.4). The core sends the topic with each of them, so that a
// message can be sent again over another connection; aliases that save bytes are the core's own.

export class TopicAliases {
  /** Of this connection. @type {Map<number, string>} */
  #topics = new Map();

  /** The topic of a publish whose `options.properties` have an alias. @param {string} topic @param {any} options @param {boolean} isConnected @returns {string} */
  apply(topic, options, isConnected) {
    const { topicAlias, ...others } = options.properties;
    if (!isConnected) options.properties = others;
    if (topic === "") return this.#topics.get(topicAlias) ?? topic;
    this.#topics.set(topicAlias, topic);
    return topic;
  }

  clear() {
    this.#topics.clear();
  }
}
