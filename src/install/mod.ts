/**
 * Installation on a host, and its removal.
 *
 * Question: how does one file become a service, and how does it leave no trace? Choice: the program contains everything
 * that it installs. It writes a manifest with the checksum of each file, so that a later version or `uninstall` knows
 * which files are its own and which ones somebody has changed. Configuration and state are never written, and removed
 * only if this is requested. Given up: an uninstall that compares with what this version would install, because it
 * would leave behind what an earlier version installed.
 *
 * @module
 */
export * from "./install_files.ts";
export * from "./plan.ts";
export * from "./uninstall_files.ts";
