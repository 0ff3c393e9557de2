/**
 * The vocabulary: the documents that hosts exchange, and the words in them. It imports nothing of ours.
 *
 * Question: what must a source say of itself so that a host elsewhere can answer, and what does that
 * host say back? Choice: plain JSON with a `schema` name and version, checked by zod (its small `mini`
 * build: the full one doubles the time to start); one reader for the command line and HTTP, which says of each wrong place what
 * is there and what was expected, and which first holds a document against a guard that is made of the schema: zod copies what
 * it reads, and takes ten times as long; fields that are not known here are kept, never
 * refused, so that an older agent passes on what a newer one wrote. Schemas are lazy: most runs use few. Given up: a binary form, and
 * classes; a document is data and holds no handle.
 *
 * Question: how large may the document of a snapshot be, of which a fleet keeps one for each host? Devices of one class differ
 * in little more than their names. Choice: what is equal stands once, in tables by key, and is put together again where
 * the document is read; in memory a snapshot is plain, its equal parts one object. A document without tables is as valid,
 * so that people can write one. Given up: a general compression, which nobody could read or query.
 *
 * Question: which codes may reasons, findings and problems have? Choice: tables, by who raises a code and what it does, to
 * which the types of these fields are tied; `docs/reasons.md` is made of them. Only the types are in the program. Of what is
 * read, other codes are kept. Given up: an enumeration at run time, and codes that each room makes up.
 *
 * @module
 */
export type { Leveled, OtherCode } from "./code.ts";
export * from "./failure.ts";
export type * from "./finding_codes.ts";
export * from "./handed.ts";
export * from "./identify.ts";
export * from "./identity.ts";
export * from "./json_pointer.ts";
export type * from "./known.ts";
export * from "./migration.ts";
export * from "./need.ts";
export * from "./offer.ts";
export * from "./operator_facts.ts";
export * from "./pci_address.ts";
export * from "./pci_config.ts";
export * from "./pci_space.ts";
export * from "./problem.ts";
export type * from "./problem_codes.ts";
export * from "./read_as.ts";
export * from "./read_document.ts";
export * from "./read_snapshot.ts";
export type * from "./reason_codes.ts";
export * from "./rules.ts";
export * from "./running_vmm.ts";
export * from "./schema_version.ts";
export * from "./schemas.ts";
export * from "./share_snapshot.ts";
export type * from "./shared_codes.ts";
export * from "./shorten.ts";
export * from "./snapshot.ts";
export * from "./snapshot_document.ts";
export * from "./text.ts";
export * from "./type_name.ts";
