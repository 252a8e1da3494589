// Random values that MQTT allows, for both versions: topics, payloads, properties. They are created with a generator of
// random.mjs.

const LETTERS = ["a", "B", "7", " ", "-", "/", "é", "世", "🌍", "\u2028", "\ufeff", "$"];

export function valuesOf(random) {
  const text = (least = 0, most = 20) =>
    Array.from({ length: random.between(least, most) }, () => random.pick(LETTERS)).join("");
  const bytes = (most = 300) =>
    Buffer.from(Array.from({ length: random.scale(1, most) - 1 }, () => random.between(0, 255)));
  const flag = () => random.next() < 0.5;
  const seconds = () => random.pick([0, 1, 60, 65_536, 0xffff_ffff]);
  const topic = () => `t${text()}`;
  const users = () => {
    const all = {};
    for (let i = random.between(1, 3); i > 0; i--) {
      // A single value of a name is not an array, in mqtt-packet neither. mqtt-packet 9.0.2 loses an empty value if a
      // second one follows.
      all[`${i}${text()}`] = flag() ? text() : Array.from({ length: random.between(2, 4) }, () => text(1));
    }
    return all;
  };
  /** Includes each of them with a probability of one half; undefined if none is included. */
  const some = (makers) => {
    const chosen = Object.entries(makers).filter(flag);
    if (chosen.length === 0) return undefined;
    return Object.fromEntries(chosen.map(([name, make]) => [name, make()]));
  };
  const message = {
    payloadFormatIndicator: flag,
    messageExpiryInterval: seconds,
    contentType: text,
    responseTopic: topic,
    correlationData: bytes,
    userProperties: users,
  };
  const result = { reasonString: text, userProperties: users };
  return {
    text,
    bytes,
    flag,
    topic,
    filter: () => random.pick([topic(), `${topic()}/#`, `+/${topic()}`, "#", "+"]),
    payload: () =>
      random.weighted([
        [bytes(), 8],
        [Buffer.alloc(random.pick([127, 128, 16_383, 70_000]), 7), 1],
      ]),
    qos: () => random.between(0, 2),
    message: () => some(message),
    will: () => some({ ...message, willDelayInterval: seconds }),
    result: () => some(result),
    users: () => some({ userProperties: users }),
    subscribe: () =>
      some({ subscriptionIdentifier: () => random.scale(1, 268_435_455), userProperties: users }),
    connect: () =>
      some({
        sessionExpiryInterval: seconds,
        receiveMaximum: () => random.between(100, 65_535),
        maximumPacketSize: () => random.scale(1_000_000, 0xffff_ffff),
        topicAliasMaximum: () => random.between(0, 65_535),
        requestResponseInformation: flag,
        requestProblemInformation: flag,
        userProperties: users,
      }),
    connack: () =>
      some({
        sessionExpiryInterval: seconds,
        receiveMaximum: () => random.between(1, 65_535),
        maximumQoS: () => random.between(0, 1),
        retainAvailable: flag,
        maximumPacketSize: () => random.scale(1, 0xffff_ffff),
        topicAliasMaximum: () => random.between(0, 65_535),
        wildcardSubscriptionAvailable: flag,
        subscriptionIdentifiersAvailable: flag,
        sharedSubscriptionAvailable: flag,
        serverKeepAlive: () => random.between(0, 65_535),
        responseInformation: text,
        serverReference: text,
        ...result,
      }),
    disconnect: () => some({ serverReference: text, ...result }),
  };
}
