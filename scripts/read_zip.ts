/**
 * Reads one file from a ZIP archive.
 *
 * Source: PKWARE's APPNOTE.TXT, sections 4.3.7 (local file header), 4.3.12 (central directory) and 4.3.16 (its end).
 * Archives of more than 4 GiB (ZIP64) and encrypted ones are refused.
 */

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
const [STORED, DEFLATED] = [0, 8];

/** The uncompressed bytes of an entry. Throws if the archive has no entry of this name or is damaged. */
export async function readZipEntry(zip: Uint8Array, name: string): Promise<Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.length);
  const end = findEnd(view);
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== ENTRY) throw new Error("Cannot read the ZIP: no entry");
    const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
    const nameBytes = zip.subarray(at + 46, at + 46 + lengths[0]!);
    if (new TextDecoder().decode(nameBytes) === name) return await readEntry(zip, view, at);
    at += 46 + lengths.reduce((a, b) => a + b);
  }
  throw new Error(`Cannot find ${name} in the ZIP`);
}

/** The record at the end of the archive. Only a comment may follow it. */
function findEnd(view: DataView): number {
  for (let at = view.byteLength - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new Error("Cannot read the ZIP: no end of the central directory");
}

async function readEntry(zip: Uint8Array, view: DataView, at: number): Promise<Uint8Array> {
  const method = view.getUint16(at + 10, true);
  const packed = view.getUint32(at + 20, true);
  const unpacked = view.getUint32(at + 24, true);
  const local = view.getUint32(at + 42, true);
  if (view.getUint32(local, true) !== LOCAL) {
    throw new Error("Cannot read the ZIP: no local header");
  }
  const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  const bytes = zip.slice(start, start + packed);
  const result = await decompress(bytes, method);
  if (result.length === unpacked) return result;
  throw new Error(`Cannot read the ZIP: ${result.length} bytes instead of ${unpacked}`);
}

async function decompress(bytes: Uint8Array<ArrayBuffer>, method: number): Promise<Uint8Array> {
  if (method === STORED) return bytes;
  if (method !== DEFLATED) throw new Error(`Cannot read the ZIP: compression method ${method}`);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return await new Response(stream).bytes();
}
