"""The Extism plug-in in Python, by Extism's own SDK. Exports are in snake case."""

import base64
import json
import sys

import extism


def main() -> int:
    path, what = sys.argv[1:3]
    with open(path, "rb") as file:
        manifest = {"wasm": [{"data": file.read()}]}

    def answer(name: str, data: bytes) -> dict:
        # A fresh instance for every decision.
        with extism.Plugin(manifest, wasi=False) as plugin:
            try:
                return {"ok": bytes(plugin.call(name.replace("-", "_"), data)).decode()}
            except extism.Error as error:
                return {"error": str(error)}

    if what != "--serve":
        result = answer(what, sys.stdin.buffer.read())
        print(result.get("ok", result.get("error")))
        return 0 if "ok" in result else 2
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps(answer(call["function"], base64.b64decode(call["input"]))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
