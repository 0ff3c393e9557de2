/**
 * Writes what an executable is made of as a CycloneDX 1.6 document (an SBOM). It has no random number and no time of
 * the build, so that each build of a commit writes the same.
 */
import type { Component, Components } from "./components.ts";

/** The document of an executable. */
export interface Subject {
  version: string;
  arch: string;
  /** The SHA-256 of the executable. */
  sha256: string;
  /** Seconds since 1970. */
  seconds: number;
  /** What `vfio-ask version` says about the origin of the runtime. */
  runtimeOrigin: string;
}

/** The document as JSON text. */
export function formatSbom(subject: Subject, components: Components): string {
  const { packages, deno, v8, crates } = components;
  const program = `pkg:generic/vfio-ask@${subject.version}`;
  const parts = [...packages, v8, ...crates];
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(subject.sha256)}`,
    version: 1,
    metadata: {
      timestamp: new Date(subject.seconds * 1000).toISOString(),
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": program,
        name: "vfio-ask",
        version: subject.version,
        description: `The executable for ${subject.arch}`,
        hashes: [{ alg: "SHA-256", content: subject.sha256 }],
        licenses: [{ license: { id: "MIT" } }],
        purl: program,
      },
    },
    components: [
      {
        ...describe(deno, "framework"),
        properties: [{ name: "vfio-ask:origin", value: subject.runtimeOrigin }],
      },
      ...parts.map((part) => describe(part, "library")),
    ],
    dependencies: [
      { ref: program, dependsOn: [...packages, deno].map(({ purl }) => purl) },
      { ref: deno.purl, dependsOn: [v8, ...crates].map(({ purl }) => purl) },
      ...parts.map(({ purl }) => ({ ref: purl })),
    ],
    compositions: [
      { aggregate: "complete", dependencies: [program] },
      // Crates that have no panic message are missing.
      { aggregate: "incomplete", dependencies: [deno.purl] },
    ],
  };
  return JSON.stringify(document, null, 2) + "\n";
}

function describe({ name, version, purl, license, digests }: Component, type: string) {
  const hashes = Object.entries(digests).map(([alg, content]) => ({ alg, content }));
  return {
    type,
    "bom-ref": purl,
    name,
    version,
    ...(hashes.length === 0 ? {} : { hashes }),
    ...(license === null ? {} : { licenses: [{ license: { id: license } }] }),
    purl,
  };
}

/** A UUID (version 8 of RFC 9562) from the digest of the executable. */
function uuidOf(sha256: string): string {
  const digits = `${sha256.slice(0, 12)}8${sha256.slice(13, 16)}8${sha256.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
