/** What a Python interpreter is and whether scram-lsp is installed in it. Free of `vscode`. */

import { execFile } from "node:child_process";
import { tmpdir } from "node:os";
import { promisify } from "node:util";
import { isAtLeast, OLDEST, type PythonVersion } from "./version";

const run = promisify(execFile);

/** An interpreter that answered. `scram` is the version of scram-lsp installed in it, if any. */
export interface Interpreter {
  readonly path: string;
  readonly version: PythonVersion;
  readonly scram: string | undefined;
}

/** The interpreter did not start, or was not one. */
export interface NoInterpreter {
  readonly path: string;
  readonly reason: string;
}

const LIMIT_MS = 20_000;

/** Everybody may write to the folder that it is asked in, so nothing is imported from there. */
const QUESTION = `
import sys
sys.path = [each for each in sys.path if each]
import json
try:
    from scram_lsp import __version__ as scram
except ImportError:
    scram = None
print(json.dumps({"path": sys.executable, "version": sys.version_info[:2], "scram": scram}))
`;

/** Ask an interpreter about itself. No file of the workspace, nor of where it is asked, can answer for it. */
export async function inspect(path: string): Promise<Interpreter | NoInterpreter> {
  try {
    const { stdout } = await run(path, ["-c", QUESTION], { cwd: tmpdir(), timeout: LIMIT_MS, windowsHide: true });
    return parseAnswer(path, stdout);
  } catch (error) {
    return { path, reason: reasonOf(error) };
  }
}

export function isInterpreter(answer: Interpreter | NoInterpreter): answer is Interpreter {
  return "version" in answer;
}

/** Whether scram-lsp may run there. */
export function isSupported(interpreter: Interpreter): boolean {
  return isAtLeast(interpreter.version, OLDEST);
}

/** What an interpreter says of itself in JSON, on the last line. */
export function parseAnswer(path: string, stdout: string): Interpreter | NoInterpreter {
  const line = stdout.trim().split("\n").at(-1) ?? "";
  try {
    const answer = JSON.parse(line) as { path: string; version: [number, number]; scram: string | null };
    const [major, minor] = answer.version;
    return { path: answer.path || path, version: { major, minor }, scram: answer.scram ?? undefined };
  } catch {
    return { path, reason: `it answered ${JSON.stringify(line.slice(0, 80))}` };
  }
}

/** Why a program did not run, in words where Node has only a code. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "it may not be run";
    default:
      return error.message.split("\n", 1)[0] ?? error.message;
  }
}
