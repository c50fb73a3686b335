// Node's HTTP clients find the way to the proxy. No wall depends on it: there is no other way out.
"use strict";

const http = require("http");
const https = require("https");
const net = require("net");
const tls = require("tls");

const DISPATCHER = Symbol.for("undici.globalDispatcher.1");

// Have every connection of http, https and fetch go by the proxy: HTTP as it is, HTTPS through a tunnel.
// In an exam the stand-in for a host has no certificate: `plain` of what is returned leaves TLS out.
function route(proxy) {
  const way = { plain: false };
  const at = new URL(proxy);
  const door = { host: at.hostname, port: Number(at.port) };

  function tunnel(host, port, ready) {
    const name = net.isIPv6(host) ? `[${host}]` : host;
    const asked = { ...door, method: "CONNECT", path: `${name}:${port}`, headers: { Host: `${name}:${port}` } };
    const request = new http.ClientRequest({ ...asked, agent: null, createConnection: () => net.connect(door) });
    request.once("connect", (answer, socket) => {
      if (answer.statusCode === 200) return ready(null, socket);
      socket.destroy();
      return ready(new Error(`${answer.statusCode} ${answer.statusMessage}`));
    });
    request.once("response", (answer) => {
      answer.resume();
      ready(new Error(`${answer.statusCode} ${answer.statusMessage}`));
    });
    request.once("error", ready);
    request.end();
  }

  function secure(options, ready) {
    const host = options.hostname || options.host;
    tunnel(host, options.port || 443, (error, socket) => {
      if (error) return ready(error);
      if (way.plain) return ready(null, socket);
      const servername = options.servername || (net.isIP(host) ? "" : host);
      const over = tls.connect({ ...options, socket, servername, path: undefined });
      over.once("error", ready);
      over.once("secureConnect", () => {
        over.off("error", ready);
        ready(null, over);
      });
      return undefined;
    });
  }

  http.Agent.prototype.createConnection = () => net.connect(door);
  https.Agent.prototype.createConnection = (options, ready) => secure(options, ready);

  void globalThis.Headers; // fetch and its dispatcher are loaded when they are first named
  const Agent = globalThis[DISPATCHER]?.constructor;
  if (Agent) {
    const connect = (options, ready) => {
      if (options.protocol === "https:") return secure({ ...options, ALPNProtocols: ["http/1.1"] }, ready);
      const socket = net.connect(door);
      socket.once("error", ready);
      socket.once("connect", () => {
        socket.off("error", ready);
        ready(null, socket);
      });
      return socket;
    };
    globalThis[DISPATCHER] = new Agent({ connect });
  }
  return way;
}

module.exports = { route };
