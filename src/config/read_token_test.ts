import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Failure } from "../documents/mod.ts";
import { findTokenFile, readToken } from "./read_token.ts";

const TOKEN = "0123456789abcdef0123456789abcdef";

async function withToken(text: string, mode: number, run: (path: string) => void): Promise<void> {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, text);
    await Deno.chmod(path, mode);
    run(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("readToken() reads the token without white space at its end", async () => {
  for (
    const [text, mode] of [[TOKEN, 0o400], [`${TOKEN}\n`, 0o600], [`${TOKEN} \r\n`, 0o640]] as const
  ) {
    await withToken(text, mode, (path) => assertEquals(readToken(path), TOKEN));
  }
});

Deno.test("readToken() refuses a file that other users can use", async () => {
  for (const mode of [0o644, 0o602, 0o604]) {
    await withToken(TOKEN, mode, (path) => {
      const failure = assertThrows(() => readToken(path), Failure, "every user can use it");
      assertStringIncludes(failure.remedy!, `chmod o= ${path}`);
    });
  }
});

Deno.test("readToken() refuses what is no token, without repeating it", async () => {
  for (
    const text of [
      "",
      "short",
      `${TOKEN} ${TOKEN}`,
      `${TOKEN}\n${TOKEN}`,
      `${TOKEN}ä`,
      "x".repeat(513),
    ]
  ) {
    await withToken(text, 0o600, (path) => {
      const { message, remedy } = assertThrows(() => readToken(path), Failure, "22 to 512");
      if (text !== "") assertEquals(`${message}${remedy}`.includes(text), false);
    });
  }
});

Deno.test("readToken() names a file that is not there", () => {
  const failure = assertThrows(() => readToken("/nowhere/token"), Failure, "/nowhere/token");
  assertEquals(failure.code, "bad-input");
});

Deno.test("findTokenFile() prefers the named file to the credential, which may be missing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assertEquals(findTokenFile(null, undefined), null);
    assertEquals(findTokenFile(null, ""), null);
    assertEquals(findTokenFile(null, folder), null);
    await Deno.writeTextFile(`${folder}/token`, TOKEN);
    assertEquals(findTokenFile(null, folder), `${folder}/token`);
    assertEquals(findTokenFile("/a", folder), "/a");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
