import { assert, assertEquals } from "@std/assert";
import { connectAs, withSocket } from "../tests/fixtures/connect_as.ts";
import { findGroup, openPeers } from "./peers.ts";

Deno.test("list() gives no peer of a socket without connections", async () => {
  await withSocket((path) => {
    using peers = openPeers(path);
    assertEquals(peers.list(), []);
  });
});

Deno.test("list() names this process as the peer of its own connection, until it is closed", async () => {
  await withSocket(async (path, accept) => {
    using peers = openPeers(path);
    const connection = await Deno.connect({ transport: "unix", path });
    using _ = await accept();
    const [peer, ...others] = peers.list();
    assertEquals([peer?.pid, peer?.uid, others], [Deno.pid, Deno.uid(), []]);
    assert(peer?.gids.includes(Deno.gid()!));
    connection.close();
  });
});

Deno.test("list() does not give the peers of another socket", async () => {
  await withSocket(async (path, accept) => {
    using connection = await Deno.connect({ transport: "unix", path });
    using _ = await accept();
    for (const other of [path.slice(0, -1), `${path}x`, "/"]) {
      using peers = openPeers(other);
      assertEquals(peers.list(), [], other);
    }
    assert(connection !== null);
  });
});

Deno.test({
  name: "list() gives the user and all groups of a peer from when it connected",
  ignore: Deno.uid() !== 0,
  async fn() {
    await withSocket(async (path, accept) => {
      using peers = openPeers(path);
      const ids = { uid: 12345, gid: 23456, groups: [34567, 45678] };
      await using peer = connectAs(path, ids);
      using _ = await accept();
      assertEquals(peers.list(), [{ pid: peer.pid, uid: 12345, gids: [23456, 34567, 45678] }]);
      await using second = connectAs(path, { uid: 0, gid: 0, groups: [] });
      using _second = await accept();
      const all = peers.list().map(({ pid, uid, gids }) => ({ pid, uid, gids }));
      assertEquals(all.toSorted((a, b) => b.uid - a.uid), [
        { pid: peer.pid, uid: 12345, gids: [23456, 34567, 45678] },
        { pid: second.pid, uid: 0, gids: [0] },
      ]);
    });
  },
});

Deno.test("findGroup() knows the group of root, and no group that is not there", () => {
  assertEquals(findGroup("root"), 0);
  assertEquals(findGroup("no-such-group-here"), null);
});
