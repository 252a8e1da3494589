// ActiveMQ 5.17 with Debian's settings of an instance and a connector for MQTT 3.1.1 over TCP. Its WebSocket needs
// Jetty, which Debian's package leaves out.

import { existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort } from "../../support/ports.mjs";
import { ownFolder, startChild } from "../support/child.mjs";
import { alone, sameUrls, startNode } from "../support/node.mjs";
import { untilConnack } from "../support/ready.mjs";

const HOME = "/usr/share/activemq";
/** The codec of MQTT, which Debian's package of ActiveMQ does not bring into its own folder. */
const CODEC = "/usr/share/java/mqtt-client.jar";
const LOG =
  "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\nlog4j.appender.out.layout=org.apache.log4j.SimpleLayout\n";
const VERSIONS = [4];

/** What no entry allows is forbidden: the topics of the operations begin with m/. */
const ACL = `
        <plugins>
            <simpleAuthenticationPlugin anonymousAccessAllowed="true" anonymousUser="anyone" anonymousGroup="all"/>
            <authorizationPlugin><map><authorizationMap><authorizationEntries>
                <authorizationEntry topic="m.>" read="all" write="all" admin="all"/>
                <authorizationEntry topic="ActiveMQ.Advisory.>" read="all" write="all" admin="all"/>
                <authorizationEntry queue=">" read="all" write="all" admin="all"/>
            </authorizationEntries></authorizationMap></map></authorizationPlugin>
        </plugins>`;

const configuration = (port, setting) => `
<beans xmlns="http://www.springframework.org/schema/beans"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans-2.0.xsd
  http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
    <bean class="org.springframework.beans.factory.config.PropertyPlaceholderConfigurer"/>
    <broker xmlns="http://activemq.apache.org/schema/core" useJmx="false" brokerName="localhost"
        dataDirectory="\${activemq.base}/data">
        ${setting === "forbidden" ? ACL : ""}
        <persistenceAdapter><kahaDB directory="\${activemq.base}/data/kahadb"/></persistenceAdapter>
        <transportConnectors>
            <transportConnector name="mqtt" uri="mqtt://127.0.0.1:${port}${setting === "limits" ? "?wireFormat.maxFrameSize=100000" : ""}"/>
        </transportConnectors>
    </broker>
</beans>
`;

async function start({ setting } = {}) {
  const { folder, remove } = ownFolder("activemq");
  mkdirSync(join(folder, "data"));
  mkdirSync(join(folder, "lib"));
  symlinkSync(CODEC, join(folder, "lib", "mqtt-client.jar"));
  writeFileSync(join(folder, "log4j.properties"), LOG);
  const port = await freePort();
  const file = join(folder, "activemq.xml");
  writeFileSync(file, configuration(port, setting));
  const args = [
    "-Xms128M",
    "-Xmx512M",
    "-Djava.net.preferIPv4Stack=true",
    `-Dlog4j.configuration=file:${join(folder, "log4j.properties")}`,
    `-Dactivemq.home=${HOME}`,
    `-Dactivemq.base=${folder}`,
    `-Dactivemq.conf=${folder}`,
    `-Dactivemq.data=${join(folder, "data")}`,
    "-jar",
    join(HOME, "bin", "activemq.jar"),
    "start",
    `xbean:file:${file}`,
  ];
  const node = await startNode({
    urls: sameUrls(VERSIONS, { mqtt: port }),
    launch: () => startChild("java", args, { cwd: folder }),
    ready: (child) => untilConnack(port, { gone: child.why }),
  });
  return alone(node, remove);
}

export default {
  name: "activemq",
  title: "ActiveMQ 5.17",
  versions: VERSIONS,
  settings: ["forbidden", "limits"],
  cannot: {
    "kept-session": "keeps a session, and says in CONNACK that there is none",
    shared: "grants $share and delivers nothing",
    overlapping: "sends a copy for each subscription, and MQTT 3.1.1 does not say for which",
  },
  missing: () =>
    existsSync(join(HOME, "bin", "activemq.jar")) && existsSync(CODEC)
      ? undefined
      : "ActiveMQ is not installed: apt-get install --no-install-recommends activemq libmqtt-client-java",
  start,
};
