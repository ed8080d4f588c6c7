/** Where an interpreter may be, best first. Free of `vscode`. */

import { homedir } from "node:os";
import { join } from "node:path";
import type { Candidate } from "./choose";

/** What is known of the editor when an interpreter is looked for. */
export interface Surroundings {
  /** The setting `scram.interpreter`, as written. */
  readonly setting: string;
  /** The interpreter chosen in the Python extension, if that is installed. */
  readonly chosen: string | undefined;
  /** Folders of the workspace; empty when it is not trusted: nothing in it may be run. */
  readonly folders: readonly string[];
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Candidates, best first: the setting, the Python extension's, the folders' own environments, those on the PATH. */
export function candidates(around: Surroundings): Candidate[] {
  const setting = expand(around.setting.trim(), around);
  if (setting) {
    return [{ path: setting, origin: "the setting scram.interpreter", isUsersChoice: true }];
  }
  const found: Candidate[] = [];
  if (around.chosen) {
    found.push({ path: around.chosen, origin: "chosen in the Python extension", isUsersChoice: false });
  }
  for (const folder of around.folders) {
    for (const name of [".venv", "venv"]) {
      found.push({ path: pythonIn(join(folder, name), around.platform), origin: "the folder's", isUsersChoice: false });
    }
  }
  const names = around.platform === "win32" ? ["python", "py"] : ["python3", "python"];
  return [...found, ...names.map((path) => ({ path, origin: "on the PATH", isUsersChoice: false }))];
}

/** The interpreter inside a virtual environment. */
export function pythonIn(environment: string, platform: NodeJS.Platform): string {
  return platform === "win32" ? join(environment, "Scripts", "python.exe") : join(environment, "bin", "python");
}

/** Fill in the variables that VS Code's settings know. */
export function expand(text: string, around: Pick<Surroundings, "folders" | "environment">): string {
  return text.replace(/\$\{([^}]+)\}|^~(?=[\\/])/g, (whole, name: string | undefined) => {
    if (name === undefined || name === "userHome") {
      return homedir();
    }
    if (name === "workspaceFolder") {
      return around.folders[0] ?? whole;
    }
    if (name.startsWith("env:")) {
      return around.environment[name.slice("env:".length)] ?? "";
    }
    return whole;
  });
}
