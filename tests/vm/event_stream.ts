/** A client of GET /v1/events. */
import { assertEquals } from "@std/assert";

// deno-lint-ignore no-explicit-any
type Json = any;

/** Follows the events of a server. */
export async function followEvents({ url }: { url: string }, headers: HeadersInit = {}) {
  const client = Deno.createHttpClient({});
  const response = await fetch(`${url}/v1/events`, { headers, client });
  assertEquals(response.status, 200);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const takenAt: number[] = [];
  const next = async (): Promise<{ id: string; event: string; data: Json }> => {
    for (;;) {
      const [block, rest] = text.split(/\n\n([\s\S]*)/, 2);
      if (rest !== undefined) {
        text = rest;
        if (block === ":") continue;
        const fields = Object.fromEntries(
          block!.split("\n").map((line) => line.split(/: (.*)/, 2)),
        );
        return { ...fields, data: JSON.parse(fields.data) };
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("The stream ended");
      text += value;
    }
  };
  return {
    next,
    /** When the snapshots of the changes were taken that `until` has read. */
    takenAt,
    /** Reads events until one has such changes. Returns its id. */
    async until(isIt: (changes: Json) => boolean): Promise<string> {
      for (;;) {
        const { id, event, data } = await next();
        if (event !== "changes") continue;
        takenAt.push(Date.parse(data.takenAt));
        if (isIt(data)) return id;
      }
    },
    async [Symbol.asyncDispose]() {
      await reader.cancel();
      client.close();
    },
  };
}

/** Whether changes have a new device. */
export const isAdded = (id: string) => ({ devices }: Json) =>
  devices.added.some((device: Json) => device.id === id);
/** Whether a device is gone by changes. */
export const isRemoved = (id: string) => ({ devices }: Json) => devices.removed.includes(id);
