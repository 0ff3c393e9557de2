/** Loads what stays loaded until the process ends, so that no test is reported as a leak. */
import { readNames } from "../ffi/files.ts";

readNames("/");
