// The Extism plug-in in Node, by Extism's own SDK. Exports are in snake case.
import { readFile } from "node:fs/promises";
import createPlugin from "@extism/extism";
import { serve } from "./serve.mjs";

const [path, what] = process.argv.slice(2);
const module = await WebAssembly.compile(await readFile(path));

await serve(what, async (name, input) => {
  // A fresh instance for every decision.
  const plugin = await createPlugin(module, { useWasi: false });
  try {
    // A Buffer may be a view of a larger pool, which the SDK would send whole.
    return (await plugin.call(name.replaceAll("-", "_"), Uint8Array.from(input)))?.text() ?? "";
  } catch (error) {
    // The SDK says whose error it is; the error document is the rest.
    throw new Error(error.message.replace(/^Plugin-originated error: /, ""));
  } finally {
    await plugin.close();
  }
});
