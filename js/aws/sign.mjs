// Signs URLs (AWS Signature Version 4, in the query). Keeps no credentials.

import { AwsV4Signer } from "aws4fetch";

/**
 * @typedef {object} Keys
 * @property {string} accessKeyId
 * @property {string} secretAccessKey
 * @property {string} [sessionToken] of temporary credentials
 *
 * @typedef {object} Scope
 * @property {string} region
 * @property {string} [service]
 * @property {number} [expires] seconds
 * @property {string} [datetime] such as 20150830T123600Z; by default now
 */

/**
 * Signs a URL. The session token is not part of what is signed: AWS IoT requires it to be appended.
 * @param {string} url @param {Keys} keys @param {Scope} scope @returns {Promise<string>}
 */
export async function signedUrl(url, keys, { service = "iotdevicegateway", expires, ...scope }) {
  const target = new URL(url);
  if (expires !== undefined) target.searchParams.set("X-Amz-Expires", `${expires}`);
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const signer = new AwsV4Signer({
    url: target.href,
    accessKeyId,
    secretAccessKey,
    ...(sessionToken && { sessionToken }),
    service,
    ...scope,
    signQuery: true,
    appendSessionToken: true,
  });
  return (await signer.sign()).url.href;
}
