/**
 * AWS IoT by a signed WebSocket URL, in browser and Node. It needs a package: `npm install aws4fetch`.
 *
 * @packageDocumentation
 */

import type { Credentials } from "mqtt-lib";

/** Keys of AWS, as the credential providers of its SDK give them. */
export interface AwsKeys {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary keys (Cognito, STS, an assumed role). Default: none. */
  sessionToken?: string | undefined;
}

/** What `awsIot` is given; further keys are those of `credentials`. */
export interface AwsIotOptions extends Omit<Credentials, "mqttserver" | "mqttclientid"> {
  /** Host name of the endpoint, such as `"abc-ats.iot.eu-west-1.amazonaws.com"`. */
  host: string;
  /** Default: as the host name says. */
  region?: string | undefined;
  /** Default: `"/mqtt"`. */
  path?: string | undefined;
  /** For how many seconds a signed URL may be used to connect. Default: what AWS allows. */
  expires?: number | undefined;
  /** `mqttclientid`; policies of AWS often allow certain ones only. Default: a random one. */
  clientId?: string | undefined;
  /** The keys, or what gives them before each attempt. */
  credentials: AwsKeys | (() => AwsKeys | Promise<AwsKeys>);
}

/** For `new MqttCustom({ credentials: awsIot({ ... }) })`: signs a new URL before each attempt to connect. */
export function awsIot(options: AwsIotOptions): () => Promise<Credentials>;
