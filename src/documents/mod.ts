/**
 * The documents that hosts exchange, and their vocabulary. It imports no other folder.
 *
 * Question: what must a source say about itself so that another host can answer, and what does that host answer? Choice:
 * plain JSON with a `schema` name and version, checked by zod (the small `mini` build, because the full one doubles the
 * time to start). One reader serves the command line and HTTP. For each issue, it reports the value and what was
 * expected. A guard built from the schema checks a document first, because zod copies what it reads and takes ten times
 * as long. Unknown fields are kept, so an older agent passes on what a newer one wrote. Schemas are lazy, because most
 * runs use few. Given up: a binary format, and classes. A document is data and holds no handle.
 *
 * Question: how large may the document of a snapshot be? A fleet keeps one for each host, and devices of one class differ
 * in little more than their names. Choice: equal parts are stored once, in tables by key, and the reader puts them
 * together. In memory a snapshot is plain, and equal parts are one object. A document without tables is also valid, so
 * people can write one. Given up: general compression, which nobody could read or query.
 *
 * Question: which codes may reasons, findings and problems have? Choice: tables of codes by origin and effect. The types
 * of these fields follow from them, and so does `docs/reasons.md`. Only the types are in the program. Other codes in
 * documents are kept when reading. Given up: an enumeration at run time, and codes outside the tables.
 *
 * @module
 */
export type { Leveled, OtherCode } from "./code.ts";
export * from "./failure.ts";
export type * from "./finding_codes.ts";
export * from "./found_machine.ts";
export * from "./handed.ts";
export * from "./identify.ts";
export * from "./identity.ts";
export * from "./json_pointer.ts";
export type * from "./known.ts";
export * from "./migration.ts";
export * from "./need.ts";
export * from "./offer.ts";
export * from "./operator_facts.ts";
export * from "./outcome.ts";
export * from "./outcome_key.ts";
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
export * from "./virtual_machine.ts";
