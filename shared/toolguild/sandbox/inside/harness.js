// Runs one JavaScript tool inside a locked child and answers on the channel, like harness.py.
// It shares its process with hostile code: nothing it says is believed outside.
"use strict";

const fs = require("fs");
const path = require("path");
const vm = require("vm");

const CHANNEL = 3;
const OUTPUT = "/output";
const CHUNK = 1 << 18;
const FRAMES = 40;
const { readSync, writeSync, openSync, fstatSync, closeSync, readdirSync, constants } = fs;
const { stringify, parse } = JSON;
const { exit } = process;
const isFinite = Number.isFinite;
const plainRequire = require;

const way = process.env.http_proxy ? require("./clients.js").route(process.env.http_proxy) : null;

class TooMuch extends Error {}

function receive(size) {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const got = readSync(CHANNEL, data, at, size - at, null);
    if (got === 0) exit(0);
    at += got;
  }
  return data;
}

function sendAll(data) {
  for (let at = 0; at < data.length; ) at += writeSync(CHANNEL, data, at, data.length - at);
}

function send(nonce, kind, body) {
  const head = Buffer.alloc(25);
  nonce.copy(head, 0);
  head.write(kind, 16, "latin1");
  head.writeBigUInt64LE(BigInt(body.length), 17);
  sendAll(head);
  sendAll(body);
}

// JSON.stringify turns NaN into null without a word; that would be a wrong answer.
function checked(key, value) {
  if (typeof value === "number" && !isFinite(value)) throw new TypeError(`${value} is not a JSON value`);
  if (typeof value === "function" || typeof value === "symbol")
    throw new TypeError(`a ${typeof value} is not a JSON value`);
  return value;
}

function load(filename, source, entry, guild) {
  const module = { exports: {} };
  const tail = `\n;if (typeof ${entry} === "function" && !(${stringify(entry)} in module.exports))` +
    ` module.exports[${stringify(entry)}] = ${entry};`;
  const names = ["exports", "require", "module"];
  vm.compileFunction(source, names, { filename }); // a fault of its own before ours is added
  const run = vm.compileFunction(source + tail, names, { filename });
  const toolRequire = (name) => (name === "guild" ? guild : plainRequire(name));
  run.call(module.exports, module.exports, toolRequire, module);
  let found = module.exports[entry];
  if (found === undefined && typeof module.exports === "function") found = module.exports;
  if (typeof found !== "function") throw new ReferenceError(`the source defines no function named '${entry}'`);
  return found;
}

function guildOf(uses) {
  const guild = {};
  for (const [alias, used] of Object.entries(uses)) {
    let loaded = null;
    guild[alias] = (args) => {
      loaded = loaded || load(`<tool:${alias}>`, used.source, used.entry, guild);
      return loaded(args);
    };
  }
  return guild;
}

function fault(error) {
  const isError = error !== null && typeof error === "object" && "message" in error;
  const type = isError ? String(error.name || error.constructor?.name || "Error") : "Thrown";
  const message = String(isError ? error.message : error).slice(0, 4000);
  const frames = [];
  const stack = isError && typeof error.stack === "string" ? error.stack.slice(0, 65536) : "";
  for (const line of stack.split("\n")) {
    const seen = /^(?:\s+at (?:(?:async )?([^(]*?) \()?)?(<tool(?::[^>]*)?>):(\d+)/.exec(line);
    if (seen) frames.unshift([seen[2].slice(0, 200), Number(seen[3]), (seen[1] || "<module>").slice(0, 200)]);
    if (frames.length === FRAMES) break;
  }
  const errno = isError ? { ENOSPC: 28, EFBIG: 27 }[error.code] || null : null;
  return { type, message, frames, errno };
}

function* outputs(folder, left) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name);
    if (entry.isDirectory()) {
      left = yield* outputs(file, left);
      continue;
    }
    const content = content_of(file, left);
    if (content === null) continue;
    left -= content.length;
    yield [path.relative(OUTPUT, file), content];
  }
  return left;
}

function content_of(file, left) {
  let fd;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const seen = fstatSync(fd);
    if (!seen.isFile() || seen.nlink !== 1) return null;
    if (seen.size > left) throw new TooMuch();
    const chunks = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.alloc(CHUNK);
      const got = readSync(fd, chunk, 0, CHUNK, null);
      if (got === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, got));
      total += got;
      if (total > left) throw new TooMuch();
    }
  } finally {
    closeSync(fd);
  }
}

function finish(nonce, kind, body, diskBytes) {
  send(nonce, kind, body);
  if (kind === "V") {
    try {
      for (const [name, content] of outputs(OUTPUT, diskBytes)) {
        send(nonce, "N", Buffer.from(name));
        send(nonce, "F", content);
      }
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      send(nonce, "D", Buffer.alloc(0));
    }
  }
  send(nonce, "Z", Buffer.alloc(0));
  const rest = Buffer.alloc(1);
  while (readSync(CHANNEL, rest, 0, 1, null) > 0);
  exit(0);
}

function serve() {
  sendAll(Buffer.from("R"));
  const request = parse(receive(receive(4).readUInt32LE(0)).toString("utf8"));
  const nonce = Buffer.from(request.nonce, "hex");
  const failed = (error) => {
    let body;
    try {
      body = stringify(fault(error));
    } catch {
      body = '{"type": "Error", "message": "", "frames": [], "errno": null}';
    }
    finish(nonce, "E", Buffer.from(body), 0);
  };
  const ended = (value) => {
    let body;
    try {
      body = stringify(value === undefined ? null : value, checked);
      if (body === undefined) throw new TypeError(`a ${typeof value} is not a JSON value`);
    } catch (error) {
      failed(error);
      return;
    }
    finish(nonce, "V", Buffer.from(body), request.disk_bytes);
  };
  process.on("uncaughtException", failed);
  try {
    if (way) way.plain = request.exam;
    const entry = load("<tool>", request.source, request.entry, guildOf(request.uses));
    const value = entry(request.arguments);
    if (value !== null && typeof value === "object" && typeof value.then === "function") value.then(ended, failed);
    else ended(value);
  } catch (error) {
    failed(error);
  }
}

serve();
