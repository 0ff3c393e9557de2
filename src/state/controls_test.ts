import { assertEquals, assertNotEquals } from "@std/assert";
import { controlsKey, isControlled, rememberControls } from "./controls.ts";

const DRIVER = { name: "mtty", module: "mtty", version: "0.1", srcversion: "A1" };
const BOOT = "1b671a64-40d5-491e-99b0-da01ff1f3341";

Deno.test("controls are saved for a driver's build, load and type, within one boot", () => {
  const stateDirectory = Deno.makeTempDirSync({ prefix: "vfio-ask-test-" });
  try {
    const key = controlsKey({ driver: DRIVER, parentDriver: DRIVER, type: "mtty-2" });
    assertEquals(isControlled(stateDirectory, BOOT, key), false);
    rememberControls(stateDirectory, BOOT, key);
    rememberControls(
      stateDirectory,
      BOOT,
      controlsKey({ driver: DRIVER, parentDriver: DRIVER, type: "mtty-1" }),
    );
    assertEquals(isControlled(stateDirectory, BOOT, key), true);
    assertEquals(isControlled(stateDirectory, "another", key), false);
    assertEquals(isControlled(stateDirectory, null, key), false);
    for (
      const other of [
        controlsKey({
          driver: { ...DRIVER, srcversion: "A2" },
          parentDriver: DRIVER,
          type: "mtty-2",
        }),
        controlsKey({ driver: { ...DRIVER, load: "2" }, parentDriver: DRIVER, type: "mtty-2" }),
        controlsKey({ driver: DRIVER, parentDriver: DRIVER, type: "mtty-4" }),
        controlsKey({ driver: null, parentDriver: DRIVER, type: "mtty-2" }),
      ]
    ) {
      assertNotEquals(other, key);
      assertEquals(isControlled(stateDirectory, BOOT, other), false);
    }
    Deno.writeTextFileSync(`${stateDirectory}/controls.json`, '{"schema":');
    assertEquals(isControlled(stateDirectory, BOOT, key), false);
  } finally {
    Deno.removeSync(stateDirectory, { recursive: true });
  }
});

Deno.test("controls are not saved without a state directory", () => {
  rememberControls(null, BOOT, "key");
  assertEquals(isControlled(null, BOOT, "key"), false);
});
