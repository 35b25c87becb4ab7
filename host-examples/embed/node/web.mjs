// The browser package, in Node. Exports are in camel case.
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { serve } from "./serve.mjs";

const [folder, what] = process.argv.slice(2);
const countersign = await import(pathToFileURL(resolve(folder, "countersign_web.js")));
countersign.initSync({ module: await readFile(join(folder, "countersign_web_bg.wasm")) });

const camelCase = (name) => name.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
await serve(what, async (name, input) => countersign[camelCase(name)](input));
