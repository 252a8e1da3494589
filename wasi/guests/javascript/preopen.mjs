// Lets the tools that make a component of JavaScript read files. They are components themselves, and from 0.26 on the shim that
// they run in gives them no folder: without this `jco componentize` 1.35 says "failed to get path metadata".
import { _addPreopen } from "@bytecodealliance/preview2-shim/filesystem";

_addPreopen("/", "/");
