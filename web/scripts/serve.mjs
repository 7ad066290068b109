/** Serves site/ on this machine: node scripts/serve.mjs [--port 8080]. Its headers let the model use threads. */

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const SITE = fileURLToPath(new URL("../site", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".jpg": "image/jpeg",
  ".png": "image/png",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/**
 * Returns a server of a folder; it listens on this machine only.
 *
 * @param isolated whether pages may share memory between threads.
 * @param folders other folders by the first part of their paths.
 * @param pages HTML by path.
 */
export function serve(root, port, { isolated = true, folders = {}, pages = {} } = {}) {
  const isolation = isolated
    ? { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" }
    : {};
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    if (Object.hasOwn(pages, path)) {
      response.writeHead(200, { "Content-Type": TYPES[".html"], ...isolation }).end(pages[path]);
      return;
    }
    const [, first, ...rest] = path.split("/");
    const [folder, inside] = Object.hasOwn(folders, first) ? [folders[first], rest.join("/")] : [root, path];
    const file = join(folder, path.endsWith(sep) ? join(inside, "index.html") : inside);
    if (!file.startsWith(folder + sep) || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, isolation).end();
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, "Content-Length": statSync(file).size, ...isolation });
    createReadStream(file).pipe(response);
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", () => resolve(server)));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8080" } } });
  const server = await serve(SITE, Number(values.port));
  console.log(`http://localhost:${server.address().port}/`);
}
