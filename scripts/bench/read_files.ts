/** Reads and parses each JSON document of a folder. The yardstick for asking many snapshots. */
const [folder] = Deno.args as [string];
let read = 0;
for (const { name } of Deno.readDirSync(folder)) {
  const document = JSON.parse(Deno.readTextFileSync(`${folder}/${name}`));
  if (document.schema === undefined) throw new Error(`Cannot find a schema in ${name}`);
  read++;
}
console.log(read);
