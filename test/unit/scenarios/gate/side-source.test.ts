import { describe, expect, it } from "vitest";
import { findSide } from "../../../../src/scenarios/gate/side-source.ts";

const options = { root: "/", cwd: "/", signal: new AbortController().signal };

describe("a side that is a URL", () => {
  it("keeps its password for the connection and is named without it", async () => {
    expect(await findSide("mqtt://me:secret@h:1883", options)).toEqual({
      kind: "url",
      name: "mqtt://h:1883",
      url: "mqtt://me:secret@h:1883",
    });
  });

  it("is refused without its password when it is none of ours", async () => {
    await expect(findSide("ftp://me:secret@h", options)).rejects.toThrow(/^ftp:\/\/h: expected a URL/);
  });
});
