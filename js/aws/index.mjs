// The entry "mqtt-lib/aws": a credentials function that signs a new URL for each attempt. Options that it does not know are
// passed on to the validator of credentials.

import { signedUrl } from "./sign.mjs";

/** The region in the host name of an endpoint of AWS, after "iot". */
const REGION = /\biot(?:-fips)?\.([a-z]+(?:-[a-z]+)+-\d+)\./;

/** @param {any} options */
export function awsIot({ host, region, path = "/mqtt", expires, clientId, credentials, ...others } = {}) {
  if (typeof host !== "string" || !/^[\w.-]+(:\d+)?$/.test(host)) {
    throw new TypeError(
      'awsIot: host must be the host name of the endpoint, such as "abc-ats.iot.eu-west-1.amazonaws.com" ' +
        "(shown by: aws iot describe-endpoint --endpoint-type iot:Data-ATS)",
    );
  }
  const where = region ?? REGION.exec(host)?.[1];
  if (typeof where !== "string") {
    throw new TypeError(
      `awsIot: the host name ${host} does not contain the region; give region, such as "eu-west-1"`,
    );
  }
  if (typeof credentials !== "function" && (typeof credentials !== "object" || credentials === null)) {
    throw new TypeError(
      "awsIot: credentials must be { accessKeyId, secretAccessKey, sessionToken }, or a function that returns them",
    );
  }

  return async () => {
    const keys = typeof credentials === "function" ? await credentials() : credentials;
    for (const name of ["accessKeyId", "secretAccessKey"]) {
      if (typeof keys?.[name] !== "string") throw new TypeError(`awsIot: the credentials have no ${name}`);
    }
    if (globalThis.crypto?.subtle === undefined) {
      throw new Error(
        "awsIot: crypto.subtle is missing; a page has it if it was loaded by https or from localhost",
      );
    }
    const mqttserver = await signedUrl(`wss://${host}${path}`, keys, { region: where, expires });
    return { ...others, mqttserver, ...(clientId !== undefined && { mqttclientid: clientId }) };
  };
}
