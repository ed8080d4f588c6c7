/** Which interpreter runs the language server, and from whose packages. Free of `vscode`. */

import { isInterpreter, isSupported, type Interpreter, type NoInterpreter } from "./inspect";
import { OLDEST, written } from "./version";

export type ImportStrategy = "fromEnvironment" | "useBundled";

/** A place to look for Python. `origin` says where the name comes from, to stand in a sentence. */
export interface Candidate {
  readonly path: string;
  readonly origin: string;
  /** The user named it: no other is taken in its stead without a word. */
  readonly isUsersChoice: boolean;
}

/** Run the server with what is installed in `interpreter`. */
export interface FromEnvironment {
  readonly kind: "environment";
  readonly interpreter: Interpreter;
}

/** Run the server from the extension's own packages, under `interpreter`. */
export interface FromBundle {
  readonly kind: "bundle";
  readonly interpreter: Interpreter;
}

/** No interpreter will do; `reason` is a sentence for the user. */
export interface Nothing {
  readonly kind: "nothing";
  readonly reason: string;
}

export type Choice = FromEnvironment | FromBundle | Nothing;

type Inspect = (path: string) => Promise<Interpreter | NoInterpreter>;

/**
 * The first candidate that has scram-lsp; else the first that can run the extension's own. With `useBundled` the
 * first that can run it at all.
 */
export async function choose(
  candidates: readonly Candidate[],
  strategy: ImportStrategy,
  inspect: Inspect,
): Promise<Choice> {
  let fallback: Interpreter | undefined;
  const refused: string[] = [];
  for (const candidate of candidates) {
    const answer = await inspect(candidate.path);
    if (!isInterpreter(answer)) {
      refused.push(`${candidate.path} (${candidate.origin}) did not start: ${answer.reason}`);
      if (candidate.isUsersChoice) {
        break; // whoever names an interpreter wants that one
      }
      continue;
    }
    if (!isSupported(answer)) {
      refused.push(
        `${candidate.path} (${candidate.origin}) is Python ${written(answer.version)}, and scram-lsp needs ` +
          `${written(OLDEST)} or newer`,
      );
      continue;
    }
    if (strategy === "useBundled") {
      return { kind: "bundle", interpreter: answer };
    }
    if (answer.scram !== undefined) {
      return { kind: "environment", interpreter: answer };
    }
    fallback ??= answer;
    if (candidate.isUsersChoice) {
      break;
    }
  }
  if (fallback !== undefined) {
    return { kind: "bundle", interpreter: fallback };
  }
  const reason = refused.length > 0 ? refused.join("; ") : "no Python was found on this computer";
  return { kind: "nothing", reason: `${reason}.` };
}
