// Answers calls: one function from standard input, or with --serve one JSON line a call ({"function", "input"} in
// base64, {"ok"} or {"error"} out).
import { createInterface } from "node:readline";

export async function serve(what, call) {
  const answer = async (name, input) => {
    try {
      return { ok: await call(name, input) };
    } catch (error) {
      return { error: String(error.message ?? error) };
    }
  };
  if (what !== "--serve") {
    const chunks = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    const { ok, error } = await answer(what, Buffer.concat(chunks));
    console.log(ok ?? error);
    process.exitCode = error === undefined ? 0 : 2;
    return;
  }
  for await (const line of createInterface({ input: process.stdin })) {
    const { function: name, input } = JSON.parse(line);
    console.log(JSON.stringify(await answer(name, Buffer.from(input, "base64"))));
  }
}
