// A TCP connection by an `http.Agent` of the user's, such as one of the package https-proxy-agent, which tunnels through
// an HTTP proxy (CONNECT, RFC 9110, section 9.3.6). Owns the request that agents expect; sends nothing itself.

import { EventEmitter } from "node:events";
import { queueMicrotask } from "../clock.mjs";
import { failure } from "../sockets/failure.mjs";
import { socketFailure } from "./socket-failure.mjs";
import { said } from "../said.mjs";

/**
 * Calls `done` once, later, with an error or with a socket that is connected.
 * @param {any} agent @param {string} host @param {number} port
 * @param {(error: Error | undefined, socket?: import("node:net").Socket) => void} done
 */
export function connectBy(agent, host, port, done) {
  const target = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  const request = new AgentRequest(target);
  let status = 200;
  let ended = false;
  /** @param {Error | undefined} error @param {import("node:net").Socket} [socket] */
  const end = (error, socket) => {
    if (ended) return socket?.destroy();
    ended = true;
    if (error === undefined && status !== 200) error = refusal(status, target);
    if (error !== undefined) {
      socket?.on("error", () => {}).destroy();
      return done(error);
    }
    done(undefined, socket);
  };
  request.on("proxyConnect", ({ statusCode }) => {
    status = statusCode;
  });
  request.on("error", (error) => end(unusable(error, target)));
  request.onSocket = (socket, error) => {
    if (error) return end(unusable(error, target));
    const ready = () => {
      socket.removeListener("error", failed);
      end(undefined, socket);
      // The agent lets the bytes flow.
      if (status === 200 && !socket.destroyed) request.emit("socket", socket);
    };
    /** @param {Error} cause */
    const failed = (cause) => end(socketFailure(cause, target, false, false));
    socket.once("error", failed);
    if (socket.connecting) socket.once("connect", ready);
    else queueMicrotask(ready);
  };
  try {
    agent.addRequest(request, { host, port, secureEndpoint: false, headers: {}, path: null });
  } catch (error) {
    queueMicrotask(() => end(unusable(error, target)));
  }
}

/** As much of an `http.ClientRequest` as agents use before there is a socket. */
class AgentRequest extends EventEmitter {
  path = "/";
  method = "CONNECT";
  #target;
  /** @type {(socket: import("node:net").Socket, error?: Error) => void} */
  onSocket = () => {};

  /** @param {string} target */
  constructor(target) {
    super();
    this.#target = target;
  }

  /** @param {string} name */
  getHeader(name) {
    return name.toLowerCase() === "host" ? this.#target : undefined;
  }
}

/** What an agent has done for a request: its proxy's answer, and whether there is a socket. @typedef {{ status: number, made: boolean }} Seen */

/** @param {EventEmitter} request @returns {Seen} */
export function watchAgent(request) {
  const seen = { status: 200, made: false };
  request.on("proxyConnect", ({ statusCode }) => {
    seen.status = statusCode;
  });
  request.on("socket", () => {
    seen.made = true;
  });
  return seen;
}

/** Why the agent, or its proxy, made no connection; nothing if it made one. @param {Seen} seen @param {Error} error @param {string} target */
export function agentFailure({ status, made }, error, target) {
  if (status !== 200) return refusal(status, target);
  return made ? undefined : unusable(error, target);
}

/** What the proxy of an agent answered instead of 200; NaN: no HTTP. @param {number} status @param {string} target */
export function refusal(status, target) {
  const check =
    status === 407
      ? 'it wants a user name and password, as in new HttpsProxyAgent("http://user:password@proxy:3128")'
      : status
        ? "check that it lets this host and port through"
        : "check the proxy's own host and port";
  const answer = status ? `HTTP ${status}` : "something else than HTTP";
  return failure(`the proxy of websocket.agent answered ${answer} for ${target}: ${check}`);
}

/** @param {unknown} cause @param {string} target */
function unusable(cause, target) {
  const text = `websocket.agent made no connection to ${target}: ${said(cause)}; check the proxy, or give an http.Agent that can tunnel, such as HttpsProxyAgent`;
  return failure(text, cause);
}
