import { assertEquals } from "@std/assert";
import { Failure } from "./failure.ts";
import { toProblem } from "./problem.ts";

Deno.test("toProblem() keeps a failure's code, sentence and remedy", () => {
  const failure = new Failure("not-permitted", "Cannot read the node", {
    subject: "0000:41:00.1",
    remedy: "Run vfio-ask as root.",
  });
  assertEquals(toProblem(failure, "0000:41:00.1"), {
    code: "not-permitted",
    subject: "0000:41:00.1",
    sentence: "Cannot read the node",
    remedy: "Run vfio-ask as root.",
  });
});

Deno.test("toProblem() names the subject of an unexpected error", () => {
  assertEquals(toProblem(new TypeError("x is not iterable"), "0000:41:00.1"), {
    code: "internal",
    subject: "0000:41:00.1",
    sentence: "x is not iterable",
    remedy: null,
  });
  assertEquals(toProblem("out of luck", "devices").sentence, "out of luck");
});
