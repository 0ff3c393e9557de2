import { escaped } from "../documents/mod.ts";

/** Named values of a log message, such as `{ request: "…", device: "0000:01:10.0", code: "stuck" }`. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * The log of the service. A message is one sentence without its full stop. Texts of drivers, devices and callers go
 * into fields or the message as they are: the log escapes and shortens them. Secrets must not be passed.
 */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** The priorities of sd-daemon(3), which are those of syslog(3). */
const PRIORITIES = { info: 6, warning: 4, error: 3 } as const;

const MOST_MESSAGE = 2000;
const MOST_VALUE = 500;

/**
 * Makes a log that writes one line for each message: `message key=value …`.
 *
 * If the journal reads standard error, a line begins with its priority (`<4>`), which the journal removes and stores.
 * Otherwise it begins with the name of the program, for a terminal. Source: sd-daemon(3), `JOURNAL_STREAM`
 * (systemd.exec(5)). Effect: calls `write`, and ignores its errors: a server must not end because its log has ended.
 */
export function openLog(
  env: (name: string) => string | undefined,
  write: (text: string) => void,
): Log {
  const journal = isJournal(env("JOURNAL_STREAM"));
  const writer = (level: keyof typeof PRIORITIES) => (message: string, fields: LogFields = {}) => {
    const start = journal ? `<${PRIORITIES[level]}>` : "vfio-ask: ";
    try {
      write(`${start}${formatLine(message, fields)}\n`);
    } catch {
      // Nobody reads the log any more.
    }
  };
  return { info: writer("info"), warning: writer("warning"), error: writer("error") };
}

/** Whether standard error is the stream that the service manager named. A process that inherits the variable but has
 * another standard error must not write priorities. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = Deno.statSync("/proc/self/fd/2");
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** A message and its fields on one line. */
export function formatLine(message: string, fields: LogFields): string {
  const words = Object.entries(fields)
    .flatMap(([key, value]) => value == null ? [] : [`${key}=${formatValue(String(value))}`]);
  return [escaped(cut(inOneLine(message), MOST_MESSAGE)), ...words].join(" ");
}

/** A value without spaces as it is, another one as JSON. */
function formatValue(value: string): string {
  const shown = cut(inOneLine(value), MOST_VALUE);
  return escaped(/^[^\s"=]+$/.test(shown) ? shown : JSON.stringify(shown));
}

/** The lines of a stack, separated by bars. */
function inOneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " | ");
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}
