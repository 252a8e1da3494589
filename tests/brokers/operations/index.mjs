// All operations, in the order of the table. An operation has:
//   name, title       what it is selected by, and what the table shows
//   run(cell, client, { clientId })   throws Failed or NotDone (support/outcome.mjs); `client` is the one under test
//   second(cell)      the same with MQTT.js; throws if the broker does not do it for that client either
//   setting, optional the setting a broker must be started with; `optional`: if it has one of that name
//   versions          the MQTT versions that it exists in, if not all
//   for(nodes)        whether it is for a broker of so many nodes
//   absent(cell)      a sentence if the broker lacks what the operation is about
//   innocent: false   there is no innocent traffic, because the broker goes away
//   answers: false    what a refused operation does to the other subscriptions of the client is the broker's
//   acktimeout        that of the client under test, if not the usual one
//   extraConnections  how many connections more than clients are right
//   repeats           how many calls of the same kind and topic the broker may refuse by closing the connection

import auto from "./auto.mjs";
import burst from "./burst.mjs";
import forbidden from "./forbidden.mjs";
import keptSession from "./kept-session.mjs";
import killed from "./killed.mjs";
import large from "./large.mjs";
import limits from "./limits.mjs";
import overlapping from "./overlapping.mjs";
import qos from "./qos.mjs";
import retained from "./retained.mjs";
import scram from "./scram.mjs";
import shared from "./shared.mjs";
import snapshot from "./snapshot.mjs";
import takeover from "./takeover.mjs";
import will from "./will.mjs";

export const OPERATIONS = [
  ...auto,
  ...qos,
  ...burst,
  ...large,
  ...retained,
  ...snapshot,
  ...will,
  ...keptSession,
  ...shared,
  ...overlapping,
  ...forbidden,
  ...limits,
  ...scram,
  ...takeover,
  ...killed,
];
