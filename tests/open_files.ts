/** Loads what stays loaded for the rest of a process, so that no test is taken for the one that leaked it. */
import { readNames } from "../ffi/files.ts";

readNames("/");
